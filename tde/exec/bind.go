package exec

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// errCoerce says that a value needs the evaluator's coercion first.
var errCoerce = errors.New("exec: the evaluator must coerce this value")

// errComparand says that what a column is compared with has no token of that column's kind.
var errComparand = errors.New("exec: no token for a comparand")

// binder turns the values of one execution into cells and tokens. It is reused by its session.
type binder struct {
	state    *State
	weights  *weights
	ctx      context.Context
	args     *args
	now      time.Time
	context  value.Context
	plain    []byte // scratch: a stored form
	canon    []byte // scratch: a canonical form
	sealed   []byte // scratch: a cell
	sealings uint64 // cells since a statement was last counted
	alone    bool   // a table cannot be read beside others: no PartJoin
	totals   map[int]*total
	wide     bool     // a condition was left out: no PartTop
	keys     [][]byte // what PartKeys stand for: lists in brackets; nil: none
	limits   bool     // a PartTop was not left out: there is a LIMIT
}

func (b *binder) start(ctx context.Context, state *State, a *args) {
	b.ctx, b.state, b.args, b.now, b.keys = ctx, state, a, time.Time{}, nil
	b.context = a.vars.context
}

// bound is what one part binds: a cell or token, or NULL.
type bound struct {
	null  bool
	bytes []byte // valid until the next call
}

// bind makes a value part's cell or token. base is added to its literal's index.
func (b *binder) bind(p *plan.Part, base int) (bound, error) {
	s := b.state.sealers[p.Table.ID]
	if s == nil {
		return bound{}, errNoSealer
	}
	switch p.Form {
	case plan.Cell, plan.DefaultCell, plan.NowCell:
		plain, null, err := b.storedForm(p, base)
		if err != nil || null {
			return bound{null: null}, err
		}
		b.sealings++
		b.sealed = s.cells.Seal(b.sealed[:0], p.Column.ID, plain)
		return bound{bytes: b.sealed}, nil
	case plan.CompareToken:
		return b.compareToken(s, p, base)
	case plan.CompareOrder, plan.BelowOrder, plan.AboveOrder:
		return b.compareOrder(s, p, base)
	case plan.LikeLow, plan.LikeHigh:
		return b.like(s, p, base)
	}
	plain, null, err := b.storedForm(p, base)
	if err != nil || null {
		return bound{null: null}, err
	}
	if p.Form == plan.StorePart || p.Form == plan.DefaultPart {
		return b.part(s, plain, p.Column)
	}
	c, err := stored(b.canon[:0], plain, p.Column)
	if err != nil {
		return bound{}, err
	}
	b.canon = c.bytes
	switch p.Form {
	case plan.StoreOrder, plan.DefaultOrder, plan.NowOrder:
		return b.order(s, c, p.Column)
	}
	return b.token(s, c, p.Column)
}

func (b *binder) token(s *sealer, c canonical, col *schema.Column) (bound, error) {
	t, err := s.tokenOf(b.ctx, b.weights, c, col)
	if err != nil {
		return bound{}, err
	}
	b.sealed = append(b.sealed[:0], t[:]...)
	return bound{bytes: b.sealed}, nil
}

func (b *binder) part(s *sealer, plain []byte, col *schema.Column) (bound, error) {
	var err error
	if b.sealed, err = s.appendPart(b.ctx, b.sealed[:0], b.weights, plain, col); err != nil {
		return bound{}, err
	}
	return bound{bytes: b.sealed}, nil
}

// seal makes the cell of a stored form, or a token of what that cell stores: form is Cell, StoreToken, StoreOrder or StorePart. The result is
// valid until the next call.
func (b *binder) seal(t *schema.Table, col *schema.Column, plain []byte, form plan.Form) ([]byte, error) {
	s := b.state.sealers[t.ID]
	if s == nil {
		return nil, errNoSealer
	}
	if form == plan.Cell {
		b.sealings++
		b.sealed = s.cells.Seal(b.sealed[:0], col.ID, plain)
		return b.sealed, nil
	}
	if form == plan.StorePart {
		v, err := b.part(s, plain, col)
		return v.bytes, err
	}
	c, err := stored(b.canon[:0], plain, col)
	if err != nil {
		return nil, err
	}
	b.canon = c.bytes
	token := b.token
	if form == plan.StoreOrder {
		token = b.order
	}
	v, err := token(s, c, col)
	return v.bytes, err
}

