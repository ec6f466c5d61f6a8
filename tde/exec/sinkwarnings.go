package exec

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// warned is a row of SHOW WARNINGS, with the number of the row that it is of; 0: nobody knows.
type warned struct {
	packet []byte
	row    uint64
}

// duplicate puts the values of the row in place of the tokens that a duplicate-key error names.
func (k *sink) duplicate(err error) error {
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != codeDuplicate {
		return err
	}
	entry, key, ix := violated(e, k.table)
	if ix == nil {
		return err
	}
	candidates := k.candidates(ix, entry)
	if len(candidates) == 0 {
		return err
	}
	columns, rows, err := k.diagnostics() // before anything else is asked
	if err != nil {
		return err
	}
	pick := candidates[0]
	if len(candidates) > 1 && !k.there(k.table, pick.key.tokens) {
		pick = candidates[1]
	}
	e.Message = k.duplicateEntry(pick.key.plain, key)
	k.keepError(e, columns, rows)
	return e
}

// keepError keeps for SHOW WARNINGS what a statement has failed with, in other words than upstream's.
func (k *sink) keepError(e *wire.Error, columns, rows [][]byte) {
	k.found = found{known: true, affected: -1, columns: columns, count: uint16(len(rows))}
	for _, r := range rows {
		w := newWarning(r)
		if w.code == strconv.Itoa(int(e.Code)) {
			w.message = e.Message
		}
		k.found.warnings = append(k.found.warnings, w.packet())
		if w.level == "Error" {
			k.found.errors++
		}
	}
}

// candidate is a row of the batch whose key an entry shows.
type candidate struct {
	row uint64
	key rowKey
}

// candidates are the rows of the batch whose key an entry shows, in their order.
func (k *sink) candidates(ix *schema.Index, entry string) (out []candidate) {
	for i := range k.rows {
		key, ok := k.rowKeyOf(ix, k.rows[i].values, entry)
		if ok && shows(entry, key.shown) {
			out = append(out, candidate{k.rows[i].number, key})
		}
	}
	return out
}

// shows says whether an entry is a key as upstream shows it; it may have cut off the end.
func shows(entry, shown string) bool {
	return entry == shown || len(entry) >= shortestCut && strings.HasPrefix(shown, entry)
}

// shortestCut is how long an entry is at least, in bytes, of which the server has cut the end off.
const shortestCut = 60

// rowKeyOf gives the key of one row. Clear parts are taken from the entry that upstream shows, which has the parts in order.
func (k *sink) rowKeyOf(ix *schema.Index, values [][]byte, entry string) (key rowKey, ok bool) {
	for i, part := range ix.Parts {
		if i > 0 {
			key.shown, key.plain = key.shown+"-", dashed(key.plain)
		}
		c := k.table.Column(part.Column)
		if c == nil || c.Storage == schema.StoredClear {
			n := clearPart(entry[min(len(key.shown), len(entry)):])
			if at := slices.Index(k.columns, c); at >= 0 && values[at] != nil && !isZeroInteger(values[at]) {
				text, err := appendInteger(nil, c, values[at])
				if err != nil {
					return key, false
				}
				n = string(text)
			}
			key.shown, key.plain = key.shown+n, key.plain+n
			continue
		}
		at := slices.Index(k.columns, c)
		t, err := k.keyTokenOf(ix, part, values[at])
		if err != nil {
			return key, false
		}
		if t.null {
			key.shown, key.plain = key.shown+"NULL", key.plain+"NULL"
			continue
		}
		text, err := keyPartText(k.table, ix, part, values[at], &k.vars)
		if err != nil {
			return key, false
		}
		shown := showFixed(t.bytes)
		if k.table.ByPart(ix, part) {
			shown = showPart(t.bytes)
		}
		key.shown, key.plain = key.shown+shown, key.plain+text
		key.tokens = append(key.tokens, keyToken{k.table.KeyColumn(ix, part), slices.Clone(t.bytes)})
	}
	return key, true
}

