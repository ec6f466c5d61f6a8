package differ

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// statusMask are the status flags that both sides must agree on; the others
// tell of indexes and speed, which differ.
const statusMask = rawmysql.StatusInTrans | rawmysql.StatusAutocommit | rawmysql.StatusMoreResults | rawmysql.StatusCursorExists | rawmysql.StatusLastRowSent

// keyFlags say of a column that it is in an index (PRI_KEY, UNIQUE_KEY,
// MULTIPLE_KEY, PART_KEY) or counts (AUTO_INCREMENT). Servers forget them when a
// result passes through a temporary table, which they use or not as the
// optimizer likes.
const keyFlags = 2 | 4 | 8 | 512 | 16384

// Lenience is what a comparison leaves out.
type Lenience struct {
	AnyOrder bool // rows compare as a multiset
	KeyFlags bool // columns' key flags may differ
	// NamesOnly: of columns only the names count. MySQL's INFORMATION_SCHEMA are views over its dictionary, whose definitions in
	// results depend on the optimizer.
	NamesOnly bool
}

// Detail is one thing that differs.
type Detail struct {
	What string // a word of those below
	Text string
}

// What can differ.
const (
	Count    = "results"   // how many results there are
	Fault    = "error"     // only one side failed, or each in its own way
	Message  = "message"   // errors' texts
	Shape    = "columns"   // how many columns
	Names    = "names"     // of columns
	Types    = "types"     // of columns, with their flags
	KeyFlag  = "key flags" // which a temporary table loses
	Metadata = "metadata"  // what else is said of columns
	Affected = "affected"  // affected rows
	InsertID = "insert id" //
	Warnings = "warnings"  // how many
	State    = "status"    // flags and changes of the session's state
	Info     = "info"      // the text of an OK
	Rows     = "rows"      // other rows
	Order    = "order"     // the same rows in another order
)

// Compare says what differs between two answers, a line each: nothing if the
// client cannot tell them apart.
func Compare(plain, proxy []*rawmysql.Result, l Lenience) []string {
	var lines []string
	for _, d := range Details(plain, proxy, l) {
		lines = append(lines, d.Text)
	}
	return lines
}

// Details is Compare with a word for each difference.
func Details(plain, proxy []*rawmysql.Result, l Lenience) []Detail {
	if len(plain) != len(proxy) {
		return []Detail{{Count, fmt.Sprintf("results: want %d, got %d%s", len(plain), len(proxy), firstError(proxy))}}
	}
	var diffs []Detail
	for i := range plain {
		for _, d := range compareResult(plain[i], proxy[i], l) {
			if len(plain) > 1 {
				d.Text = fmt.Sprintf("result %d: %s", i, d.Text)
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

func compareResult(a, b *rawmysql.Result, l Lenience) []Detail {
	if a.Err != nil || b.Err != nil {
		return compareErrors(a.Err, b.Err)
	}
	diffs := compareColumns(a.Columns, b.Columns, l)
	note := func(what, of string, want, got any) {
		if want != got {
			diffs = append(diffs, Detail{what, fmt.Sprintf("%s: want %v, got %v", of, want, got)})
		}
	}
	note(Affected, "affected rows", a.AffectedRows, b.AffectedRows)
	note(InsertID, "last insert id", a.LastInsertID, b.LastInsertID)
	note(Warnings, "warnings", a.Warnings, b.Warnings)
	note(State, "status flags", a.Status&statusMask, b.Status&statusMask)
	note(Info, "info", fmt.Sprintf("%q", a.Info), fmt.Sprintf("%q", b.Info))
	note(State, "session state", fmt.Sprint(a.Session), fmt.Sprint(b.Session))
	if len(a.Rows) != len(b.Rows) {
		note(Rows, "rows", len(a.Rows), len(b.Rows))
	}
	if len(a.Rows) == len(b.Rows) && len(a.Columns) == len(b.Columns) {
		diffs = append(diffs, compareRows(a, b, l.AnyOrder)...)
	}
	return diffs
}

func compareErrors(a, b *rawmysql.ServerError) []Detail {
	text := func(e *rawmysql.ServerError) string {
		if e == nil {
			return "success"
		}
		return e.Error()
	}
	want, got := text(a), text(b)
	if want == got {
		return nil
	}
	what := Fault
	if a != nil && b != nil && a.Code == b.Code && a.SQLState == b.SQLState {
		what = Message
	}
	return []Detail{{what, "want " + want}, {what, "got " + got}}
}

func compareColumns(a, b []rawmysql.Column, l Lenience) []Detail {
	if len(a) != len(b) {
		return []Detail{{Shape, fmt.Sprintf("columns: want %d %s, got %d %s", len(a), names(a), len(b), names(b))}}
	}
	var diffs []Detail
	for i := range a {
		want, got := a[i], b[i]
		if l.NamesOnly {
			want, got = rawmysql.Column{Name: want.Name}, rawmysql.Column{Name: got.Name}
		}
		if l.KeyFlags {
			want.Flags, got.Flags = want.Flags&^keyFlags, got.Flags&^keyFlags
			if want.OrgTable == "" && got.OrgTable == "" { // an expression, which is a column of a temporary table or is not
				want.OrgName = got.OrgName
				if noDecimals(want.Decimals) && noDecimals(got.Decimals) {
					want.Decimals = got.Decimals
				}
			}
		}
		if want != got {
			diffs = append(diffs, Detail{aspect(want, got), fmt.Sprintf("column %d: want %+v\n%sgot %+v", i, a[i], strings.Repeat(" ", 6), b[i])})
		}
	}
	return diffs
}

// noDecimals says whether a column's number of decimals says that it has none: 0, or NOT_FIXED_DEC of either make.
func noDecimals(n byte) bool { return n == 0 || n == 31 || n == 39 }

// aspect is the word for how two columns differ.
func aspect(a, b rawmysql.Column) string {
	switch {
	case a.Name != b.Name:
		return Names
	case a.Type != b.Type || a.Flags&^keyFlags != b.Flags&^keyFlags:
		return Types
	case a.Flags != b.Flags:
		return KeyFlag
	default:
		return Metadata
	}
}

func names(columns []rawmysql.Column) string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return "(" + strings.Join(all, ", ") + ")"
}

func compareRows(a, b *rawmysql.Result, anyOrder bool) []Detail {
	rowsA, rowsB := a.Rows, b.Rows
	what := Rows
	switch {
	case anyOrder:
		rowsA, rowsB = sorted(rowsA), sorted(rowsB)
	case slices.EqualFunc(sorted(rowsA), sorted(rowsB), equalRows):
		what = Order
	}
	var diffs []Detail
	for i := range rowsA {
		if equalRows(rowsA[i], rowsB[i]) {
			continue
		}
		diffs = append(diffs, Detail{what, fmt.Sprintf("row %d: want %s\n%sgot %s", i, printRow(rowsA[i]), strings.Repeat(" ", 4), printRow(rowsB[i]))})
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
		keys[i], index[i] = rowKey(row), i
	}
	sort.SliceStable(index, func(i, j int) bool { return keys[index[i]] < keys[index[j]] })
	out := make([][][]byte, len(rows))
	for i, j := range index {
		out[i] = copied[j]
	}
	return out
}

// rowKey sorts rows: equal for equal rows only.
func rowKey(row [][]byte) string {
	var b strings.Builder
	for _, v := range row {
		if v == nil {
			b.WriteString("-,")
			continue
		}
		fmt.Fprintf(&b, "%d:%s,", len(v), v)
	}
	return b.String()
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
