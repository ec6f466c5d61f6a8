package exec

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// patch changes a row of a result that the evaluator or upstream gives; a row for which it says false is left out. The
// values are those of the result's protocol.
type patch func(row [][]byte) bool

// show makes the twin of the table that a SHOW statement tells of, after upstream has shown the stored one to the client's
// account: its privileges decide, and statistics are upstream's.
func (s *splitRun) show(p *plan.Show) error {
	if p.Table.IsView() {
		return s.showView(p)
	}
	name := quoteName(p.Table.DB) + "." + quoteName(p.Table.Name)
	auto := uint64(0)
	switch p.What {
	case plan.ShowCreate:
		_, row, err := s.queryRow("SHOW CREATE TABLE " + name)
		if err != nil {
			return err
		}
		if len(row) > 1 {
			auto = nextAuto(row[1])
		}
		if p.Table.Temporary {
			s.patch = shownTemporary
		} else if !s.catalog.rules.Ruled(p.Table.DB, p.Table.Name) && bytewise(s.vars.ResultsCharset) {
			s.patch = func(row [][]byte) bool {
				row[1] = append(row[1], encryptionMark...)
				return true
			}
		}
	case plan.ShowColumns, plan.ShowFull:
		if err := s.showColumns(p, name); err != nil {
			return err
		}
	case plan.ShowIndex:
		if err := s.showIndex(name); err != nil {
			return err
		}
	}
	return s.bench.Show(p.Table, auto)
}

// encryptionMark stands in SHOW CREATE TABLE of a table that a clause has designated. No server is of that version, so that
// a dump loads into one without encryption; tdeproxy reads it, so that the same dump loads encrypted.
const encryptionMark = " /*!999999 ENCRYPTION='Y' */"

var autoIncrement = regexp.MustCompile(`\n\) ENGINE=\w+ AUTO_INCREMENT=(\d+)`)

