package exec

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// userVar is a user variable that a Split has assigned. Its value comes of plaintext, or of constants that could be bound for
// an encrypted column, so that it stays here: upstream's variable of the name is another.
type userVar struct {
	set       string // what gives the evaluator's variable value, type and collation
	literal   string // the value as a statement may have it
	collation string // of a text, else ""
	null      bool
	bytes     []byte // of the value
	kind      wire.Type
	unsigned  bool
	unset     bool   // it was never assigned
	constant  bool   // the value is made of the client's constants alone: upstream may see it where it must
	expr      string // of USING, where it names no variable: it has a type that no variable has
}

// instead is a statement in which the values of user variables stand for their names.
type instead struct {
	src      []byte // with the values
	original []byte
	writes   []string // variables that the statement assigns upstream
	// after notes what becomes of it when it has gone upstream, in vain where failed is true; nil: nothing is noted.
	after func(failed bool)
}

// derived are the names among some that variables of this session have.
func (x *Session) derived(names []string) (out []string) {
	for _, n := range names {
		if _, ok := x.userVars[n]; ok && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// named says whether a text that nobody can read could name one of this session's variables, or look at all of them.
func (x *Session) named(src []byte) bool {
	if len(x.userVars) == 0 {
		return false
	}
	return bytes.IndexByte(src, '@') >= 0 || bytes.Contains(bytes.ToLower(src), []byte("user_variables"))
}

// errUserVar refuses a statement that would need a value upstream.
func errUserVar(names ...string) error {
	return notSupported("user variable @%s has a value that comes of an encrypted table; this statement would show it to upstream",
		strings.Join(names, ", @"))
}

// mayShow refuses a statement that would store a value of this session's variables in a column which upstream has in clear.
func (x *Session) mayShow(p *plan.Split) error {
	if names := x.secret(p.ClearVars); len(names) > 0 {
		return errUserVar(names...)
	}
	return nil
}

// errUnread refuses a statement that nobody here can read while there are such variables.
var errUnread error = notSupported("this statement could not be read and could name a user variable whose value comes of an encrypted table")

// planUserVars plans a statement that names user variables of this session; done says that it did.
func (x *Session) planUserVars(ctx context.Context, src []byte) (p plan.Plan, done bool, err error) {
	if bytes.Contains(bytes.ToLower(src), []byte("user_variables")) {
		if err := x.handOver(); err != nil {
			return nil, true, err
		}
		if len(x.userVars) == 0 {
			return nil, false, nil
		}
		return nil, true, notSupported("a list of user variables while some have values that come of encrypted tables is not supported")
	}
	uses := plan.UserVarsOf(src, x.vars.mode)
	x.instead.writes = x.derived(uses.Writes)
	reads := x.derived(uses.Reads)
	if len(reads) == 0 {
		return nil, false, nil
	}
	upstream := false // can do it, with the variables
	if len(x.secret(reads)) == 0 {
		if upstream, err = x.upstreams(ctx, src, uses.Computes); err != nil {
			return nil, true, err
		}
	}
	if len(uses.Writes) == 0 && (uses.Computes || uses.Stores) {
		p, err = x.planInstead(ctx, src, x.userVars)
		if p != nil || err != nil {
			return p, true, err
		}
	}
	if upstream {
		return x.planShown(src)
	}
	x.instead.src = nil
	if uses.Computes {
		p, err = x.planEvaluate(ctx, src)
		_, refused := p.(*plan.Refuse)
		if !refused || len(x.secret(reads)) > 0 {
			return p, true, err
		}
	}
	if names := x.secret(reads); len(names) > 0 {
		return nil, true, errUserVar(names...)
	}
	return x.planShown(src)
}

// planEvaluate plans a statement for the evaluator alone.
func (x *Session) planEvaluate(ctx context.Context, src []byte) (plan.Plan, error) {
	if x.catalog.evaluator == nil {
		return nil, errNoEvaluator
	}
	x.instead.src = nil
	if err := x.lexer.Lex(src, x.vars.mode); err != nil {
		return nil, err
	}
	env := x.env()
	env.Evaluate = true
	return x.plan(ctx, src, env)
}

// planInstead plans a statement with values in place of its variables; nil where it would show one to upstream, or where a
// value is compared otherwise than a literal.
func (x *Session) planInstead(ctx context.Context, src []byte, values map[string]*userVar) (plan.Plan, error) {
	text, spans, vars := x.withValues(src, values)
	if err := x.lexer.Lex(text, x.vars.mode); err != nil || x.lexer.More {
		return nil, nil
	}
	of := make([]*userVar, len(x.lexer.Literals))
	for i, l := range x.lexer.Literals {
		for j, s := range spans {
			if l.Start >= s.Start && l.Start < s.End {
				of[i], vars[j] = vars[j], nil
			}
		}
	}
	for _, v := range vars {
		if v != nil && !v.null {
			return nil, nil // it is no literal where it stands
		}
	}
	p, err := x.plan(ctx, text, x.env())
	if err != nil || evaluates(p) || plan.Reveals(p, x.lexer.Rows, x.lexer.RowWidth, func(i int) bool { return of[i] != nil }) {
		return nil, nil //nolint:nilerr // another way is tried
	}
	for _, v := range of {
		if v != nil && v.collation != "" && plan.Compares(p, v.collation, func(i int) bool { return of[i] == v }) {
			return nil, nil
		}
	}
	x.instead.src, x.instead.original = text, bytes.Clone(src)
	return p, nil
}

// planStored plans a statement that stores upstream's own user variables in encrypted columns, which was refused as it
// is: nil where that cannot be.
func (x *Session) planStored(ctx context.Context, src []byte) (plan.Plan, error) {
	uses := plan.UserVarsOf(src, x.vars.mode)
	if !uses.Stores || len(uses.Reads) == 0 || len(uses.Writes) > 0 {
		return nil, nil
	}
	columns, row, err := x.queryRow(userVarsQuery(uses.Reads))
	if err != nil {
		return nil, err
	}
	values := map[string]*userVar{}
	for i, n := range uses.Reads {
		values[n] = newUserVar(&columns[3*i], row[3*i+1], string(row[3*i+2]))
	}
	return x.planInstead(ctx, src, values)
}

// withValues puts literals in place of variables, and tells where they are. Space around them keeps them apart.
func (x *Session) withValues(src []byte, values map[string]*userVar) (text []byte, spans []plan.Literal, vars []*userVar) {
	lx := plan.Lexer{}
	_ = lx.Lex(src, x.vars.mode) // it has been read before
	last := 0
	for _, at := range lx.Vars {
		v := values[plan.VarName(src[at.Start:at.End])]
		if v == nil {
			continue
		}
		text = append(append(text, src[last:at.Start]...), ' ')
		start := len(text)
		text = append(append(text, v.literal...), ' ')
		spans, vars, last = append(spans, plan.Literal{Start: start, End: len(text)}), append(vars, v), at.End
	}
	return append(text, src[last:lx.End]...), spans, vars
}

// keepUserVars reads what a Split has assigned from the evaluator.
func (s *splitRun) keepUserVars() error {
	names := s.plan.Uses.UserOut
	if len(names) == 0 {
		return nil
	}
	var row [][]byte
	defs, err := s.ask(userVarsQuery(names), func(packet []byte) error {
		t := wire.NewTextRow(packet)
		for {
			v, ok := t.Next()
			if !ok {
				return t.Err()
			}
			if v != nil {
				v = append([]byte{}, v...)
			}
			row = append(row, v)
		}
	})
	if err != nil {
		return err
	}
	if len(row) != 3*len(names) {
		return s.evaluated(wire.ErrMalformed)
	}
	constant := s.plan.Uses.Constants && len(s.secret(s.plan.Uses.UserIn)) == 0
	for i, name := range names {
		var c wire.Column
		if err := c.Decode(defs[3*i], s.caps); err != nil {
			return err
		}
		v := newUserVar(&c, row[3*i+1], string(row[3*i+2]))
		if old := s.preset[name]; old != nil && old.same(v) {
			continue // upstream's own, as it was
		}
		v.constant = constant
		if s.userVars == nil {
			s.userVars = map[string]*userVar{}
		}
		s.userVars[name] = v
		if s.userVarBytes() > maxUserVars {
			delete(s.userVars, name)
			return notSupported("user variables with values that come of encrypted tables take more than %d bytes in this session", maxUserVars)
		}
	}
	return nil
}

// maxUserVars bounds what a session's variables take.
const maxUserVars = 64 << 20

func (x *Session) userVarBytes() (n int) {
	for name, v := range x.userVars {
		n += len(name) + len(v.bytes) + len(v.literal) + len(v.set)
	}
	return n
}

// userVarsQuery asks for variables: of each its value, its bytes and its collation.
func userVarsQuery(names []string) string {
	exprs := make([]string, 0, 3*len(names))
	for _, n := range names {
		v := "@" + quoteName(n)
		exprs = append(exprs, v, "CAST("+v+" AS BINARY)", "CONVERT(COLLATION("+v+") USING ascii)")
	}
	return "SELECT " + strings.Join(exprs, ", ")
}

// newUserVar makes one of a column that shows it and of its bytes.
func newUserVar(c *wire.Column, raw []byte, collation string) *userVar {
	v := &userVar{null: raw == nil, literal: string(raw), bytes: raw, kind: c.Type, unsigned: c.Flags&wire.FlagUnsigned != 0}
	if v.null {
		v.literal = "NULL"
	}
	switch c.Type {
	case wire.TypeTiny, wire.TypeShort, wire.TypeInt24, wire.TypeLong, wire.TypeLongLong, wire.TypeYear:
		v.set = "CAST(" + v.literal + " AS SIGNED)"
		if c.Flags&wire.FlagUnsigned != 0 {
			v.set = "CAST(" + v.literal + " AS UNSIGNED)"
		}
	case wire.TypeNewDecimal, wire.TypeDecimal:
		v.set = v.literal
		if v.null {
			v.set = "NULLIF(0.0, 0.0)" // has a type, which a bare NULL has not
		}
	case wire.TypeFloat, wire.TypeDouble:
		if !v.null && !strings.ContainsAny(v.literal, "eE") {
			v.literal += "e0"
		}
		v.set = v.literal
		if v.null {
			v.set = "NULLIF(0e0, 0e0)"
		}
	default:
		v.text(raw, collation)
		v.unset = v.null && collation == "binary" && c.Length != lengthOfNull
	}
	return v
}

// lengthOfNull is the length, in bytes, of a variable that was set to NULL; one that was never set has another.
const lengthOfNull = 1<<24 - 1

// text makes the literals of a text.
func (v *userVar) text(raw []byte, collation string) {
	charset, _, _ := strings.Cut(collation, "_")
	v.collation, v.set = collation, v.literal
	if !v.null {
		v.literal = "_" + charset + " x'" + hex.EncodeToString(raw) + "'"
		v.set = v.literal
	}
	switch {
	case collation == "binary":
	case v.null:
		v.set = "CONVERT(NULL USING " + charset + ") COLLATE " + collation
	default:
		v.set += " COLLATE " + collation
	}
}

// same says whether nobody can tell two values apart.
func (v *userVar) same(o *userVar) bool {
	return v.null == o.null && v.kind == o.kind && v.unsigned == o.unsigned && v.set == o.set && v.unset == o.unset && bytes.Equal(v.bytes, o.bytes)
}

// variables gives the evaluator's variable its value.
func (v *userVar) variables(name string, out []evaluator.Variable) []evaluator.Variable {
	if v.unset {
		return out
	}
	return append(out, evaluator.Variable{Name: "@" + name, Value: v.set})
}

// param is the value as a parameter of a prepared statement, in the client's character set.
func (v *userVar) param(charset string) (wire.Param, error) {
	switch {
	case v.null:
		return wire.Param{Type: wire.TypeNull, Null: true}, nil
	case v.kind == wire.TypeFloat || v.kind == wire.TypeDouble:
		f, err := strconv.ParseFloat(v.literal, 64)
		return wire.Param{Type: wire.TypeDouble, Value: binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))}, err
	case v.collation == "binary":
		return wire.Param{Type: wire.TypeBlob, Value: v.bytes}, nil
	case v.collation != "":
		of, _, _ := strings.Cut(v.collation, "_")
		text, err := value.Transcode(nil, v.bytes, of, charset)
		return wire.Param{Type: wire.TypeVarString, Value: text}, err
	case v.kind == wire.TypeNewDecimal || v.kind == wire.TypeDecimal:
		return wire.Param{Type: wire.TypeNewDecimal, Value: v.bytes}, nil
	case v.unsigned:
		n, err := strconv.ParseUint(v.literal, 10, 64)
		return wire.Param{Type: wire.TypeLongLong, Unsigned: true, Value: binary.LittleEndian.AppendUint64(nil, n)}, err
	}
	n, err := strconv.ParseInt(v.literal, 10, 64)
	return wire.Param{Type: wire.TypeLongLong, Value: binary.LittleEndian.AppendUint64(nil, uint64(n))}, err
}

// forgetUserVars drops variables that have got a value of upstream's own.
func (x *Session) forgetUserVars(names []string) {
	for _, n := range names {
		delete(x.userVars, n)
	}
}
