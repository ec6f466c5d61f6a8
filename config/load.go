package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Load reads and checks the file at path. An error is of type Faults and never holds a password.
func Load(path string) (*Config, error) {
	c := &collector{file: path, faulty: map[string]bool{}}
	data, err := os.ReadFile(path)
	if err != nil {
		c.faults = Faults{unreadable(path, err)}
		return nil, c.err()
	}
	doc, ok := c.parse(data)
	if !ok {
		return nil, c.err()
	}
	cfg := Default()
	c.decode(doc, cfg)
	c.decoded = true
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, Faults{{File: path, What: "its folder cannot be found", Want: "an existing working directory"}}
	}
	cfg.resolve(dir)
	c.check(cfg)
	if err := c.err(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// unreadable is the fault of a configuration file that cannot be read at all.
func unreadable(path string, err error) Fault {
	f := Fault{File: path, What: "cannot be read: " + reason(err), Want: "a readable TOML file"}
	if errors.Is(err, fs.ErrNotExist) {
		f.What, f.Want = "no such file", fmt.Sprintf("the path of one that exists (tdeproxy init -c %s writes it)", path)
	}
	return f
}

// reason is the operating system's word for a failed file operation, without the path that the fault names already.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// resolve makes relative paths absolute, counting from dir.
func (cfg *Config) resolve(dir string) {
	for _, p := range []*string{
		&cfg.Upstream.PasswordFile, &cfg.Upstream.CA, &cfg.Upstream.Cert, &cfg.Upstream.Key,
		&cfg.SSLCert.Dir, &cfg.SSLCert.ClientCA, &cfg.SSLCert.CRL,
		&cfg.Keyring.File, &cfg.Evaluator.Socket, &cfg.Evaluator.Dir,
	} {
		*p = absolute(dir, *p)
	}
	if strings.ContainsRune(cfg.Evaluator.Server, '/') {
		cfg.Evaluator.Server = absolute(dir, cfg.Evaluator.Server)
	}
	if file, ok := strings.CutPrefix(cfg.Keyring.KMS, "file:"); ok && file != "" {
		cfg.Keyring.KMS = "file:" + absolute(dir, file)
	}
}

// absolute joins a relative path to dir; empty stays empty.
func absolute(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// readPassword takes the password from its file: the first line, without the newline.
func (c *collector) readPassword(cfg *Config) {
	const path = "upstream.password_file"
	info, err := os.Stat(cfg.Upstream.PasswordFile)
	if err != nil {
		return // checked with the other files
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		c.add(path, fmt.Sprintf("others may read %s (mode %04o)", cfg.Upstream.PasswordFile, mode), "chmod 600 on it")
		return
	}
	data, err := os.ReadFile(cfg.Upstream.PasswordFile)
	if err != nil {
		return
	}
	line, _, _ := strings.Cut(string(data), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		c.add(path, "the first line of "+cfg.Upstream.PasswordFile+" is empty", "the password on it")
		return
	}
	cfg.Upstream.Password = Secret(line)
}
