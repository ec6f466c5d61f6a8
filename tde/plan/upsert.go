package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// upserts plans ON DUPLICATE KEY UPDATE where all that it sets is what the row would have been: column = VALUES(column). Upstream then
// decides which rows are there already, and no value is computed that depends on one.
func (b *block) upserts(s *ast.InsertStmt, p *Store) error {
	t := p.Table
	switch {
	case len(s.OnDuplicate) == 0:
		return nil
	case s.IgnoreErr || !schema.Transactional(t.Engine) || len(t.Checks) > 0:
		return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE on this encrypted table, or with IGNORE, is not supported")
	case slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Generated || c.OnUpdateNow }):
		return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE on an encrypted table with generated or ON UPDATE columns is not supported")
	}
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; ix.Unique || ix.Name == "PRIMARY" {
			p.Keys = append(p.Keys, ix)
		}
	}
	for _, a := range s.OnDuplicate {
		v, ok := unparen(a.Expr).(*ast.ValuesExpr)
		c := t.Column(a.Column.Name.O)
		if c == nil && !strings.HasPrefix(strings.ToLower(a.Column.Name.O), schema.Prefix) {
			continue // the evaluator has the server's error
		}
		if !ok || c == nil || t.Column(v.Column.Name.Name.O) != c || slices.Contains(p.Update, c) {
			return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE of an encrypted table by anything but column = VALUES(column) is not supported")
		}
		if slices.ContainsFunc(p.Keys, func(ix *schema.Index) bool { return covers(ix, c) }) {
			return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE of column %s, which a unique key has, is not supported", quote(c.Name))
		}
		p.Update = append(p.Update, c)
	}
	for _, ix := range p.Keys {
		for _, part := range ix.Parts {
			if c := t.Column(part.Column); c == nil || part.Prefix > 0 || sealed(c) != nil && !c.Token {
				return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE with a unique key on an expression or a prefix is not supported")
			}
		}
	}
	return nil
}
