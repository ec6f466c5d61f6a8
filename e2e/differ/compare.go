package differ

import (
	"fmt"
	"sort"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// statusMask are the status flags that both sides must agree on; the others
// tell of indexes and speed, which differ.
const statusMask = rawmysql.StatusInTrans | rawmysql.StatusAutocommit | rawmysql.StatusMoreResults | rawmysql.StatusCursorExists | rawmysql.StatusLastRowSent

// keyFlags say of a column that it is in an index (PRI_KEY, UNIQUE_KEY,
// MULTIPLE_KEY, PART_KEY). Servers forget them when a result passes through a
// temporary table, which they use or not as the optimizer likes.
const keyFlags = 2 | 4 | 8 | 16384

// Lenience is what a comparison leaves out.
type Lenience struct {
	AnyOrder bool // rows compare as a multiset
	KeyFlags bool // columns' key flags may differ
}

// Compare says what differs between two answers, a line each: nothing if the
// client cannot tell them apart.
func Compare(plain, proxy []*rawmysql.Result, l Lenience) []string {
	if len(plain) != len(proxy) {
		return []string{fmt.Sprintf("results: want %d, got %d%s", len(plain), len(proxy), firstError(proxy))}
	}
	var diffs []string
	for i := range plain {
		for _, d := range compareResult(plain[i], proxy[i], l) {
			if len(plain) > 1 {
				d = fmt.Sprintf("result %d: %s", i, d)
			}
			diffs = append(diffs, d)
		}
	}
	return diffs
}

func firstError(results []*rawmysql.Result) string {
	for _, r := range results {
		if r.Err != nil {
			return ": " + r.Err.Error()
		}
	}
	return ""
}

func compareResult(a, b *rawmysql.Result, l Lenience) []string {
	if a.Err != nil || b.Err != nil {
		return compareErrors(a.Err, b.Err)
	}
	diffs := compareColumns(a.Columns, b.Columns, l)
	note := func(what string, want, got any) {
		if want != got {
			diffs = append(diffs, fmt.Sprintf("%s: want %v, got %v", what, want, got))
		}
	}
	note("affected rows", a.AffectedRows, b.AffectedRows)
	note("last insert id", a.LastInsertID, b.LastInsertID)
	note("warnings", a.Warnings, b.Warnings)
	note("status flags", a.Status&statusMask, b.Status&statusMask)
	note("info", fmt.Sprintf("%q", a.Info), fmt.Sprintf("%q", b.Info))
	note("session state", fmt.Sprint(a.Session), fmt.Sprint(b.Session))
	note("rows", len(a.Rows), len(b.Rows))
	if len(diffs) == 0 {
		diffs = compareRows(a, b, l.AnyOrder)
	}
	return diffs
}

func compareErrors(a, b *rawmysql.ServerError) []string {
	text := func(e *rawmysql.ServerError) string {
		if e == nil {
			return "success"
		}
		return e.Error()
	}
	if want, got := text(a), text(b); want != got {
		return []string{"want " + want, "got " + got}
	}
	return nil
}

func compareColumns(a, b []rawmysql.Column, l Lenience) []string {
	if len(a) != len(b) {
		return []string{fmt.Sprintf("columns: want %d %s, got %d %s", len(a), names(a), len(b), names(b))}
	}
	var diffs []string
	for i := range a {
		want, got := a[i], b[i]
		if l.KeyFlags {
			want.Flags, got.Flags = want.Flags&^keyFlags, got.Flags&^keyFlags
		}
		if want != got {
			diffs = append(diffs, fmt.Sprintf("column %d: want %+v\n%sgot %+v", i, a[i], strings.Repeat(" ", 6), b[i]))
		}
	}
	return diffs
}

func names(columns []rawmysql.Column) string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return "(" + strings.Join(all, ", ") + ")"
}

func compareRows(a, b *rawmysql.Result, anyOrder bool) []string {
	rowsA, rowsB := a.Rows, b.Rows
	if anyOrder {
		rowsA, rowsB = sorted(rowsA), sorted(rowsB)
	}
	var diffs []string
	for i := range rowsA {
		if equalRows(rowsA[i], rowsB[i]) {
			continue
		}
		diffs = append(diffs, fmt.Sprintf("row %d: want %s\n%sgot %s", i, printRow(rowsA[i]), strings.Repeat(" ", 4), printRow(rowsB[i])))
		if len(diffs) == 3 {
			break
		}
	}
	return diffs
}

func sorted(rows [][][]byte) [][][]byte {
	copied := append([][][]byte{}, rows...)
	keys := make(map[int]string, len(rows))
	index := make([]int, len(rows))
	for i, row := range copied {
		keys[i], index[i] = printRow(row), i
	}
	sort.SliceStable(index, func(i, j int) bool { return keys[index[i]] < keys[index[j]] })
	out := make([][][]byte, len(rows))
	for i, j := range index {
		out[i] = copied[j]
	}
	return out
}

func printRow(row [][]byte) string {
	var b strings.Builder
	for i, v := range row {
		if i > 0 {
			b.WriteString(" | ")
		}
		switch {
		case v == nil:
			b.WriteString("NULL")
		case len(v) > 80:
			fmt.Fprintf(&b, "%.80q… (%d bytes)", v, len(v))
		default:
			fmt.Fprintf(&b, "%q", v)
		}
	}
	return b.String()
}
