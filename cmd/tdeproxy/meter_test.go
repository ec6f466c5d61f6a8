package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What is no terminal gets lines, few of them, however often it is asked.
func TestMeterLines(t *testing.T) {
	for _, test := range []struct {
		name  string
		lasts time.Duration
		least int
		most  int
	}{
		{"at once", 900 * time.Millisecond, 0, 0},
		{"a minute: each tenth", time.Minute, 9, 11},
		{"an hour: each ten seconds", time.Hour, 350, 370},
	} {
		var out strings.Builder
		begun := time.Now()
		m := newMeter(&out, "shop.t", begun)
		const rows = 50_000
		for at := time.Duration(0); at <= test.lasts; at += 200 * time.Millisecond {
			m.show(uint64(rows*at/test.lasts), rows, begun.Add(at))
		}
		m.finish()
		if n := strings.Count(out.String(), "\n"); n < test.least || n > test.most {
			t.Errorf("%s: %d lines, not %d to %d:\n%s", test.name, n, test.least, test.most, out.String())
		}
		if strings.ContainsAny(out.String(), "\r\x1b") {
			t.Errorf("%s: drawn over: %q", test.name, out.String())
		}
	}
}

func TestMeterLine(t *testing.T) {
	var out strings.Builder
	begun := time.Now()
	m := newMeter(&out, "shop.t", begun)
	m.show(0, 0, begun.Add(longest)) // while it waits for the lock
	m.show(500, 2000, begun.Add(longest+2*time.Second))
	m.show(3000, 2000, begun.Add(longest+4*time.Second)) // the number is the server's guess
	want := "shop.t: no row is written yet\nshop.t: 500 of about 2000 rows, 25 %, 250 rows/s\nshop.t: 3000 of about 3000 rows, 100 %, 1250 rows/s\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if terminal(f) || terminal(&strings.Builder{}) {
		t.Error("a file or a buffer is taken for a terminal")
	}
	console, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close()
	if !terminal(console) {
		t.Error("a terminal is not taken for one")
	}
}
