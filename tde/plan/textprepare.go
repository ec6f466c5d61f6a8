package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// PrepareText is PREPARE … FROM. The session decides by the statement in it who keeps it.
type PrepareText struct {
	Name string // in lower case
	Text string // the statement, unless
	Var  string // the user variable has it
	// Fails is why it cannot be prepared: all that it does is to do away with the statement that had its name.
	Fails *Refuse
}

// ExecuteText is EXECUTE … USING.
type ExecuteText struct {
	Name  string   // in lower case
	Using []string // user variables, in lower case
	// Exprs are expressions in place of Using, which the evaluator computes.
	Exprs   []string
	Written string // the name as it was written, where there are Exprs
	// Immediate is EXECUTE IMMEDIATE: Text is the expression that gives the statement, the one of its elements.
	Immediate bool
	Text      []string
}

// DeallocateText is DEALLOCATE PREPARE.
type DeallocateText struct{ Name string }

func (*PrepareText) plan()    {}
func (*ExecuteText) plan()    {}
func (*DeallocateText) plan() {}

// String implements Plan.
func (p *PrepareText) String() string { return "PrepareText " + quote(p.Name) }

// String implements Plan.
func (p *ExecuteText) String() string {
	out := "ExecuteText " + quote(p.Name)
	if p.Immediate {
		out = "ExecuteText of a text"
	}
	if p.Exprs != nil {
		out += " using expressions"
	}
	return out
}

// String implements Plan.
func (p *DeallocateText) String() string { return "DeallocateText " + quote(p.Name) }

// textPrepared plans the statements of SQL that prepare others; nil is another.
func textPrepared(node ast.StmtNode) Plan {
	switch s := node.(type) {
	case *ast.PrepareStmt:
		p := &PrepareText{Name: strings.ToLower(s.Name), Text: s.SQLText}
		if s.SQLVar != nil {
			p.Var = strings.ToLower(s.SQLVar.Name)
		}
		return p
	case *ast.ExecuteStmt:
		p := &ExecuteText{Name: strings.ToLower(s.Name)}
		for _, u := range s.UsingVars {
			v, ok := u.(*ast.VariableExpr)
			if !ok || v.IsSystem || v.Value != nil {
				return refuse("prepare", "EXECUTE … USING anything but user variables is not supported where tables are encrypted")
			}
			p.Using = append(p.Using, strings.ToLower(v.Name))
		}
		return p
	case *ast.DeallocateStmt:
		return &DeallocateText{Name: strings.ToLower(s.Name)}
	}
	return nil
}

// HasValue says whether the first n literals of a SELECT, or those that an ORDER BY or GROUP BY could take for a position, are
// among some: it makes a difference to its answer then that they are parameters.
func HasValue(src []byte, literals []Literal, parameter func(i int) bool) bool {
	low := strings.ToLower(string(src))
	from, by := strings.Index(low, "from"), strings.LastIndex(low, " by ")
	for i, l := range literals {
		if parameter(i) && (l.Start < from || by >= 0 && l.Start > by) {
			return true
		}
	}
	return false
}
