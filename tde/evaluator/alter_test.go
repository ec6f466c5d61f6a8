package evaluator

import (
	"context"
	"errors"
	"testing"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// TestAlter changes a table with rows: values convert as the server converts them, rows keep their order, errors are the
// server's, and what is left behind disturbs nothing.
func TestAlter(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		from := describe(t, e, "altered", "CREATE TABLE shop.altered (n INT, v VARCHAR(10) CHARACTER SET utf8mb4, KEY k (v))")
		from.DB, from.Name = "shop", "altered"
		number := func(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }
		ask := func(sql string, rows ...[][]byte) (*Altered, error) {
			d := ddl(e, "altered", sql)
			return e.Alter(context.Background(), &Alter{DDL: d, From: from, NewDatabase: "shop", NewName: "altered", Rows: rows})
		}
		got, err := ask("ALTER TABLE altered CHANGE n m VARCHAR(5) AFTER v, DROP KEY k", [][]byte{number(9), []byte("b")}, [][]byte{number(10), nil})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Warnings) != 0 || got.Affected != 2 || len(got.Rows) != 2 || string(got.Rows[0][1]) != "9" || string(got.Rows[1][1]) != "10" ||
			string(got.Rows[0][0]) != "b" || got.Rows[1][0] != nil {
			t.Errorf("warnings %v, affected %d, rows %q", got.Warnings, got.Affected, got.Rows)
		}
		if cols := got.Table.Columns; len(cols) != 2 || cols[0].Name != "v" || cols[1].Name != "m" || len(got.Table.Indexes) != 0 {
			t.Errorf("table is %+v", got.Table)
		}
		_, err = ask("ALTER TABLE altered ADD PRIMARY KEY (v)", [][]byte{number(1), []byte("b")}, [][]byte{number(2), []byte("B")})
		if my, ok := errors.AsType[*wire.Error](err); !ok || my.Code != 1062 {
			t.Errorf("two equal keys give %v", err)
		}
		_, err = ask("ALTER TABLE altered DROP COLUMN nosuch")
		if my, ok := errors.AsType[*wire.Error](err); !ok || my.Code != 1091 {
			t.Errorf("no such column gives %v", err)
		}
	})
}
