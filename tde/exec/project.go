package exec

import (
	"encoding/binary"
	"errors"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// Bounds of what is known of results' definitions, and of the rows that are held back until it is certain that none of them needs a server.
const (
	shapesMax  = 256
	projectMax = 4 << 20 // bytes
	// sparesShape is how many executions go to the evaluator after one whose values needed it.
	sparesShape = 64
)

// shapeKey is what decides the definitions of a Split's result, beside what the session forgets them for.
type shapeKey struct {
	plan     *plan.Split
	binary   bool
	db       string
	literals string
}

// shape is what the evaluator said of a result.
type shape struct {
	packets [][]byte
	columns []wire.Column
	spare   int // executions that do not use it
}

// shapeKey is the statement's, ok where its definitions depend on no parameter.
func (x *Session) shapeKey(p *plan.Split, binary bool) (k shapeKey, ok bool) {
	k = shapeKey{plan: p, binary: binary, db: x.vars.DB}
	var text []byte
	for _, i := range p.Projection.Literals {
		l := x.args.literals[i]
		if l.Kind == plan.LitParam {
			return k, false
		}
		text = append(append(text, x.args.src[l.Start:l.End]...), 0)
	}
	k.literals = string(text)
	return k, true
}

// learn keeps the definitions that the evaluator gave.
func (s *splitRun) learn(columns [][]byte) {
	p := s.plan.Projection
	if p == nil || s.grouping != nil || s.patch != nil || len(columns) != len(p.Items) || !s.projects() {
		return
	}
	k, ok := s.shapeKey(s.plan, s.binary)
	if !ok || s.shapes[k] != nil {
		return
	}
	sh := &shape{packets: columns, columns: make([]wire.Column, len(columns))}
	for i := range columns {
		if sh.columns[i].Decode(columns[i], s.caps) != nil {
			return
		}
	}
	if s.shapes == nil || len(s.shapes) >= shapesMax {
		s.shapes = map[shapeKey]*shape{}
	}
	s.shapes[k] = sh
}

// projects says whether the statement at work is the client's own text, with its own values.
func (x *Session) projects() bool { return x.using == nil && x.instead.src == nil && x.keeping == nil }

// errUnprojected says that only the evaluator can compute a row.
var errUnprojected = errors.New("exec: the evaluator must compute the select list")

// projection is one execution of a plan.Projection.
type projection struct {
	*Session
	plan    *plan.Projection
	shape   *shape
	items   []*computed
	binary  bool
	total   bool
	sent    bool
	types   []wire.Type // of upstream's columns
	raw     [][]byte    // a row as it came
	row     [][]byte    // opened
	bufs    [][]byte
	used    []bool // outputs that expressions read
	held    []byte // rows that are not sent yet, each after its length
	scratch []byte
	limit   int
}

// project answers a query by upstream's rows and kernels; done is false where the evaluator has to do it all. st is the prepared
// statement that is executed with params, or nil.
func (x *Session) project(p *plan.Split, st *statement, params *wire.Execute, more bool) (done bool, err error) {
	if p.Projection == nil || len(x.shapes) == 0 || !x.projects() {
		return false, nil
	}
	k, ok := x.shapeKey(p, st != nil)
	if !ok {
		return false, nil
	}
	sh := x.shapes[k]
	if sh == nil {
		return false, nil
	}
	if sh.spare > 0 {
		sh.spare--
		return false, nil
	}
	items, ok := x.bindItems(p.Projection, sh)
	if !ok {
		sh.spare = sparesShape
		return false, nil
	}
	if st == nil {
		err = x.text(&p.Projection.Query)
	} else {
		var bound []wire.Param
		if bound, err = x.bindAll(st, &p.Projection.Query); err == nil {
			err = x.sendExecute(st, bound, 0)
		}
	}
	if err == nil && st == nil {
		err = x.send(wire.ComQuery, x.sql)
	}
	var broken *wire.BrokenError
	if err != nil {
		return errors.As(err, &broken), err // a value that does not fit its column is the evaluator's
	}
	r := newProjection(x, p.Projection, sh, items, st != nil)
	err = r.answer(more)
	if errors.Is(err, errUnprojected) {
		sh.spare = sparesShape
		return false, nil
	}
	return true, err
}

func newProjection(x *Session, p *plan.Projection, sh *shape, items []*computed, binary bool) *projection {
	n := len(p.Columns)
	r := &projection{Session: x, plan: p, shape: sh, items: items, binary: binary, total: true, types: make([]wire.Type, n),
		raw: make([][]byte, n), row: make([][]byte, n), bufs: make([][]byte, n), used: make([]bool, n), limit: int(x.packet)}
	passed := make([]bool, n)
	for i, it := range items {
		if it == nil {
			passed[p.Items[i].Output] = true
		} else {
			r.total = r.total && it.scalar.Total
		}
	}
	for i := range r.used {
		r.used[i] = !passed[i]
	}
	return r
}

// answer reads upstream's answer and gives the client its own.
func (r *projection) answer(more bool) error {
	packet, err := r.upstream.ReadPacket()
	if err != nil {
		return r.lost(err)
	}
	if wire.IsError(packet) {
		return r.upstreamError(packet, nil)
	}
	if n, size := wire.Int(packet); size == 0 || int(n) != len(r.types) {
		return r.lost(wire.ErrMalformed)
	}
	for i := range r.types {
		if packet, err = r.upstream.ReadPacket(); err != nil {
			return r.lost(err)
		}
		var c wire.Column
		if err := c.Decode(packet, r.caps); err != nil {
			return r.lost(err)
		}
		r.types[i] = c.Type
	}
	if !r.caps.Has(wire.DeprecateEOF) {
		if _, err = r.upstream.ReadPacket(); err != nil {
			return r.lost(err)
		}
	}
	if !r.passable() {
		return r.giveUp(errUnprojected)
	}
	return r.rows(more)
}

// passable says whether what upstream gives as it is has the types that the definitions say.
func (r *projection) passable() bool {
	for i, it := range r.items {
		o, want := r.plan.Items[i].Output, &r.shape.columns[i]
		switch {
		case it != nil:
		case r.plan.Columns[o] != nil:
			if wire.Type(r.plan.Columns[o].Wire.Type) != want.Type {
				return false
			}
		case r.types[o] != want.Type:
			return false
		}
	}
	return true
}

// rows computes rows and sends them once it is certain that all can be.
func (r *projection) rows(more bool) error {
	r.upstream.Enlarge()
	defer r.upstream.Shrink()
	for {
		packet, err := r.upstream.ReadPacket()
		if err != nil {
			return r.lost(err)
		}
		switch {
		case wire.IsEnd(packet, r.caps):
			if err := r.release(more); err != nil {
				return err
			}
			return r.endOfRows(packet, more)
		case wire.IsError(packet):
			return r.upstreamError(packet, nil)
		}
		if err := r.next(packet, more); err != nil {
			var broken *wire.BrokenError
			if errors.As(err, &broken) {
				return err
			}
			return r.giveUp(err)
		}
	}
}

// giveUp reads what upstream still sends. An error is the client's; errUnprojected is not, nothing of an answer being sent.
func (r *projection) giveUp(cause error) error {
	err := r.abandon(cause)
	if errors.Is(cause, errUnprojected) {
		var broken *wire.BrokenError
		if errors.As(err, &broken) {
			return err
		}
		return cause
	}
	return err
}

// next computes a row.
func (r *projection) next(packet []byte, more bool) error {
	if err := r.open(packet); err != nil {
		return err
	}
	if r.sent {
		out, err := r.append(r.client.Begin())
		if err != nil {
			return err
		}
		if err := r.client.End(out); err != nil {
			return r.gone(err)
		}
		return nil
	}
	from := len(r.held)
	held, err := r.append(append(r.held, 0, 0, 0, 0))
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(held[from:], uint32(len(held)-from-4))
	if r.held = held; len(held) < projectMax {
		return nil
	}
	if !r.total {
		return errUnprojected
	}
	return r.release(more)
}

// release sends the head of the result and what is held back.
func (r *projection) release(more bool) error {
	if r.sent {
		return nil
	}
	r.sent = true
	if err := r.client.WritePacket(wire.AppendInt(nil, uint64(len(r.items)))); err != nil {
		return r.gone(err)
	}
	for _, c := range r.shape.packets {
		if err := r.client.WritePacket(c); err != nil {
			return r.gone(err)
		}
	}
	if !r.caps.Has(wire.DeprecateEOF) {
		status := r.Status &^ statusOfStatement
		if more {
			status |= wire.StatusMoreResults
		}
		if err := r.client.WritePacket(wire.EOF{Status: status}.Append(nil)); err != nil {
			return r.gone(err)
		}
	}
	for rest := r.held; len(rest) > 0; {
		n := 4 + binary.LittleEndian.Uint32(rest)
		if err := r.client.WritePacket(rest[4:n]); err != nil {
			return r.gone(err)
		}
		rest = rest[n:]
	}
	r.held = nil
	return nil
}

// open splits a row of upstream's and opens what expressions read.
func (r *projection) open(packet []byte) error {
	text, row := wire.NewTextRow(packet), wire.BinaryRow{}
	if r.binary {
		row = wire.NewBinaryRow(packet, len(r.raw))
	}
	for i := range r.raw {
		var ok bool
		if r.binary {
			r.raw[i], ok = row.Next(r.types[i])
		} else {
			r.raw[i], ok = text.Next()
		}
		if !ok {
			return wire.ErrMalformed
		}
		if r.used[i] {
			var err error
			if r.row[i], err = r.cell(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// cell opens a column of the row, nil for NULL.
func (r *projection) cell(i int) ([]byte, error) {
	o := &r.plan.Query.Outputs[i]
	if r.raw[i] == nil || o.Column == nil {
		return nil, nil
	}
	sealer := r.state.sealers[o.Table.ID]
	if sealer == nil {
		return nil, errNoSealer
	}
	r.opened++
	var err error
	if r.bufs[i], err = sealer.cells.Open(r.bufs[i][:0], o.Column.ID, r.raw[i]); err != nil {
		return nil, corrupt(o.Table, o.Column, err)
	}
	if r.bufs[i] == nil {
		r.bufs[i] = []byte{}
	}
	return r.bufs[i], nil
}

// append writes the client's row.
func (r *projection) append(out []byte) (_ []byte, err error) {
	start, nulls := len(out), 0
	if r.binary {
		out, nulls = wire.BeginBinaryRow(out, len(r.items))
	}
	for i := range r.items {
		var null bool
		if out, null, err = r.item(out, i); err != nil {
			return out[:start], err
		}
		switch {
		case !null:
		case r.binary:
			wire.SetNull(out, nulls, i)
		default:
			out = wire.AppendNull(out)
		}
	}
	return out, nil
}

// item writes one value, unless it is NULL.
func (r *projection) item(out []byte, i int) (_ []byte, null bool, err error) {
	if r.items[i] != nil {
		return r.compute(out, r.items[i])
	}
	o := r.plan.Items[i].Output
	v, col := r.raw[o], r.plan.Columns[o]
	switch {
	case v == nil:
		return out, true, nil
	case col == nil && r.binary:
		return wire.AppendValue(out, r.types[o], v), false, nil
	case col == nil:
		return wire.AppendString(out, v), false, nil
	}
	plain, err := r.cell(o)
	if err != nil {
		return out, false, err
	}
	if out, err = r.write(out, plain, col); err != nil {
		err = corrupt(r.plan.Query.Outputs[o].Table, col, err)
	}
	return out, false, err
}

// write writes a stored form.
func (r *projection) write(out, stored []byte, col *schema.Column) (_ []byte, err error) {
	if r.binary {
		return value.AppendBinary(out, stored, col, &r.vars.context)
	}
	if r.scratch, err = value.AppendText(r.scratch[:0], stored, col, &r.vars.context); err != nil {
		return out, err
	}
	return wire.AppendString(out, r.scratch), nil
}

// compute writes an expression's value.
func (r *projection) compute(out []byte, c *computed) (_ []byte, null bool, err error) {
	stored, null, ok := r.value(c)
	if !ok {
		return out, false, errUnprojected
	}
	if null {
		return out, true, nil
	}
	if out, err = r.write(out, stored, &c.column); err != nil {
		return out, false, errUnprojected
	}
	return out, false, nil
}

// value is an expression's stored form.
func (r *projection) value(c *computed) (stored []byte, null, ok bool) {
	if c.scalar.Number == nil {
		var text []byte
		text, null, ok = c.scalar.Text(c.buf[:0], r.row)
		c.buf = text
		return text, null, ok && len(text) < r.limit
	}
	v, null, ok := c.scalar.Exact(r.row)
	switch {
	case !ok || null:
		return nil, null, ok
	case c.column.Kind == schema.KindDecimal:
		return kernel.DecimalText(v, c.column.Scale), false, true
	}
	c.buf = binary.BigEndian.AppendUint64(c.buf[:0], uint64(v))
	return c.buf, false, c.fits(v)
}