var errNoSealer = errors.New("exec: internal error: a plan names a table without keys")

// storedForm gives what a column is to store for a part.
func (b *binder) storedForm(p *plan.Part, base int) (plain []byte, null bool, err error) {
	switch p.Form {
	case plan.DefaultCell, plan.DefaultToken, plan.DefaultOrder, plan.DefaultPart:
		return p.Column.DefaultStored, false, nil
	case plan.NowCell, plan.NowToken, plan.NowOrder:
		if b.now.IsZero() {
			b.now = time.Now()
		}
		b.context.Now = b.now
		b.plain, err = value.Now(b.plain[:0], p.Column, &b.context)
		return b.plain, false, err
	}
	i := base + p.Literal
	if v, ok := b.args.stored[i]; ok {
		return v, v == nil, nil
	}
	v, err := b.args.value(i)
	if err != nil {
		return nil, false, err
	}
	if v.Kind == value.Null {
		strict := b.args.vars.Strict && schema.Transactional(p.Table.Engine) && p.Column.Kind != schema.KindTimestamp // MariaDB makes it the time
		if p.Form != plan.Cell || !p.Column.NotNull || strict {
			return nil, true, nil
		}
		return nil, true, errCoerce // upstream would make something else of NULL
	}
	if b.args.deprecated(i) || p.Expr != nil {
		return nil, false, errCoerce
	}
	b.plain, err = value.Coerce(b.plain[:0], v, p.Column, &b.context)
	if errors.Is(err, value.ErrNeedsServer) || err == nil && p.Column.JSONCheck && !plainJSON(b.plain) {
		return nil, false, errCoerce
	}
	return b.plain, false, err
}

