package evaluator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// answer reads a Query's answer: its rows in the text protocol, and its columns.
func answer(w *Workspace) (columns []wire.Column, rows [][][]byte, err error) {
	count := -1
	for {
		packet, err := w.Conn().ReadPacket()
		switch {
		case err != nil:
			return nil, nil, w.Broken(err)
		case wire.IsError(packet):
			w.Answered()
			my, err := wire.DecodeError(packet)
			if err != nil {
				return nil, nil, err
			}
			my.Message = string(w.Logical([]byte(my.Message)))
			return columns, rows, my
		case count < 0:
			n, _ := wire.Int(packet)
			if count = int(n); count == 0 {
				w.Answered()
				return nil, nil, nil
			}
		case len(columns) < count:
			var c wire.Column
			if err := c.Decode(packet, w.Capabilities()); err != nil {
				return nil, nil, err
			}
			columns = append(columns, c.Clone())
		case wire.IsEnd(packet, w.Capabilities()):
			w.Answered()
			return columns, rows, nil
		default:
			var row [][]byte
			r := wire.NewTextRow(packet)
			for v, ok := r.Next(); ok; v, ok = r.Next() {
				if v != nil {
					v = append([]byte{}, v...)
				}
				row = append(row, v)
			}
			rows = append(rows, row)
		}
	}
}

// ask runs a query in a workspace.
func (w *Workspace) ask(sql string) ([][][]byte, error) {
	if err := w.Query([]byte(sql)); err != nil {
		return nil, err
	}
	_, rows, err := answer(w)
	return rows, err
}

func lend(t testing.TB, e *Evaluator) *Workspace {
	t.Helper()
	w, err := e.Workspace(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func load(w *Workspace, t *schema.Table, cols []*schema.Column, rows ...[][]byte) error {
	l, err := w.Load(t, cols)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := l.Row(r); err != nil {
			return err
		}
	}
	return l.Close()
}

func number(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func columnsOf(t *schema.Table, names ...string) (out []*schema.Column) {
	if len(names) == 0 {
		for i := range t.Columns {
			out = append(out, &t.Columns[i])
		}
	}
	for _, n := range names {
		out = append(out, t.Column(n))
	}
	return out
}

func TestWorkspace(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "people", "CREATE TABLE people (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20), n INT NOT NULL)")
		for round := range 3 {
			w := lend(t, e)
			if err := load(w, table, columnsOf(table, "id", "name"), [][]byte{number(0), []byte("Ada")}, [][]byte{number(7), nil}); err != nil {
				t.Fatal(err)
			}
			db, err := w.Schema("shop")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.Use("shop"), w.Set([]Variable{{Name: "sql_mode", Value: "'ANSI_QUOTES'"}, {Name: "time_zone", Value: "'Europe/Berlin'"}})); err != nil {
				t.Fatal(err)
			}
			rows, err := w.ask(`SELECT "id", name, n, @@time_zone, @@sql_mode FROM ` + db + `.people p ORDER BY id DESC`)
			if err != nil || fmt.Sprintf("%s", rows) != "[[7  0 Europe/Berlin ANSI_QUOTES] [0 Ada 0 Europe/Berlin ANSI_QUOTES]]" || rows[0][1] != nil {
				t.Fatalf("round %d: %s, %v", round, rows, err)
			}
			if err := w.Query([]byte("SELECT id FROM people")); err != nil {
				t.Fatal(err)
			}
			columns, _, err := answer(w)
			if err != nil || string(w.Logical(columns[0].Schema)) != "shop" || string(columns[0].OrgTable) != "people" {
				t.Errorf("%s %s, %v", w.Logical(columns[0].Schema), columns[0].OrgTable, err)
			}
			_, err = w.ask("SELECT * FROM nothing")
			if my, ok := errors.AsType[*wire.Error](err); !ok || my.Code != 1146 || my.Message != "Table 'shop.nothing' doesn't exist" {
				t.Errorf("%v", err)
			}
			w.Release()
		}
	})
}
