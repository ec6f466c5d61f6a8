package evaluator

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// literals are tried in every column of everyType.
var literals = []string{
	"0", "1", "-1", "127", "128", "255", "256", "65536", "4294967295", "18446744073709551615", "-9223372036854775808", "1e3", "1.5", "-1.555555", "1e40", "1e400", "0.1",
	"123456789.123456789", "'5'", "'5x'", "'x'", "''", "' '", "'a'", "'a  '", "'abcdef'", "'abcdefghijklmnop'", "'é'", "'😀'", "_latin1 x'e9'", "_utf8mb4 x'f09f9880'", "x'00ff'", "x'41'",
	"b'101'", "'2020-01-31'", "'2020-02-31'", "'2020-01-31 12:13:14.567891'", "'2038-01-19 03:14:08'", "'1969-12-31 23:59:59'", "'2021-03-28 02:30:00'", "'2021-10-31 02:30:00'",
	"'0000-00-00'", "'12:13:14.999999'", "'-838:59:59'", "'839:00:00'", "20200131", "'r,b'", "'r,x'", "'b''c'", "3", "TRUE", "'{\"a\": [1, 2]}'", "'{'", "'null'",
	"ST_GeomFromText('POINT(1 2)')", "DATE'2020-01-31'", "TIMESTAMP'2020-01-31 10:00:00'", "CURRENT_DATE",
}

// direct runs an INSERT in the logical table itself, on a connection of its own, and reads back what readBack says.
func direct(c *conn, s Session, col *schema.Column, values []string, engine string) (rows result, warnings int, err error) {
	mode := s.SQLMode
	statements := []string{
		"CREATE DATABASE IF NOT EXISTS shop", "SET sql_mode = '', time_zone = '+00:00'", "DROP TABLE IF EXISTS shop.every",
		"CREATE TABLE shop.every (" + twinColumn(col) + ") ENGINE=" + engine,
		"SET sql_mode = " + hexString(mode) + ", time_zone = " + hexString(s.TimeZone) + ", collation_connection = " + hexString(s.Collation),
	}
	for _, sql := range statements {
		if _, err := c.query(sql); err != nil {
			return result{}, 0, fmt.Errorf("%w: preparing: %w", errOwn, err)
		}
	}
	r, err := c.query("INSERT INTO shop.every (" + schema.Quote(col.Name) + ") VALUES (" + strings.Join(values, "),(") + ")")
	if err != nil {
		return result{}, 0, err
	}
	rows, err = c.query("SELECT " + readBack([]*schema.Column{col}) + " FROM shop.every")
	return rows, int(r.Warnings), err
}

// TestCoerce compares with INSERTs into the table itself.
func TestCoerce(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "every", everyType)
		r := rand.New(rand.NewPCG(1, 2))
		refused, taken, warned := 0, 0, 0
		for m, mode := range []string{"STRICT_TRANS_TABLES", "", "TRADITIONAL", "ANSI"} {
			s := Session{SQLMode: mode, TimeZone: "Europe/Berlin", Charset: "utf8mb4", Collation: "utf8mb4_unicode_ci"}
			for i := range table.Columns {
				c := &table.Columns[i]
				var cells [][]string
				for n, l := range literals {
					if n%4 == (m+i)%4 || !testing.Short() && m == 0 {
						cells = append(cells, []string{l})
					}
				}
				for range 3 {
					cells = append(cells, []string{literals[r.IntN(len(literals))], literals[r.IntN(len(literals))], "NULL"})
				}
				for _, values := range cells {
					if c.Default == schema.DefaultNow && slices.Contains(values, "NULL") {
						continue // it may become the time of day
					}
					switch got := compareCoerce(t, e, table, c, values, s); got {
					case -1:
						refused++
					case 0:
						taken++
					default:
						warned++
					}
				}
			}
		}
		t.Logf("%d stored, %d with warnings, %d refused", taken, warned, refused)
	})
}

// compareCoerce gives the number of warnings, or -1 for an error.
func compareCoerce(t *testing.T, e *Evaluator, table *schema.Table, col *schema.Column, values []string, s Session) int {
	t.Helper()
	cells := make([][]Cell, len(values))
	for i, v := range values {
		cells[i] = []Cell{{SQL: v, Null: v == "NULL"}}
	}
	got, warnings, err := e.Coerce(context.Background(), table, []*schema.Column{col}, cells, s)
	var want result
	wantWarnings := 0
	wantErr := e.with(context.Background(), func(c *conn) error {
		defer func() { c.set = false }()
		var err error
		want, wantWarnings, err = direct(c, s, col, values, "InnoDB")
		return err
	})
	if errors.Is(wantErr, errOwn) {
		t.Fatal(wantErr)
	}
	if fmt.Sprint(err) != fmt.Sprint(wantErr) || warnings != wantWarnings {
		t.Errorf("%s %v (%s): %v, %d warnings; the table says %v, %d", col.Name, values, s.SQLMode, err, warnings, wantErr, wantWarnings)
		return -1
	}
	if err != nil {
		return -1
	}
	for i := range values {
		v, err := stored(col, want.bytes(i, 0))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[i][0], v) || (got[i][0] == nil) != (v == nil) {
			t.Errorf("%s %v (%s): %q, want %q", col.Name, values[i], s.SQLMode, got[i][0], v)
		}
	}
	return warnings
}

