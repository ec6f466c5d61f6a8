package exec

import "testing"

// The server's messages, asked of MariaDB 10.11 and MySQL 9.7.
func TestShowFixed(t *testing.T) {
	for in, want := range map[string]string{
		"AA\x00\x00":       "AA",
		"\x00\x00\x00\x00": `\x00`,
		"A\x00B\x00":       `A\x00B`,
		"\xff\x11\x00":     `\xFF\x11`,
		"A ":               "A ",
	} {
		if got := showFixed([]byte(in)); got != want {
			t.Errorf("%x is shown as %q, want %q", in, got, want)
		}
	}
}
