package plan

import (
	"errors"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// loadPlan plans LOAD DATA LOCAL INFILE into a protected table: the evaluator reads the client's file as the server would.
// Without REPLACE the server does as with IGNORE, since it cannot stop the client.
func (b *block) loadPlan(s *ast.LoadDataStmt) (Plan, error) {
	target := b.env.Snapshot.Lookup(nonEmpty(s.Table.Schema.O, b.env.DB), s.Table.Name.O)
	switch {
	case !b.env.Evaluator:
		return nil, refuse("load", "LOAD DATA into an encrypted table needs the evaluator, which is off")
	case target == nil:
		return nil, refuse("insert-clear", "values of an encrypted table would be stored in a table that is not encrypted; encrypt that one, too")
	case target.IsView():
		return nil, refuseViewWrite(target)
	case s.FileLocRef != ast.FileLocClient:
		return nil, refuse("load", "LOAD DATA of a file on the upstream server into an encrypted table is not supported; use LOAD DATA LOCAL")
	case s.Format != nil || len(s.Options) > 0:
		return nil, refuse("load", "this form of LOAD DATA into an encrypted table is not supported")
	}
	b = b.again()
	q, _, err := b.storedQuery(s, s, s.Table, target)
	if need := new(definitionNeeded); errors.As(err, &need) {
		return &need.need, nil
	}
	if err != nil {
		return nil, err
	}
	replace := s.OnDuplicate == ast.OnDuplicateKeyHandlingReplace
	p := &Store{Query: q, Table: target, Ignore: !replace, Replace: replace, Counts: true, Loads: true}
	if err := b.compares(p); err != nil {
		return nil, err
	}
	p.finish()
	q.Text = b.parts(0, len(b.text))
	return p, nil
}
