package harness

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// server starts one or skips when this machine has none.
func server(t *testing.T, f Flavour, o ServerOptions) *Server {
	t.Helper()
	s, err := StartServer(f, o)
	if errors.Is(err, ErrNoServer) && os.Getenv("TDEPROXY_REQUIRE_SERVERS") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	return s
}

func forFlavours(t *testing.T, test func(t *testing.T, f Flavour)) {
	for _, f := range Flavours() {
		t.Run(string(f), func(t *testing.T) { test(t, f) })
	}
}

// TestSearchFindsLeaks leaks a value upstream, in many forms and by every
// place, and wants each to be found, and nothing else.
func TestSearchFindsLeaks(t *testing.T) {
	forFlavours(t, func(t *testing.T, f Flavour) {
		s := server(t, f, ServerOptions{Logs: true})
		tap, err := StartTap(s.Address, filepath.Join(t.TempDir(), "link"))
		if err != nil {
			t.Fatal(err)
		}
		defer tap.Close()
		c, err := rawmysql.Dial(rawmysql.Config{Address: tap.Address})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var leaked, kept Canaries
		kept.Text("kept", 30)
		kept.Int()
		run := func(sql string, args ...any) {
			if err := c.Exec(fmt.Sprintf(sql, args...)); err != nil {
				t.Fatal(err)
			}
		}
		run("CREATE DATABASE leak")
		run("CREATE TABLE leak.t (id INT PRIMARY KEY, v VARCHAR(200), w VARCHAR(100) CHARACTER SET utf16, b BLOB, n BIGINT, d DOUBLE)")
		run("INSERT INTO leak.t (id, v) VALUES (1, '%s')", leaked.Text("text", 40))
		run("INSERT INTO leak.t (id, v) VALUES (2, '%s')", hex.EncodeToString([]byte(leaked.Text("hexed", 40))))
		run("INSERT INTO leak.t (id, v) VALUES (3, '%s')", base64.StdEncoding.EncodeToString([]byte("ab"+leaked.Text("base64", 40)+"z")))
		run("INSERT INTO leak.t (id, w) VALUES (4, '%s')", leaked.Text("utf16", 40))
		run("INSERT INTO leak.t (id, b) VALUES (5, x'%x')", leaked.Binary(40))
		run("INSERT INTO leak.t (id, n) VALUES (6, %d)", leaked.Int())
		run("INSERT INTO leak.t (id, d) VALUES (7, %v)", leaked.Double())
		stmt, err := c.Prepare("INSERT INTO leak.t (id, n) VALUES (8, ?)")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stmt.Execute(rawmysql.Int(leaked.Int())); err != nil {
			t.Fatal(err)
		}
		found, err := Evidence{Server: s, Tap: tap, Memory: true}.Search(append(leaked.Needles(), kept.Needles()...))
		if err != nil {
			t.Fatal(err)
		}
		wantLeaks(t, s, tap, found, leaked.Needles(), kept.Needles())
	})
}

func wantLeaks(t *testing.T, s *Server, tap *Tap, found *Scanner, leaked, kept []Needle) {
	t.Helper()
	seen := map[string]map[string]bool{}
	for _, h := range found.Hits {
		if seen[h.Needle.Canary] == nil {
			seen[h.Needle.Canary] = map[string]bool{}
		}
		switch {
		case strings.HasPrefix(h.Where, tap.Dir):
			seen[h.Needle.Canary]["link"] = true
		case h.Where == filepath.Join(s.DataDir, "leak", "t.ibd"):
			seen[h.Needle.Canary]["table"] = true
		case filepath.Base(h.Where) == "general.log", filepath.Base(h.Where) == "slow.log":
			seen[h.Needle.Canary]["log"] = true
		case strings.HasPrefix(filepath.Base(h.Where), "binlog."):
			seen[h.Needle.Canary]["binlog"] = true
		}
	}
	for _, n := range leaked {
		for _, place := range []string{"link", "table", "log", "binlog"} {
			if !seen[n.Canary][place] {
				t.Errorf("canary %q (one of its forms: %s) was not found in the %s", n.Canary, n.Form, place)
			}
		}
		seen[n.Canary] = map[string]bool{"link": true, "table": true, "log": true, "binlog": true}
	}
	for _, n := range kept {
		if len(seen[n.Canary]) > 0 {
			t.Errorf("canary %q was never sent and was found", n.Canary)
		}
	}
}

