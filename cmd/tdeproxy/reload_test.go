package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// edit replaces text in the configuration file and sends SIGHUP.
func (s *served) edit(old, new string) {
	s.t.Helper()
	path := filepath.Join(s.dir, "tdeproxy.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		s.t.Fatalf("no %q in the file", old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
}

// clear logs in without TLS and returns the error's code.
func (s *served) clear() uint16 {
	s.t.Helper()
	db, err := sql.Open("mysql", "root@tcp("+s.address+")/")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	var e *mysql.MySQLError
	switch err := db.Ping(); {
	case errors.As(err, &e):
		return e.Number
	case err != nil:
		s.t.Fatal(err)
	}
	return 0
}

// TestServeReloadsConfiguration changes the file of a running proxy.
func TestServeReloadsConfiguration(t *testing.T) {
	s := start(t, t.TempDir(), "", "")
	keep, err := sql.Open("mysql", "root@tcp("+s.address+")/")
	if err != nil {
		t.Fatal(err)
	}
	defer keep.Close()
	keep.SetMaxOpenConns(1)
	if err := keep.Ping(); err != nil {
		t.Fatal(err)
	}

	s.edit("[listen]\n", "[listen]\nrequire_secure_transport = true\nmax_connections = 3\n")
	if record := s.log("configuration reloaded"); fmt.Sprint(record["changed"]) != "[listen.require_secure_transport listen.max_connections]" {
		t.Errorf("%v", record)
	}
	if code := s.clear(); code != 3159 {
		t.Errorf("in clear: error %d, want 3159", code)
	}
	if err := keep.Ping(); err != nil {
		t.Errorf("a connection that was there: %v", err)
	}

	// A faulty file: nothing changes, and each fault is named with its line.
	s.edit("require_secure_transport = true\nmax_connections = 3\n", "require_secure_transport = false\nno_such_key = 1\nmax_connections = 0\n")
	record := s.log("configuration not reloaded, all settings stay")
	for _, want := range []string{"tdeproxy.toml:3: listen.no_such_key: ", "tdeproxy.toml:4: listen.max_connections"} {
		if !strings.Contains(fmt.Sprint(record["faults"]), want) {
			t.Errorf("no %q in %v", want, record)
		}
	}
	s.log("certificates reloaded") // they have files of their own
	if code := s.clear(); code != 3159 {
		t.Errorf("after a faulty file: error %d, want 3159", code)
	}

	// What needs a restart is named, without its value; the rest is taken.
	s.edit("no_such_key = 1\nmax_connections = 0\n", "")
	s.log("configuration reloaded")
	s.edit("user = \"root\"\n", "user = \"root\"\npassword = \"hidden\"\nconnect_timeout = \"3s\"\n")
	record = s.log("changed settings that need a restart stay as they were")
	if fmt.Sprint(record["keys"]) != "[upstream.password upstream.connect_timeout]" || strings.Contains(fmt.Sprint(record), "hidden") {
		t.Errorf("%v", record)
	}
	s.log("configuration reloaded")
	if code := s.clear(); code != 0 {
		t.Errorf("in clear: error %d", code)
	}
	tlsDB, err := sql.Open("mysql", "root@tcp("+s.address+")/?tls=skip-verify")
	if err != nil {
		t.Fatal(err)
	}
	defer tlsDB.Close()
	if _, err := tlsDB.Exec("SET GLOBAL require_secure_transport = ON"); err != nil {
		t.Fatal(err)
	}
	if code := s.clear(); code != 3159 {
		t.Errorf("after SET GLOBAL: error %d, want 3159", code)
	}
	s.signal(syscall.SIGHUP) // the file has the last word
	s.log("configuration reloaded")
	if code := s.clear(); code != 0 {
		t.Errorf("after a reload: error %d", code)
	}
}

// TestServeReloadsLogLevel: what is logged changes with the file.
func TestServeReloadsLogLevel(t *testing.T) {
	s := start(t, t.TempDir(), "", "[log]\nlevel = \"info\"\n")
	s.edit("level = \"info\"", "level = \"debug\"")
	s.log("configuration reloaded")
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close() // in the middle of the handshake
	s.log("session ended")
}
