package schema

import (
	"strings"
	"testing"
)

// TestPending has a foreign key wait for its table: sealed columns and no foreign key upstream, and what the table wants when it is there.
func TestPending(t *testing.T) {
	rules := NewRules([]Rule{{Database: "d"}}, nil)
	column := func(name string) Column { return Column{ID: 1, Name: name, Kind: KindInt, SQLType: "int"} }
	child := func(pending bool) *Table {
		return &Table{DB: "d", Name: "c", TokenDomain: "d", Engine: "InnoDB", Columns: []Column{column("p")}, ForeignKeys: []ForeignKey{
			{Name: "fk", Columns: []string{"p"}, RefTable: "p", RefColumns: []string{"id"}, Pending: pending},
		}}
	}
	parent := &Table{DB: "d", Name: "p", TokenDomain: "d", Columns: []Column{{ID: 1, Name: "id", Kind: KindInt, SQLType: "int", AutoIncrement: true, Storage: StoredClear}}}
	there := false
	find := func(db, name string) *Table {
		if there {
			return parent
		}
		return nil
	}
	if err := child(false).Protect(rules, find); err == nil {
		t.Error("a foreign key to a table that is not there is taken")
	}
	how := &Physical{MaxStored: func(*Column) int { return 4 }, Overhead: 31}
	c := child(true)
	if err := c.Protect(rules, find); err != nil || !c.ForeignKeys[0].Pending || c.Columns[0].Storage != StoredCell || !c.Columns[0].Token {
		t.Errorf("%v, %+v", err, c.Columns[0])
	}
	if sql, err := CreateTable(c, how); err != nil || strings.Contains(sql, "FOREIGN KEY") {
		t.Errorf("%v: %s", err, sql)
	}
	there = true
	if err := c.Protect(rules, find); err != nil || c.ForeignKeys[0].Pending || c.Columns[0].Storage != StoredClear || c.Columns[0].Token {
		t.Errorf("%v, %+v", err, c.Columns[0])
	}
	if sql, err := CreateTable(c, how); err != nil || !strings.Contains(sql, "FOREIGN KEY (`p`) REFERENCES `p` (`id`)") {
		t.Errorf("%v: %s", err, sql)
	}
}
