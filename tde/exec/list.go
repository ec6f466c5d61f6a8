package exec

import (
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Bounds of lists of keys.
const (
	mostKeys = 20_000
	// enoughRows is how many rows are looked at before a list of a large part of them is given up.
	enoughRows = 1000
	// probeRows are read first.
	probeRows = 2 * enoughRows
	mostShare = 4 // of the rows: one in four
)

// narrows says whether lists narrow a fetch.
func narrows(parts []plan.Part) bool {
	return slices.ContainsFunc(parts, func(p plan.Part) bool { return p.Kind == plan.PartKeys || p.Kind == plan.PartJoin && narrows(p.Expr) })
}

// listed marks the lists that narrow a fetch.
func listed(parts []plan.Part, used []bool) {
	for i := range parts {
		switch p := &parts[i]; p.Kind {
		case plan.PartKeys:
			used[p.Literal] = true
		case plan.PartJoin:
			listed(p.Expr, used)
		}
	}
}

// appendKey writes a key as a literal: a token in hexadecimal, or an integer.
func appendKey(dst []byte, c *schema.Column, v []byte) (out []byte, ok bool) {
	if c.Storage != schema.StoredClear {
		return append(hex.AppendEncode(append(dst, "x'"...), v), '\''), len(v) > 0
	}
	if _, err := strconv.ParseInt(string(v), 10, 64); err != nil {
		if _, err := strconv.ParseUint(string(v), 10, 64); err != nil {
			return dst, false
		}
	}
	return append(dst, v...), true
}

// appendKeys renders the condition that a column is in a list.
func (b *binder) appendKeys(dst []byte, p *plan.Part) []byte {
	if p.Literal >= len(b.keys) || b.keys[p.Literal] == nil {
		return append(dst, "TRUE"...)
	}
	return append(append(append(dst, p.Text...), " IN "...), b.keys[p.Literal]...)
}

// open says whether nothing is left of a semi-join's conditions: they are lists that are open.
func (b *binder) open(parts []plan.Part) bool {
	for i := range parts {
		switch p := &parts[i]; {
		case i == 0 || p.Kind == plan.PartText && (p.Text == " AND " || p.Text == ")"):
		case p.Kind == plan.PartKeys && (p.Literal >= len(b.keys) || b.keys[p.Literal] == nil):
		case p.Kind == plan.PartJoin && b.open(p.Expr):
		default:
			return false
		}
	}
	return true
}
