package evaluator

import (
	"bytes"
	"regexp"
)

// leaves finds in a statement what may leave something in its session: user variables, locks, LAST_INSERT_ID(n).
var leaves = regexp.MustCompile(`(?i)@|_lock\b|last_insert_id`)

// leavesBehind says whether leaves finds something. Most statements are ASCII, where a look around each _ tells.
func leavesBehind(sql []byte) bool {
	const call = "last_insert_id"
	for i, c := range sql {
		switch {
		case c == '@':
			return true
		case c >= 0x80:
			return leaves.Match(sql) // letters beyond ASCII may be the same as one of ASCII
		case c != '_':
		case len(sql) >= i+5 && bytes.EqualFold(sql[i:i+5], []byte("_lock")) && (len(sql) == i+5 || !isWord(sql[i+5])):
			return true
		case i >= 4 && len(sql) >= i-4+len(call) && bytes.EqualFold(sql[i-4:i-4+len(call)], []byte(call)):
			return true
		}
	}
	return false
}

// isWord says whether a byte is of a word, as \b has it.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