// keepWarnings keeps what upstream warns of a batch, in the logical table's words.
func (k *sink) keepWarnings(count uint16) error {
	columns, rows, err := k.diagnostics()
	if err != nil {
		return err
	}
	k.sum.Warnings += count
	k.definitions = columns
	warnings := make([]warning, len(rows))
	times := map[string]int{} // that a key is named
	for i, r := range rows {
		warnings[i] = newWarning(r)
		times[warnings[i].message]++
	}
	seen := map[string]int{}
	for i := range warnings {
		w := &warnings[i]
		e := &wire.Error{Code: codeDuplicate, Message: w.message}
		entry, key, ix := violated(e, k.table)
		if w.code != strconv.Itoa(codeDuplicate) || ix == nil {
			w.message = k.logical(e).Message
			k.warnings = append(k.warnings, warned{packet: w.packet()})
			continue
		}
		// Where one row less is named than there are, the first one was stored.
		found := k.candidates(ix, entry)
		at := seen[w.message] + max(0, len(found)-times[w.message])
		seen[w.message]++
		if at >= len(found) {
			return notSupported("a duplicate key of this INSERT could not be told")
		}
		w.message = k.duplicateWarning(found[at].key.plain, key)
		k.warnings = append(k.warnings, warned{w.packet(), found[at].row})
	}
	return nil
}

// atRow finds the row that a message is of.
var atRow = regexp.MustCompile(`at row (\d+)`)

// mergeWarnings puts the warnings of upstream among those of the evaluator, by the rows that they are of.
func (s *storeRun) mergeWarnings(k *sink) error {
	if k.sum.Warnings == 0 {
		return nil
	}
	var all []warned
	row := uint64(0)
	for _, packet := range s.found.warnings {
		if m := atRow.FindStringSubmatch(newWarning(packet).message); m != nil {
			row, _ = strconv.ParseUint(m[1], 10, 64)
		}
		all = append(all, warned{packet, row})
	}
	all = append(all, k.warnings...)
	slices.SortStableFunc(all, func(a, b warned) int { return int(a.row) - int(b.row) })
	s.found.columns, s.found.warnings = k.definitions, nil
	for _, w := range all {
		s.found.warnings = append(s.found.warnings, w.packet)
	}
	s.found.count += k.sum.Warnings
	return nil
}

// warning is a row of SHOW WARNINGS.
type warning struct{ level, code, message string }

func newWarning(packet []byte) (w warning) {
	row := wire.NewTextRow(packet)
	for _, p := range []*string{&w.level, &w.code, &w.message} {
		v, _ := row.Next()
		*p = string(v)
	}
	return w
}

func (w *warning) packet() []byte {
	var out []byte
	for _, v := range []string{w.level, w.code, w.message} {
		out = wire.AppendString(out, []byte(v))
	}
	return out
}

// diagnostics is upstream's answer to SHOW WARNINGS: the packets of its columns and rows.
func (x *Session) diagnostics() (columns, rows [][]byte, err error) {
	if err := x.send(wire.ComQuery, []byte("SHOW WARNINGS")); err != nil {
		return nil, nil, err
	}
	status := x.Status
	n := -1
	for {
		packet, err := x.readUpstream()
		switch {
		case err != nil:
			return nil, nil, x.lost(err)
		case wire.IsError(packet):
			return nil, nil, x.statementError(packet)
		case n < 0:
			count, _ := wire.Int(packet)
			n = int(count)
		case n > 0:
			columns = append(columns, append([]byte(nil), packet...))
			if n--; n == 0 && !x.caps.Has(wire.DeprecateEOF) {
				if _, err := x.readUpstream(); err != nil {
					return nil, nil, x.lost(err)
				}
			}
		case wire.IsEnd(packet, x.caps):
			x.Status = status
			return columns, rows, nil
		default:
			rows = append(rows, append([]byte(nil), packet...))
		}
	}
}
