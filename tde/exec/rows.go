package exec

import (
	"fmt"
	"math"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// reader opens the rows of one result as they pass.
type reader struct {
	of      *plan.Rewrite // nil: of no statement whose errors name keys
	outputs []plan.Output
	types   []wire.Type // upstream's, to walk through binary rows
	binary  bool
	context *value.Context
	state   *State
	patch   patch  // of whole rows; nil: none
	plain   []byte // scratch
	text    []byte // scratch
	opened  *uint64
}

// result passes the answer to a SELECT on to the client: definitions as the logical table has them, cells opened.
// more says that further results of the client's statements follow.
func (x *Session) result(p *plan.Rewrite, binary, more bool) error {
	packet, err := x.readUpstream()
	if err != nil {
		return x.lost(err)
	}
	switch {
	case wire.IsError(packet):
		return x.upstreamError(packet, p)
	case len(packet) > 0 && packet[0] == 0: // an OK: a SELECT without a result
		return x.ok(packet, more)
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > 4096 {
		return fmt.Errorf("reading a result: %w", wire.ErrMalformed)
	}
	if err := x.client.WritePacket(packet); err != nil {
		return x.gone(err)
	}
	r := &reader{of: p, outputs: p.Outputs, types: make([]wire.Type, n), binary: binary, context: &x.vars.context, state: x.state, opened: &x.opened}
	if p.Star {
		r.outputs = make([]plan.Output, n)
	}
	r.patch = x.rowPatch
	if len(r.outputs) != int(n) {
		return x.abandon(notSupported("the server's result has %d columns where %d were planned; reload the schema", n, len(r.outputs)))
	}
	if x.cursorOf != nil {
		x.cursorOf.outputs = r // COM_STMT_FETCH brings rows without definitions
	}
	return x.rows(r, p.Star, more)
}

// rows passes column definitions and rows on.
func (x *Session) rows(r *reader, star, more bool) error {
	if err := x.definitions(r, star); err != nil {
		return err
	}
	if !x.caps.Has(wire.DeprecateEOF) {
		done, err := x.end(more)
		if done || err != nil {
			return err
		}
	}
	x.upstream.Enlarge()
	defer x.upstream.Shrink()
	return x.rowLoop(r, more)
}

// rowLoop passes rows on until the result ends.
func (x *Session) rowLoop(r *reader, more bool) error {
	for {
		packet, err := x.readUpstream()
		if err != nil {
			return x.lost(err)
		}
		switch {
		case wire.IsEnd(packet, x.caps):
			return x.endOfRows(packet, more)
		case wire.IsError(packet):
			return x.upstreamError(packet, r.of)
		}
		if r.patch != nil {
			if packet, err = patched(r.patch, packet, r.types, r.binary); err != nil {
				return x.abandon(err)
			}
		}
		out := x.client.Begin()
		if r.binary {
			out, err = r.binaryRow(out, packet)
		} else {
			out, err = r.textRow(out, packet)
		}
		if err != nil {
			return x.abandon(err)
		}
		if err := x.client.End(out); err != nil {
			return x.gone(err)
		}
		x.passed++
	}
}

// abandon gives up a result in which a row cannot be opened: the client gets the error in place of the row, and what
// upstream still sends is read and dropped.
func (x *Session) abandon(cause error) error {
	// What Begin started is not ended and so is not sent.
	for {
		packet, err := x.readUpstream()
		if err != nil {
			return x.lost(err)
		}
		if wire.IsError(packet) || wire.IsEnd(packet, x.caps) {
			return answer(cause)
		}
	}
}

// definitions passes column definitions on as the logical table has them.
func (x *Session) definitions(r *reader, star bool) error {
	var c wire.Column
	for i := range r.outputs {
		packet, err := x.readUpstream()
		if err != nil {
			return x.lost(err)
		}
		if err := c.Decode(packet, x.caps); err != nil {
			return err
		}
		if star {
			r.outputs[i] = x.state.output(&c)
		}
		r.types[i] = c.Type
		x.logicalColumn(&c, &r.outputs[i])
		if err := x.client.End(c.Append(x.client.Begin(), x.caps)); err != nil {
			return x.gone(err)
		}
	}
	return nil
}

// output finds the sealed column that a definition says it comes from.
func (s *State) output(c *wire.Column) plan.Output {
	t := s.Snapshot.Lookup(string(c.Schema), string(c.OrgTable))
	if t == nil {
		return plan.Output{}
	}
	col := t.Column(string(c.OrgName))
	if col == nil || col.Storage == schema.StoredClear {
		return plan.Output{}
	}
	return plan.Output{Table: t, Column: col}
}

// logicalColumn turns the definition of a cell into that of its column.
func (x *Session) logicalColumn(c *wire.Column, o *plan.Output) {
	col := o.Column
	if col == nil {
		return
	}
	notNull := c.Flags & wire.FlagNotNull
	if o.Computed {
		notNull = col.Wire.Flags & wire.FlagNotNull
		c.Schema, c.OrgTable, c.OrgName = []byte(o.Table.DB), []byte(o.Table.Name), []byte(col.Name)
		c.Table = []byte(o.Alias)
	}
	c.Extended = nil
	c.Type = wire.Type(col.Wire.Type)
	c.Flags = col.Wire.Flags&^wire.FlagNotNull | notNull
	c.Decimals = col.Wire.Decimals
	c.Charset, c.Length = col.Wire.Charset, col.Wire.Length
	switch {
	case col.Wire.Charset == binaryCharset:
	case x.vars.ResultsCharset == "":
		c.Length = col.Wire.RawLength
	case x.vars.ResultsCharset == "binary":
		c.Charset, c.Length = binaryCharset, scaled(c.Length, "binary")
	default:
		c.Charset, c.Length = x.vars.ResultsCollation, scaled(c.Length, x.vars.ResultsCharset)
	}
}

// binaryCharset is the collation id of binary strings and numbers.
const binaryCharset = 63

// scaled is a length in bytes of utf8mb4 in bytes of another character set. That of a LONGTEXT is the largest in all.
func scaled(length uint32, charset string) uint32 {
	switch {
	case length == math.MaxUint32:
		return length
	case charset == "utf8mb4" || strings.HasPrefix(charset, "utf16") || charset == "utf32" || charset == "gb18030":
		return length
	case charset == "utf8mb3" || charset == "ujis" || charset == "eucjpms":
		return length / 4 * 3
	case charset == "ucs2" || !bytewise(charset) || charset == "euckr" || charset == "gb2312":
		return length / 4 * 2
	}
	return length / 4
}

// textRow rewrites a row of the text protocol.
func (r *reader) textRow(out, packet []byte) ([]byte, error) {
	row := wire.NewTextRow(packet)
	for i := range r.outputs {
		v, ok := row.Next()
		if !ok {
			return out, wire.ErrMalformed
		}
		o := &r.outputs[i]
		switch {
		case v == nil:
			out = wire.AppendNull(out)
		case o.Column == nil:
			out = wire.AppendString(out, v)
		default:
			text, err := r.open(o, v)
			if err == nil {
				r.text, err = value.AppendText(r.text[:0], text, o.Column, r.context)
			}
			if err != nil {
				return out, corrupt(o.Table, o.Column, err)
			}
			out = wire.AppendString(out, r.text)
		}
	}
	return out, row.Err()
}

// binaryRow rewrites a row of the binary protocol. NULLs stay where they are, so the bitmap is copied.
func (r *reader) binaryRow(out, packet []byte) ([]byte, error) {
	bitmap := 1 + (len(r.outputs)+9)/8
	if len(packet) < bitmap {
		return out, wire.ErrMalformed
	}
	out = append(out, packet[:bitmap]...)
	row := wire.NewBinaryRow(packet, len(r.outputs))
	for i := range r.outputs {
		v, ok := row.Next(r.types[i])
		if !ok {
			return out, wire.ErrMalformed
		}
		o := &r.outputs[i]
		switch {
		case v == nil:
		case o.Column == nil:
			out = wire.AppendValue(out, r.types[i], v)
		default:
			plain, err := r.open(o, v)
			if err == nil {
				out, err = value.AppendBinary(out, plain, o.Column, r.context)
			}
			if err != nil {
				return out, corrupt(o.Table, o.Column, err)
			}
		}
	}
	return out, row.Err()
}

func (r *reader) open(o *plan.Output, cell []byte) ([]byte, error) {
	s := r.state.sealers[o.Table.ID]
	if s == nil {
		return nil, errNoSealer
	}
	*r.opened++
	var err error
	r.plain, err = s.cells.Open(r.plain[:0], o.Column.ID, cell)
	return r.plain, err
}
