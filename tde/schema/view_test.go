package schema

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestViewSealed(t *testing.T) {
	flip := func(b []byte) []byte {
		out := slices.Clone(b)
		for i := range out {
			out[i] ^= 0xFF
		}
		return out
	}
	open := func(b []byte) ([]byte, error) { return flip(b), nil }
	d := &Definition{DB: "Shop", Name: "v", Algorithm: "MERGE", List: "(`a`)", Query: "select 'x'", Check: "WITH LOCAL CHECK OPTION", Charset: "utf8mb4", Collation: "utf8mb4_bin"}
	sealed, err := SealView(d, flip)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{"select '" + sealed + "' AS `_tde_view`", "/* ALGORITHM=UNDEFINED */ select _utf8mb4'" + sealed + "' AS `_tde_view`"} {
		if got := SealedViews(shown); len(got) != 1 || got[0] != sealed || !HasSealed("x "+got[0]+" "+got[0], sealed) {
			t.Errorf("%q holds %q", shown, got)
		}
	}
	if len(SealedViews("select `a`.`b` AS `b` from `a`")) > 0 {
		t.Error("another view is taken for a sealed one")
	}
	v, err := OpenView("shop", "V", sealed, open) // as upstream writes it
	if err != nil {
		t.Fatal(err)
	}
	want := *d
	want.DB, want.Name, want.Sealed = "shop", "V", sealed
	if *v.Defined != want || !v.IsView() || v.ID != ViewID("SHOP", "v") {
		t.Errorf("got %+v", v.Defined)
	}
	for name, bad := range map[string]string{"shop.w": sealed, "other.v": sealed, "shop.v": sealed[:len(sealed)-4], "shop.v2": "x" + sealed, "shop.v3": ViewMark} {
		db, view, _ := strings.Cut(name, ".")
		if _, err := OpenView(db, view, bad, open); !errors.Is(err, ErrView) {
			t.Errorf("%s: %v", name, err)
		}
	}
	failing := func([]byte) ([]byte, error) { return nil, errors.New("altered") }
	if _, err := OpenView("shop", "v", sealed, failing); !errors.Is(err, ErrView) || bytes.Contains([]byte(err.Error()), []byte("select")) {
		t.Errorf("altered: %v", err)
	}
}

func TestSnapshotViews(t *testing.T) {
	table, view := &Table{DB: "d", Name: "t"}, NewView(&Definition{DB: "d", Name: "v"})
	s := NewSnapshot([]*Table{view, table}, 0)
	if got := s.Tables(); len(got) != 1 || got[0] != table {
		t.Errorf("tables: %v", got)
	}
	if got := s.Views(); len(got) != 1 || got[0] != view || s.Lookup("d", "v") != view || s.Len() != 2 || !slices.Contains(s.Names(), "v") {
		t.Errorf("views: %v", got)
	}
}
