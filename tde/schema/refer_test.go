package schema

import "testing"

// TestRefer has foreign keys point elsewhere, whatever their names hold.
func TestRefer(t *testing.T) {
	const head, tail = "CREATE TABLE `c` (\n  `a` int(11),\n  `b) REFERENCES ``x` int(11),\n  KEY `k` (`a`),\n  CONSTRAINT `one` FOREIGN KEY (`a`, `b) REFERENCES ``x`) REFERENCES ",
		" ON DELETE CASCADE,\n  CONSTRAINT `two` FOREIGN KEY (`a`) REFERENCES `p` (`x`)\n) ENGINE=InnoDB"
	table := &Table{DB: "d", Name: "c", Create: head + "`old``one`.`p` (`x`, `y)`)" + tail, ForeignKeys: []ForeignKey{
		{Name: "one", Columns: []string{"a", "b) REFERENCES `x"}, RefDB: "old`one", RefTable: "p", RefColumns: []string{"x", "y)"}}, {Name: "two", Columns: []string{"a"}, RefTable: "p", RefColumns: []string{"x"}},
	}}
	got := table.Refer(0, "d", "n`w", []string{"x", "z"})
	if want := head + "`n``w` (`x`, `z`)" + tail; got.Create != want {
		t.Errorf("got %s", got.Create)
	}
	if fk := got.ForeignKeys[0]; fk.RefDB != "" || fk.RefTable != "n`w" || fk.RefColumns[1] != "z" || table.ForeignKeys[0].RefTable != "p" {
		t.Errorf("%+v", got.ForeignKeys)
	}
	if got := got.Refer(0, "other", "q", []string{"x", "y)"}); got.Create != head+"`other`.`q` (`x`, `y)`)"+tail || got.ForeignKeys[0].RefDB != "other" {
		t.Errorf("got %s", got.Create)
	}
}
