package schema

import (
	"bytes"
	"errors"
	"testing"
)

// TestSealDatabase opens what was sealed of a database, and nothing that was altered or is another's.
func TestSealDatabase(t *testing.T) {
	turn := func(b []byte) []byte {
		out := bytes.Clone(b)
		for i := range out {
			out[i] ^= 0x55
		}
		return out
	}
	open := func(b []byte) ([]byte, error) { return turn(b), nil }
	for _, encrypt := range []bool{true, false} {
		comment, err := SealDatabase("Shop", encrypt, turn)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenDatabase("shop", comment, open); err != nil || got != encrypt {
			t.Errorf("sealed %t, opened %t, %v", encrypt, got, err)
		}
		for _, bad := range []string{"", "of a user", comment[:len(comment)-3], comment + "A", DatabaseMark} {
			if _, err := OpenDatabase("shop", bad, open); !errors.Is(err, ErrDatabase) {
				t.Errorf("%q opens: %v", bad, err)
			}
		}
		if _, err := OpenDatabase("store", comment, open); !errors.Is(err, ErrDatabase) {
			t.Errorf("another database's opens: %v", err)
		}
	}
	if DatabaseID("x") == ViewID("database", "x") || DatabaseID("x") != DatabaseID("X") {
		t.Error("a database's id is another's")
	}
}

// TestDefaults asks for the defaults of databases.
func TestDefaults(t *testing.T) {
	r := NewRules([]Rule{{Database: "vault", Tables: []string{"t*"}}}, nil)
	d := r.WithDefaults(NewDefaults(map[string]bool{"Shop": true, "off": false}, 0))
	for _, c := range []struct {
		db, table         string
		designated, ruled bool
	}{{"Shop", "t", true, false}, {"shop", "t", false, false}, {"off", "t", false, false}, {"vault", "t1", true, true}, {"vault", "x", false, false}} {
		if d.Designated(c.db, c.table) != c.designated || d.Ruled(c.db, c.table) != c.ruled {
			t.Errorf("%s.%s: designated %t, ruled %t", c.db, c.table, d.Designated(c.db, c.table), d.Ruled(c.db, c.table))
		}
	}
	if !d.WithDefault("off", true).Default("off") || d.Default("off") || d.Empty() || !(*Rules)(nil).WithDefaults(nil).Empty() {
		t.Error("a change of one default shows elsewhere, or rules are empty that are not")
	}
	if !NewRules(nil, nil).WithDefaults(NewDefaults(map[string]bool{"Shop": true}, 1)).Default("sHOP") {
		t.Error("the case of a name counts where it must not")
	}
}
