package exec

import (
	"crypto/sha256"
	"encoding/binary"
	"regexp"
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// InnoDB takes a NULL that is set to NULL for a change where the column has a DEFAULT and the table a column that is ON UPDATE CURRENT_TIMESTAMP,
// which is what tells changed rows here. Where the client's table has none, such rows are as they were: what a row had before is kept
// as a digest to find them.
type digest [16]byte

// digestOf is that of stored forms.
func digestOf(values [][]byte) (d digest) {
	h := sha256.New()
	var size [4]byte
	for _, v := range values {
		n := uint32(len(v))
		if v == nil {
			n = ^uint32(0)
		}
		binary.LittleEndian.PutUint32(size[:], n)
		h.Write(size[:])
		h.Write(v)
	}
	copy(d[:], h.Sum(nil))
	return d
}

// mayStay says whether the evaluator may take rows for changed that are as they were.
func (t *written) mayStay() bool {
	return slices.ContainsFunc(t.Sets, func(c *schema.Column) bool { return !c.NotNull && c.Default != schema.DefaultNull }) &&
		!slices.ContainsFunc(t.Table.Columns, func(c schema.Column) bool { return c.OnUpdateNow })
}

// remember keeps what a row's columns that are set have, before they are.
func (t *written) remember(row [][]byte) {
	values := make([][]byte, len(t.Sets))
	for i, c := range t.Sets {
		at := slices.Index(t.fetch.Columns, c)
		if at < 0 {
			return
		}
		values[i] = row[at]
	}
	t.was = append(t.was, digestOf(values))
}

// stayed says whether row n has what it had; stored are its values now, those of Sets first.
func (t *written) stayed(n int, stored [][]byte) bool {
	if len(t.was) != len(t.rows) || digestOf(stored[:len(t.Sets)]) != t.was[n] {
		return false
	}
	t.same++
	return true
}

var changedRows = regexp.MustCompile(`Changed: \d+`)

// uncount takes rows that are as they were out of the answer.
func (r *replayRun) uncount(ok *wire.OK) {
	same := uint64(0)
	for _, t := range r.targets {
		same += t.same
	}
	if same == 0 {
		return
	}
	if counts := r.caps.Has(wire.FoundRows); !counts {
		ok.AffectedRows -= min(same, ok.AffectedRows)
		r.found.affected = int64(ok.AffectedRows)
	}
	ok.Info = changedRows.ReplaceAllFunc(ok.Info, func(m []byte) []byte {
		n, _ := strconv.ParseUint(string(m[len("Changed: "):]), 10, 64)
		return strconv.AppendUint([]byte("Changed: "), n-min(n, same), 10)
	})
}
