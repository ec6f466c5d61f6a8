// Package harness runs real servers, the real proxy and a recording tap
// between them for end to end tests, the benchmark and the demo, and searches
// what an attacker could see (data files, logs, memory, the link) for
// plaintext.
package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Flavour is a make of server.
type Flavour string

// The flavours that the proxy supports.
const (
	MariaDB Flavour = "mariadb"
	MySQL   Flavour = "mysql"
)

// MySQLDEnv names mysqld 9.x: the path of the binary or of a wrapper script
// that passes its arguments on.
const MySQLDEnv = "TDEPROXY_TEST_MYSQLD"

// ErrNoServer is wrapped when a flavour has no binary on this machine.
var ErrNoServer = errors.New("no server binary")

// Flavours lists all, in the order in which tests run them.
func Flavours() []Flavour { return []Flavour{MariaDB, MySQL} }

// Binary finds the flavour's server: mariadbd on PATH or in /usr/sbin, mysqld
// by MySQLDEnv.
func (f Flavour) Binary() (string, error) {
	if f == MySQL {
		path := os.Getenv(MySQLDEnv)
		if path == "" {
			return "", fmt.Errorf("%w of mysql: set %s to mysqld's path", ErrNoServer, MySQLDEnv)
		}
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%w of mysql: %w", ErrNoServer, err)
		}
		return path, nil
	}
	return tool("mariadbd")
}

// tool finds a program on PATH or in the directories that root's PATH has.
func tool(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/usr/local/sbin"} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w of %s on PATH or in /usr/sbin", ErrNoServer, name)
}

// Tool finds a helper program (sysbench, haproxy, mariadb).
func Tool(name string) (string, error) { return tool(name) }

// ScratchRoot is where servers keep their data: memory when there is some.
func ScratchRoot() string {
	if dir := os.Getenv("TDEPROXY_TEST_SCRATCH"); dir != "" {
		return dir
	}
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}
