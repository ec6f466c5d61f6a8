package kmstest

import (
	"os"
	"path/filepath"
	"testing"
)

// Output is what a function writes to the process's standard output and error. Not for tests that run in parallel.
func Output(t testing.TB, run func()) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "output")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = file, file
	defer func() { os.Stdout, os.Stderr = stdout, stderr }()
	run()
	_ = file.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
