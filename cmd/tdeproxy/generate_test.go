package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every verb has a manual page, and the shells' completions are scripts that they take.
func TestManAndCompletion(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "man", filepath.Join(dir, "man"))
	for _, page := range []string{"tdeproxy", "tdeproxy-serve", "tdeproxy-doctor", "tdeproxy-cert-rotate", "tdeproxy-table-verify"} {
		text, err := os.ReadFile(filepath.Join(dir, "man", page+".1"))
		if err != nil || !strings.Contains(string(text), ".SH SYNOPSIS") {
			t.Errorf("%s: %v", page, err)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		out := must(t, dir, "completion", shell).stdout
		if !strings.Contains(out, "tdeproxy") {
			t.Errorf("%s: %.200s", shell, out)
		}
		program, err := exec.LookPath(shell)
		if err != nil {
			continue // of the three, bash is everywhere that this is tested
		}
		cmd := exec.Command(program, "-n")
		cmd.Stdin = strings.NewReader(out)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, text)
		}
	}
	if r := tdeproxy(t, dir, "completion", "tcsh"); r.code == 0 {
		t.Error("completion for a shell that there is none for")
	}
}