func TestCoerceErrors(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "c", "CREATE TABLE c (n TINYINT NOT NULL, s VARCHAR(3) CHARACTER SET latin1, d DATE, e ENUM('a','b') NOT NULL, x INT DEFAULT 4, t TIMESTAMP NULL DEFAULT '2020-01-01 01:00:00')")
		cols := func(names ...string) (out []*schema.Column) {
			for _, n := range names {
				out = append(out, table.Column(n))
			}
			return out
		}
		strict := Session{SQLMode: "STRICT_ALL_TABLES,NO_ZERO_DATE", TimeZone: "America/New_York"}
		for _, c := range []struct {
			column, sql string
			code        uint16
		}{
			{"n", "300", 1264}, {"n", "NULL", 1048}, {"n", "'x'", 1366}, {"s", "'abcd'", 1406}, {"s", "'☃'", 1366}, {"d", "'2020-13-01'", 1292}, {"e", "'c'", 1265},
		} {
			_, _, err := e.Coerce(context.Background(), table, cols(c.column), [][]Cell{{{SQL: "1"}}, {{SQL: c.sql}}}, strict)
			if c.column == "d" {
				_, _, err = e.Coerce(context.Background(), table, cols(c.column), [][]Cell{{{SQL: "'2020-01-01'"}}, {{SQL: c.sql}}}, strict)
			}
			my, ok := errors.AsType[*wire.Error](err)
			if !ok || my.Code != c.code || len(my.State) != 5 || strings.Contains(my.Message, twinDB) {
				t.Errorf("%s in %s: %v, want %d", c.sql, c.column, err, c.code)
				continue
			}
			if c.code != 1048 && !strings.Contains(my.Message, "at row 2") {
				t.Errorf("%s in %s: %s", c.sql, c.column, my.Message)
			}
			if e.cfg.MariaDB && c.code == 1366 && !strings.Contains(my.Message, "`shop`.`c`.`"+c.column+"`") {
				t.Errorf("%s in %s: %s", c.sql, c.column, my.Message)
			}
		}
		got, warnings, err := e.Coerce(context.Background(), table, cols("n", "x", "t"), [][]Cell{{{SQL: "300"}, {Default: true}, {Default: true}}, {{SQL: "-1"}, {Null: true}, {SQL: "'2020-07-01 00:00:00'"}}}, Session{TimeZone: "+02:00"})
		if err != nil || warnings != 1 {
			t.Fatal(err, warnings)
		}
		if binary.BigEndian.Uint64(got[0][0]) != 127 || binary.BigEndian.Uint64(got[0][1]) != 4 || string(got[0][2]) != "2020-01-01 00:00:00" ||
			int64(binary.BigEndian.Uint64(got[1][0])) != -1 || got[1][1] != nil || string(got[1][2]) != "2020-06-30 22:00:00" {
			t.Errorf("%q", got)
		}
	})
}

// TestCoerceFloats stores random floating-point numbers: they come back to the bit.
func TestCoerceFloats(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "f", "CREATE TABLE f (f FLOAT, d DOUBLE)")
		r := rand.New(rand.NewPCG(3, 4))
		var cells [][]Cell
		var floats []float32
		var doubles []float64
		for len(cells) < 500 {
			f, d := math.Float32frombits(r.Uint32()), math.Float64frombits(r.Uint64())
			if f != f || d != d || math.IsInf(float64(f), 0) || math.IsInf(d, 0) {
				continue
			}
			floats, doubles = append(floats, f), append(doubles, d)
			cells = append(cells, []Cell{{SQL: fmt.Sprintf("%.17e", f)}, {SQL: fmt.Sprintf("%.17e", d)}})
		}
		got, _, err := e.Coerce(context.Background(), table, []*schema.Column{&table.Columns[0], &table.Columns[1]}, cells, Session{SQLMode: "TRADITIONAL"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range cells {
			if binary.BigEndian.Uint32(got[i][0]) != math.Float32bits(floats[i]) || binary.BigEndian.Uint64(got[i][1]) != math.Float64bits(doubles[i]) {
				t.Errorf("%v and %v came back as %x and %x", floats[i], doubles[i], got[i][0], got[i][1])
			}
		}
	})
}

// TestCoerceConcurrent uses many connections, twins and sessions at once.
func TestCoerceConcurrent(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "c", "CREATE TABLE c (n INT, s VARCHAR(3))")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 50 {
					cols := []*schema.Column{&table.Columns[(i+j)%2]}
					want := fmt.Sprintf("%d", j)
					got, _, err := e.Coerce(context.Background(), table, cols, [][]Cell{{{SQL: want}}, {{SQL: "'x'"}}}, Session{TimeZone: fmt.Sprintf("+0%d:00", i), SQLMode: []string{"", "STRICT_ALL_TABLES"}[j%2]})
					switch {
					case cols[0].Name == "n" && j%2 == 1:
						if err == nil {
							t.Error("'x' was taken for a number")
						}
					case err != nil:
						t.Error(err)
					case cols[0].Name == "s" && string(got[0][0]) != want, cols[0].Name == "n" && binary.BigEndian.Uint64(got[0][0]) != uint64(j):
						t.Errorf("%q, want %s", got, want)
					}
				}
			})
		}
		wg.Wait()
	})
}
