package evaluator

import (
	"math/rand/v2"
	"testing"
)

// TestLeavesBehind compares with what it stands for, on statements made of pieces that matter.
func TestLeavesBehind(t *testing.T) {
	pieces := []string{
		"@", "_", "lock", "LOCK", "Lock", "_lock", "last", "LAST_", "_insert", "insert_", "INSERT_ID", "_id", "last_insert_id", " ", "(", "1", "é",
		"\u212a", "_loc\u212a", "\u017f", "la\u017ft_insert_id", "\x80", "get_lock(", "unlock", "_locks", "_lock_", "a",
	}
	found := 0
	for range 200000 {
		var sql []byte
		for range rand.IntN(6) {
			sql = append(sql, pieces[rand.IntN(len(pieces))]...)
		}
		got, want := leavesBehind(sql), leaves.Match(sql)
		if got != want {
			t.Fatalf("%q: %t, want %t", sql, got, want)
		}
		if got {
			found++
		}
	}
	if found == 0 {
		t.Error("nothing was found")
	}
}