// TestSearchIsNotBlind wants an error where a place cannot be searched.
func TestSearchIsNotBlind(t *testing.T) {
	s := server(t, MariaDB, ServerOptions{})
	var c Canaries
	c.Text("x", 30)
	if _, err := (Evidence{Server: s}).Search(c.Needles()); err == nil {
		t.Error("a server without logs and binlog was searched without an error")
	}
}

// TestScannerBlocks puts needles across the scanner's block borders.
func TestScannerBlocks(t *testing.T) {
	var c Canaries
	value := []byte(c.Text("border", 60))
	for _, at := range []int{0, 1<<20 - 70, 1<<20 - 30, 1<<20 - 1, 1 << 20, 2<<20 + 77, 3<<20 - len(value)} {
		data := make([]byte, 3<<20)
		copy(data[at:], value)
		s, err := NewScanner(c.Needles())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Reader("data", bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		if len(s.Hits) != 1 || s.Hits[0].Needle.Form != "plain" {
			t.Errorf("at %d: hits %v", at, s.Hits)
		}
	}
	if _, err := NewScanner([]Needle{{Bytes: []byte("short")}}); err == nil {
		t.Error("a needle of 5 bytes was accepted")
	}
}

// TestLinkAcrossPackets finds a value that is split by a packet head.
func TestLinkAcrossPackets(t *testing.T) {
	var c Canaries
	value := c.Text("split", 60)
	half := len(value) / 2
	stream := append([]byte{byte(half), 0, 0, 0}, value[:half]...)
	stream = append(append(stream, byte(len(value)-half), 0, 0, 1), value[half:]...)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "conn-1.up"), stream, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := NewScanner(c.Needles())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Link(dir); err != nil {
		t.Fatal(err)
	}
	if len(s.Hits) != 1 {
		t.Errorf("hits %v", s.Hits)
	}
}

// TestServerKillAndRestart wants committed rows back after kill -9.
func TestServerKillAndRestart(t *testing.T) {
	forFlavours(t, func(t *testing.T, f Flavour) {
		s := server(t, f, ServerOptions{})
		if err := s.Exec("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)", "INSERT INTO d.t VALUES (7)"); err != nil {
			t.Fatal(err)
		}
		s.Kill()
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		c, err := s.Connect(rawmysql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r, err := c.Query("SELECT a FROM d.t")
		if err != nil || len(r[0].Rows) != 1 || string(r[0].Rows[0][0]) != "7" {
			t.Errorf("rows %v, error %v", r, err)
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// The example of FIPS 197, appendix A.1, and RFC 4493, section 4.
func TestKeyNeedles(t *testing.T) {
	key, _ := hex.DecodeString("2b7e151628aed2a6abf7158809cf4f3c")
	forms := map[string]string{}
	for _, n := range KeyNeedles("k", key) {
		forms[n.Form] = hex.EncodeToString(n.Bytes)
	}
	for form, want := range map[string]string{
		"key":                                "2b7e151628aed2a6abf7158809cf4f3c",
		"round key 1":                        "a0fafe1788542cb123a339392a6c7605",
		"round key 10":                       "d014f9a8c9ee2589e13f0cc8b6630ca6",
		"round key 1 as little-endian words": "17fefaa0b12c5488" + "3939a32305766c2a",
		"CMAC subkey K1":                     "fbeed618357133667c85e08f7236a8de",
		"CMAC subkey K2":                     "f7ddac306ae266ccf90bc11ee46d513b",
		"GHASH key":                          "7df76b0c1ab899b33e42f047b91b546f",
	} {
		if forms[form] != want {
			t.Errorf("%s is %s, want %s", form, forms[form], want)
		}
	}
	if len(forms) < 40 {
		t.Errorf("only %d forms", len(forms))
	}
}
