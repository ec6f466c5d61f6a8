package exec

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/spill"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// Bounds of a sort, in bytes.
const (
	// sortFew is how much goes to the evaluator, which orders rows that are equal as a server does: no order is asked for those.
	sortFew = 256 << 10
	// sortMemory is what a statement sorts in memory; more goes to a temporary file.
	sortMemory = 16 << 20
)

// sorting is a bound plan.Sort at work. Its rows are held back until they are too many for the evaluator; then it is asked what the
// answer's definitions are, and the answer is the proxy's own.
type sorting struct {
	run           *splitRun
	fetch         *plan.Fetch
	by            kernel.SortKey
	rows          *spill.Sorter
	offset, count uint64
	direct        bool     // the evaluator is not to have the rows
	answer        [][]byte // the definitions
	key, row      []byte   // scratch
}

// sorter binds the sorting of a fetch's rows, or returns nil.
func (s *splitRun) sorter(f *plan.Fetch) *sorting {
	if !s.sorts || f.Sort == nil || s.catalog.spill == nil {
		return nil
	}
	p := s.plan
	u := &p.Uses
	if len(p.Fetches) != 1 || len(p.Views) > 0 || s.using != nil || s.patch != nil ||
		s.read != nil || s.vars.SelectLimit != noLimit || u.NoRows || u.Analyses || len(u.UserIn)+len(u.UserOut)+len(u.Functions) > 0 || p.Asks {
		return nil
	}
	x := &sorting{run: s, fetch: f}
	var ok bool
	if x.offset, x.count, ok = s.window(f.Sort.Offset, f.Sort.Count); !ok {
		return nil
	}
	for _, by := range f.Sort.By {
		if !x.by.Add(by.Column, f.Columns[by.Column], by.Descending, s.sortPrefix()) {
			return nil
		}
	}
	x.rows = s.catalog.spill.NewSorter(x.by.Compare, sortMemory, s.stop)
	return x
}

// window reads LIMIT: how many rows are left out and how many follow; a literal of -1 is not there.
func (s *splitRun) window(offset, count int) (skip, most uint64, ok bool) {
	read := func(literal int, otherwise uint64) uint64 {
		if literal < 0 {
			return otherwise
		}
		v, err := s.binder.args.value(literal)
		if err == nil && v.Kind == value.Int {
			var n uint64
			if n, err = strconv.ParseUint(string(v.Bytes), 10, 64); err == nil {
				return n
			}
		}
		ok = false
		return 0
	}
	ok = true
	skip, most = read(offset, 0), read(count, ^uint64(0))
	return skip, most, ok
}

// hold takes a row, opened, that is one of the answer's. It reports false where the evaluator has to sort all rows.
func (x *sorting) hold(row [][]byte) (held bool, err error) {
	var ok bool
	if x.key, ok = x.by.Append(x.key[:0], row); !ok {
		return false, nil
	}
	x.row = spill.AppendRow(x.row[:0], row)
	if !x.direct && x.rows.Size()+len(x.row) > sortFew {
		if x.direct, err = x.describe(); err != nil || !x.direct {
			return false, err
		}
	}
	return true, x.run.full(x.rows.Add(x.key, x.row))
}

// describe asks the evaluator for the answer's definitions; ok is false where they are not those of the columns.
func (x *sorting) describe() (ok bool, err error) {
	answer, columns, err := x.run.describeEmpty(x.run.params)
	if errors.Is(err, errUngrouped) {
		return false, x.run.reload()
	}
	if err != nil {
		return false, err
	}
	if len(columns) != len(x.fetch.Sort.Items) {
		return false, x.run.reload()
	}
	for i, at := range x.fetch.Sort.Items {
		if wire.Type(x.fetch.Columns[at].Wire.Type) != columns[i].Type {
			return false, x.run.reload()
		}
	}
	x.answer = answer
	return true, nil
}

// release hands over what is held back. The evaluator orders rows that are equal as a server does where they come as they lie in the table.
func (x *sorting) release(o *opener, load func() error) error {
	defer x.rows.Close()
	if x.direct {
		x.direct = false
		if err := x.run.reload(); err != nil {
			return err
		}
	}
	return x.rows.EachUnsorted(func(_, row []byte) error {
		if _, ok := spill.SplitRow(o.row, row); !ok {
			return errSpilled
		}
		return load()
	})
}

// close frees what is held back.
func (x *sorting) close() {
	if x != nil {
		x.rows.Close()
	}
}

var errSpilled = errors.New("exec: internal error: a row that was sorted is not what it was")

// send sends the answer.
func (x *sorting) send(more bool) error {
	s := x.run
	defer x.rows.Close()
	w := window{offset: x.offset, count: x.count, head: func() error {
		return s.head(wire.AppendInt(nil, uint64(len(x.answer))), x.answer, more)
	}}
	row := make([][]byte, len(x.fetch.Columns))
	err := x.rows.Each(func(_, packed []byte) error {
		if pass, err := w.next(); !pass || err != nil {
			return err
		}
		if _, ok := spill.SplitRow(row, packed); !ok {
			return errSpilled
		}
		var err error
		if s.rowOut, err = s.appendAnswer(s.rowOut[:0], row, x.fetch.Columns, x.fetch.Sort.Items); err != nil {
			return err
		}
		return s.row(s.rowOut)
	})
	if err != nil && !errors.Is(err, errWindowEnd) {
		return s.full(err)
	}
	return s.sentAll(&w, more)
}

// appendAnswer writes a row of the client's answer: some of the columns of a row of stored forms.
func (s *splitRun) appendAnswer(out []byte, row [][]byte, columns []*schema.Column, items []int) (_ []byte, err error) {
	nulls := 0
	if s.binary {
		out, nulls = wire.BeginBinaryRow(out, len(items))
	}
	for i, at := range items {
		col := columns[at]
		switch {
		case row[at] == nil && s.binary:
			wire.SetNull(out, nulls, i)
		case row[at] == nil:
			out = wire.AppendNull(out)
		case s.binary:
			out, err = value.AppendBinary(out, row[at], col, &s.vars.context)
		default:
			if s.printed, err = value.AppendText(s.printed[:0], row[at], col, &s.vars.context); err == nil {
				out = wire.AppendString(out, s.printed)
			}
		}
		if err != nil {
			return out, fmt.Errorf("exec: writing a value of column %s: %w", col.Name, err)
		}
	}
	return out, nil
}

// Codes of MySQL's for a temporary file that has no room.
const (
	codeWriteError = 3    // EE_WRITE
	codeFull       = 1114 // ER_RECORD_FILE_FULL
)

// full makes an error of a temporary file one of the server's.
func (s *splitRun) full(err error) error {
	var e *spill.FullError
	if !errors.As(err, &e) {
		return err
	}
	if e.Max > 0 {
		return &wire.Error{Code: codeFull, State: "HY000", Message: "The table is full: the temporary files that statements need take more " +
			"than evaluator.max_tmp_space allows; narrow the statement by a condition on an indexed column, or raise it"}
	}
	var number unix.Errno
	errors.As(err, &number)
	return &wire.Error{Code: codeWriteError, State: "HY000", Message: fmt.Sprintf("Error writing file '%s' (OS errno %d - %v)", e.Dir, int(number), number)}
}
