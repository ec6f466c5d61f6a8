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
		&cfg.SSLCert.Dir, &cfg.SSLCert.Cert, &cfg.SSLCert.Key, &cfg.SSLCert.CA,
		&cfg.SSLCert.ClientCA, &cfg.SSLCert.CRL, &cfg.SSLCert.ACME.CA,
		&cfg.Keyring.File, &cfg.Evaluator.Socket, &cfg.Evaluator.PasswordFile, &cfg.Evaluator.Dir, &cfg.Evaluator.Tmpdir, &cfg.Audit.File,
	} {
		*p = absolute(dir, *p)
	}
	if strings.ContainsRune(cfg.Evaluator.Server, '/') {
		cfg.Evaluator.Server = absolute(dir, cfg.Evaluator.Server)
	}
	cfg.Keyring.KMS = absoluteKMS(dir, cfg.Keyring.KMS)
}

// absoluteKMS makes the path of a file: KMS absolute.
func absoluteKMS(dir, kms string) string {
	if file, ok := strings.CutPrefix(kms, "file:"); ok && file != "" {
		return "file:" + absolute(dir, file)
	}
	return kms
}

// WithKMS gives a copy of k with another KMS, read as if it stood in the configuration file at path: checked, and relative
// to that file's folder. An error is of type Faults and names source.
func (k Keyring) WithKMS(kms, path, source string) (Keyring, error) {
	c := &collector{file: source, faulty: map[string]bool{}}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return k, Faults{{File: path, What: "its folder cannot be found", Want: "an existing working directory"}}
	}
	k.KMS = absoluteKMS(dir, kms)
	c.checkKeyring(&k)
	return k, c.err()
}

// absolute joins a relative path to dir; empty stays empty.
func absolute(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// passwordFile takes a password from the file that the key at path names: the first line, without the newline.
func (c *collector) passwordFile(path, file string, password *Secret) {
	switch {
	case file == "":
		return
	case *password != "":
		c.add(path, "is given beside password", "one of the two")
		return
	case !c.readable(path, file, "a file with the password on its first line"):
		return
	}
	info, err := os.Stat(file)
	if err != nil {
		return // checked with the other files
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		c.add(path, fmt.Sprintf("others may read %s (mode %04o)", file, mode), "chmod 600 on it")
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return
	}
	line, _, _ := strings.Cut(string(data), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		c.add(path, "the first line of "+file+" is empty", "the password on it")
		return
	}
	*password = Secret(line)
}
