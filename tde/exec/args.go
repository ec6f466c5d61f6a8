package exec

import (
	"bytes"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// args are the literals and parameters of one execution, in the order of the plan's indexes.
type args struct {
	src      []byte         // the statement
	literals []plan.Literal // of the statement; of kind LitParam where params has the value
	params   []wire.Param
	index    []int // of each LitParam literal in params
	mode     plan.Mode
	vars     *Vars
	// stored are values that the evaluator has coerced, by literal; a nil value is NULL.
	stored map[int][]byte
	// inlined are the parameters as SQL, for a prepared UPDATE that the proxy sends as text.
	inlined [][]byte
}

// value reads argument i.
func (a *args) value(i int) (value.Value, error) {
	l := a.literals[i]
	var v value.Value
	var err error
	if l.Kind == plan.LitParam {
		if a.params == nil || a.index[i] >= len(a.params) {
			return v, errLiteral
		}
		v, err = paramValue(&a.params[a.index[i]], a.vars.ClientCharset)
	} else {
		v, err = literalValue(a.src, l, a.mode, a.vars.ClientCharset)
	}
	if a.vars.emptyIsNull && len(v.Bytes) == 0 && (l.Kind == plan.LitString || l.Kind == plan.LitParam) &&
		(v.Kind == value.String || v.Kind == value.Binary) {
		return value.Value{Kind: value.Null}, err
	}
	if err != nil || v.Kind != value.String || a.introduced(l) || a.vars.ClientCharset == a.vars.ConnectionCharset {
		return v, err
	}
	// As the server does before anything else: from character_set_client to character_set_connection.
	v.Bytes, err = value.Transcode(nil, v.Bytes, v.Charset, a.vars.ConnectionCharset)
	v.Charset = a.vars.ConnectionCharset
	return v, err
}

// introduced says whether a literal names its own character set, which the server does not convert.
func (a *args) introduced(l plan.Literal) bool {
	if l.Kind == plan.LitParam {
		return false
	}
	c := a.src[l.Start]
	return l.Kind != plan.LitString || c == '_' || c == 'N' || c == 'n'
}

// deprecated says whether the server warns of a literal as it is written: MySQL does of N'…' and of utf8mb3's introducers.
func (a *args) deprecated(i int) bool {
	l := a.literals[i]
	if a.mode.MariaDB || l.Kind != plan.LitString {
		return false
	}
	c := a.src[l.Start]
	return c == 'N' || c == 'n' || c == '_' && bytes.HasPrefix(bytes.ToLower(a.src[l.Start:min(l.End, l.Start+8)]), []byte("_utf8mb3")) ||
		c == '_' && bytes.HasPrefix(bytes.ToLower(a.src[l.Start:min(l.End, l.Start+6)]), []byte("_utf8'"))
}

// raw is argument i as the statement has it.
func (a *args) raw(i int) []byte {
	if l := a.literals[i]; l.Kind != plan.LitParam || a.inlined == nil {
		return a.src[l.Start:l.End]
	}
	return a.inlined[a.index[i]]
}