// nextAuto is the AUTO_INCREMENT= of upstream's SHOW CREATE TABLE, 0 where there is none.
func nextAuto(create []byte) uint64 {
	m := autoIncrement.FindSubmatch(create)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseUint(string(m[1]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Places of columns in what SHOW gives.
const (
	fieldPlace       = 0 // SHOW COLUMNS
	privilegesPlace  = 7 // SHOW FULL COLUMNS
	keyNamePlace     = 2 // SHOW INDEX
	seqPlace         = 3
	cardinalityPlace = 6
)

// showColumns lets those columns pass that the client's account may see, with its privileges.
func (s *splitRun) showColumns(p *plan.Show, name string) error {
	visible := map[string][]byte{}
	err := s.query("SHOW FULL COLUMNS FROM "+name, func(row [][]byte) error {
		if len(row) > privilegesPlace {
			visible[string(row[fieldPlace])] = bytes.Clone(row[privilegesPlace])
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.patch = func(row [][]byte) bool {
		privileges, ok := visible[string(row[fieldPlace])]
		if !ok && p.Table.Column(string(row[fieldPlace])) != nil {
			return false
		}
		if ok && p.What == plan.ShowFull && len(row) > privilegesPlace {
			row[privilegesPlace] = privileges
		}
		if extra := len(row) - 1; p.Table.Temporary && !s.catalog.mariaDB && p.What == plan.ShowColumns && len(row[extra]) == 0 {
			row[extra] = []byte("NULL") // MySQL's word for nothing, of temporary tables
		}
		return true
	}
	return nil
}

// showIndex gives indexes upstream's statistics.
func (s *splitRun) showIndex(name string) error {
	cardinality := map[string][]byte{}
	err := s.query("SHOW INDEX FROM "+name, func(row [][]byte) error {
		if len(row) > cardinalityPlace {
			cardinality[string(row[keyNamePlace])+"\x00"+string(row[seqPlace])] = bytes.Clone(row[cardinalityPlace])
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.patch = func(row [][]byte) bool {
		if len(row) <= cardinalityPlace {
			return true
		}
		seq := string(row[seqPlace])
		if s.binary {
			seq = strconv.FormatUint(littleEndian(row[seqPlace]), 10)
		}
		n, ok := cardinality[string(row[keyNamePlace])+"\x00"+seq]
		if ok && n != nil && s.binary {
			n = binaryInteger(n, s.types[cardinalityPlace])
		}
		if ok {
			row[cardinalityPlace] = n
		}
		return true
	}
	return nil
}

func littleEndian(v []byte) (n uint64) {
	for i := len(v) - 1; i >= 0; i-- {
		n = n<<8 | uint64(v[i])
	}
	return n
}

// binaryInteger is a number's text as the binary protocol has it.
func binaryInteger(text []byte, t wire.Type) []byte {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return nil
	}
	size := 8
	if t == wire.TypeLong || t == wire.TypeInt24 {
		size = 4
	}
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(n >> (8 * i))
	}
	return out
}

// patched applies a patch to a row of a result with columns of some types; nil: the row is left out.
func patched(fn patch, packet []byte, types []wire.Type, binary bool) ([]byte, error) {
	row := make([][]byte, len(types))
	text, values := wire.NewTextRow(packet), wire.BinaryRow{}
	if binary {
		values = wire.NewBinaryRow(packet, len(types))
	}
	for i, t := range types {
		v, ok := text.Next()
		if binary {
			v, ok = values.Next(t)
		}
		if !ok {
			return nil, wire.ErrMalformed
		}
		row[i] = v[:len(v):len(v)]
	}
	if !fn(row) {
		return nil, nil
	}
	out, nulls := []byte(nil), 0
	if binary {
		out, nulls = wire.BeginBinaryRow(nil, len(types))
	}
	for i, v := range row {
		switch {
		case v == nil && binary:
			wire.SetNull(out, nulls, i)
		case v == nil:
			out = wire.AppendNull(out)
		case binary:
			out = wire.AppendValue(out, types[i], v)
		default:
			out = wire.AppendString(out, v)
		}
	}
	return out, nil
}

// showStatus readies the replacement of rows where a statement is a SHOW TABLE STATUS.
func (x *Session) showStatus(ctx context.Context, p *plan.Rewrite) (err error) {
	x.rowPatch = nil
	if p.StatusOf != "" {
		x.rowPatch, err = x.statusPatch(ctx, p.StatusOf)
	}
	if p.ProcedureOf != nil {
		x.rowPatch = x.procedurePatch(*p.ProcedureOf)
	}
	if p.DefaultOf != "" {
		x.rowPatch = defaultPatch
	}
	return err
}

// defaultPatch makes SHOW CREATE DATABASE say that encryption is the default, as MySQL does. Servers of other versions take it for a comment.
func defaultPatch(row [][]byte) bool {
	if len(row) > 1 {
		create := bytes.TrimSuffix(row[1], []byte(" /*!80016 DEFAULT ENCRYPTION='N' */"))
		row[1] = append(bytes.Clone(create), " /*!80016 DEFAULT ENCRYPTION='Y' */"...)
	}
	return true
}

// statusPatch replaces what SHOW TABLE STATUS of a database tells of encrypted tables.
func (x *Session) statusPatch(ctx context.Context, db string) (patch, error) {
	shown, err := x.catalog.shownTable(ctx, "TABLES")
	if err != nil {
		return nil, err
	}
	w, err := x.workspace(ctx)
	if err != nil {
		return nil, err
	}
	defer w.Release()
	known := map[string]map[string][]byte{}
	for _, t := range x.catalog.State().Snapshot.Tables() {
		if !strings.EqualFold(t.DB, db) {
			continue
		}
		values := map[string][]byte{}
		if t.Locked == "" {
			rows, err := x.catalog.twinRows(w, shown, t)
			if err != nil {
				return nil, err
			}
			for i := range shown.Columns {
				if len(rows) > 0 {
					values[strings.ToUpper(shown.Columns[i].Name)] = rows[0][i]
				}
			}
		}
		known[t.Name] = values
	}
	return func(row [][]byte) bool {
		values, ok := known[string(row[0])]
		if !ok || len(row) < len(statusColumns) {
			return true
		}
		for i, name := range statusColumns {
			if name != "" {
				row[i] = values[name]
			}
		}
		return true
	}, nil
}

// statusColumns are those columns of INFORMATION_SCHEMA.TABLES that replace upstream's in SHOW TABLE STATUS, by place.
var statusColumns = [18]string{3: "ROW_FORMAT", 16: "CREATE_OPTIONS", 17: "TABLE_COMMENT"}