// plainJSON says whether a text is JSON for every parser: MariaDB's CHECK (json_valid(column)) holds then. What is not,
// or nests deep, the evaluator's own CHECK decides.
func plainJSON(b []byte) bool {
	depth, deepest := 0, 0
	for _, c := range b {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	return deepest < 16 && json.Valid(b)
}

// compareToken makes the token of what a column is compared with.
func (b *binder) compareToken(s *sealer, p *plan.Part, base int) (bound, error) {
	v, err := b.args.value(base + p.Literal)
	if err != nil {
		return bound{}, err
	}
	if v.Kind == value.Null {
		return bound{null: true}, nil
	}
	kind, bytes, weigh, err := value.Comparand(b.canon[:0], v, p.Column, &b.context)
	if errors.Is(err, value.ErrNeedsServer) {
		return bound{}, fmt.Errorf("%w: %w", errComparand, notSupported(
			"column %s.%s.%s cannot be compared with a constant of this type over ciphertext", p.Table.DB, p.Table.Name, p.Column.Name))
	}
	if err != nil {
		return bound{}, err
	}
	b.canon = bytes
	return b.token(s, canonical{kind: kind, bytes: bytes, weigh: weigh}, p.Column)
}

// appendParts renders parts as SQL text.
func (b *binder) appendParts(dst []byte, parts []plan.Part, base int, extra []byte) ([]byte, error) {
	for i := range parts {
		p := &parts[i]
		switch {
		case p.Kind == plan.PartText:
			dst = append(dst, p.Text...)
		case p.Kind == plan.PartExtra:
			if len(extra) > 0 {
				dst = append(append(append(append(dst, p.Text...), ' '), extra...), ' ')
			}
		case p.Kind == plan.PartLimit:
			dst = b.appendLimit(dst, p.Expr, base)
		case p.Kind == plan.PartKeys:
			dst = b.appendKeys(dst, p)
		case p.Kind == plan.PartJoin && (b.alone || b.open(p.Expr)):
			dst = append(dst, "TRUE"...)
		case p.Kind == plan.PartJoin:
			var err error
			if dst, err = b.appendParts(dst, p.Expr, base, nil); err != nil {
				return dst, err
			}
		case p.Kind == plan.PartTop && (b.wide || b.args.vars.SortLength < longestOrder):
		case p.Kind == plan.PartTop:
			b.limits = true
			var err error
			if dst, err = b.appendParts(dst, p.Expr, base, nil); err != nil {
				return dst, err
			}
		case p.Kind == plan.PartOrder:
			if b.args.vars.SortLength < longestOrder {
				return dst, errSortLength
			}
			dst = append(dst, p.Text...)
		case p.Kind == plan.PartCondition:
			var err error
			if dst, err = b.appendCondition(dst, p.Expr, base); err != nil {
				return dst, err
			}
		case p.Form == plan.Clear:
			dst = append(dst, b.args.raw(base+p.Literal)...)
		default:
			v, err := b.bind(p, base)
			if err != nil {
				return dst, err
			}
			dst = appendHex(dst, v)
		}
	}
	return dst, nil
}

// appendLimit renders a LIMIT, which may be left out: the evaluator says what is wrong with a value.
func (b *binder) appendLimit(dst []byte, values []plan.Part, base int) []byte {
	sum := uint64(0)
	for i := range values {
		v, err := b.args.value(base + values[i].Literal)
		if err != nil || v.Kind != value.Int {
			return dst
		}
		n, err := strconv.ParseUint(string(v.Bytes), 10, 63)
		if err != nil {
			return dst
		}
		sum += n
	}
	return strconv.AppendUint(append(dst, " LIMIT "...), sum, 10)
}

// appendCondition renders a condition that may be left out: where a value of it has no token, all rows pass.
func (b *binder) appendCondition(dst []byte, parts []plan.Part, base int) ([]byte, error) {
	start := len(dst)
	out, err := b.appendParts(dst, parts, base, nil)
	if errors.Is(err, errComparand) {
		b.wide = true
		return append(out[:start], "TRUE"...), nil
	}
	return out, err
}

// appendHex writes a bound value as a literal: hexadecimal, which means the same under every sql_mode and character set.
func appendHex(dst []byte, v bound) []byte {
	if v.null {
		return append(dst, "NULL"...)
	}
	dst = append(dst, "x'"...)
	return append(hex.AppendEncode(dst, v.bytes), '\'')
}

// appendParams binds parts for a prepared statement: one parameter each.
func (b *binder) appendParams(dst []wire.Param, parts []plan.Part, base int) ([]wire.Param, error) {
	for i := range parts {
		p := &parts[i]
		if p.Kind == plan.PartOrder && b.args.vars.SortLength < longestOrder {
			return dst, errSortLength
		}
		if p.Kind != plan.PartValue {
			continue
		}
		if p.Form == plan.Clear {
			if l := b.args.literals[base+p.Literal]; l.Kind == plan.LitParam {
				dst = append(dst, b.args.params[b.args.index[base+p.Literal]])
			}
			continue
		}
		v, err := b.bind(p, base)
		if err != nil {
			return dst, err
		}
		param := wire.Param{Type: wire.TypeBlob, Null: v.null}
		if !v.null {
			param.Value = append([]byte(nil), v.bytes...)
		}
		dst = append(dst, param)
	}
	return dst, nil
}

// appendPrepared renders parts as the text of a prepared statement: each sealed value, and each of the client's own
// parameters, is a `?`.
func appendPrepared(dst []byte, parts []plan.Part, base int, a *args) []byte {
	for i := range parts {
		switch p := &parts[i]; {
		case p.Kind == plan.PartText, p.Kind == plan.PartOrder:
			dst = append(dst, p.Text...)
		case p.Kind == plan.PartExtra:
		case p.Form == plan.Clear && a.literals[base+p.Literal].Kind != plan.LitParam:
			dst = append(dst, a.raw(base+p.Literal)...)
		default:
			dst = append(dst, '?')
		}
	}
	return dst
}
