package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Explain is EXPLAIN of a statement on encrypted tables: it answers with the statement's plan.
type Explain struct {
	Of      Plan
	Start   int  // where the statement begins in the template, which has its literals
	Analyze bool // the statement, which only reads, runs as well, and its answer is figures: EXPLAIN ANALYZE, and MariaDB's ANALYZE
}

func (*Explain) plan() {}

// String implements Plan.
func (p *Explain) String() string {
	if p.Analyze {
		return "Analyze " + p.Of.String()
	}
	return "Explain " + p.Of.String()
}

// ExplainColumns are the columns of a plan's Rows.
var ExplainColumns = []string{"step", "detail", "remark"}

// explainPlan plans the statement that EXPLAIN names.
func (b *block) explainPlan(s *ast.ExplainStmt) (Plan, error) {
	if _, shows := s.Stmt.(*ast.ShowStmt); shows || s.Analyze && b.env.Mode.MariaDB {
		return nil, refuse("statement", "this statement on an encrypted table is not supported")
	}
	if !b.env.Mode.MariaDB && len(b.tokens) > 1 && (b.is(1, "EXTENDED") || b.is(1, "PARTITIONS")) {
		return nil, refuse("statement", "this statement on an encrypted table is not supported")
	}
	p, err := b.explainRest()
	if s.Analyze && err == nil {
		return analyzed(p), nil
	}
	return p, err
}

// analyzed makes a plan one that runs the statement.
func analyzed(p Plan) Plan {
	e, ok := p.(*Explain)
	if !ok {
		return p
	}
	switch of := e.Of.(type) {
	case *Split:
		e.Analyze = !of.Uses.NoRows && len(of.Uses.UserOut) == 0
	case *Rewrite:
		e.Analyze = of.Verb == "SELECT"
	}
	if !e.Analyze {
		return refuse("statement", "EXPLAIN ANALYZE and ANALYZE of a statement on an encrypted table that does more than read are not supported; EXPLAIN is")
	}
	return e
}

// analyzeUnread plans MariaDB's ANALYZE [FORMAT = …] of a query; nil where it is another statement.
func (b *block) analyzeUnread() Plan {
	if !b.env.Mode.MariaDB || len(b.tokens) < 2 || !b.is(0, "ANALYZE") {
		return nil
	}
	i := 1
	if b.is(i, "FORMAT") {
		i += 3
	}
	if i >= len(b.tokens) || !b.is(i, "SELECT") && !b.is(i, "WITH") && !b.is(i, "(") {
		return nil
	}
	p, err := b.explainRest()
	if err != nil {
		return nil
	}
	if e, ok := p.(*Explain); ok {
		if _, passes := e.Of.(*PassThrough); passes {
			return nil
		}
	}
	return analyzed(p)
}

// explainUnread plans EXPLAIN of a SELECT that the parser cannot read, so that the server says what is wrong with it; nil where
// it is another statement.
func (b *block) explainUnread() Plan {
	if p := b.analyzeUnread(); p != nil || len(b.tokens) == 0 || b.word("ANALYZE") >= 0 {
		return p
	}
	switch strings.ToUpper(b.text[b.tokens[0].Start:b.tokens[0].End]) {
	case "EXPLAIN", "DESCRIBE", "DESC":
	default:
		return nil
	}
	p, err := b.explainRest()
	if err != nil {
		return nil
	}
	if e, ok := p.(*Explain); ok {
		if _, split := e.Of.(*Split); !split {
			return nil
		}
	}
	return p
}

// explainRest plans what follows EXPLAIN and its options.
func (b *block) explainRest() (Plan, error) {
	start := -1
	for i := 1; i < len(b.tokens) && start < 0; i++ {
		t := b.tokens[i]
		switch strings.ToUpper(b.text[t.Start:t.End]) {
		case "SELECT", "WITH", "INSERT", "REPLACE", "UPDATE", "DELETE", "TABLE", "VALUES", "(":
			start = t.Start
		}
	}
	if start < 0 {
		return nil, refuse("statement", "EXPLAIN of this statement on an encrypted table is not supported")
	}
	src := b.text[start:]
	lx := Lexer{}
	if err := lx.Lex([]byte(src), b.env.Mode); err != nil {
		return nil, refuse("unreadable", "EXPLAIN of this statement could not be read; write it more plainly")
	}
	switch p := Build(Statement{Template: string(lx.Template), Source: src, Rows: lx.Rows}, b.env).(type) {
	case *NeedTable, *NeedTables, *Refuse:
		return p, nil
	default:
		return &Explain{Of: p, Start: start}, nil
	}
}

// Explained are the rows that tell a plan: a step, what is done, and a remark. They hold no value.
func Explained(p Plan) [][]string {
	switch p := p.(type) {
	case *Split:
		return p.explained()
	case *Store:
		return p.explained()
	case *Replay:
		return p.explained()
	case *Refuse:
		return [][]string{{"refused", p.Err.Message, ""}}
	case *PassThrough:
		return [][]string{{"upstream", "the statement as it is", "no encrypted table is involved"}}
	case *Rewrite:
		rows := [][]string{{"upstream", partsString(p.Head) + partsString(p.Row) + partsString(p.Tail), "over ciphertext, whole"}}
		for _, o := range p.Outputs {
			if o.Column != nil {
				rows = append(rows, []string{"proxy", "opens " + columnName(o.Table, o.Column), ""})
			}
		}
		return rows
	case *ReadModifyWrite:
		return [][]string{
			{"upstream", partsString(p.Fetch), "reads and locks the rows, for the exact number of those that change"},
			{"upstream", partsString(p.Update), "in the same transaction"},
		}
	}
	name, _, _ := strings.Cut(p.String(), "\n")
	return [][]string{{"proxy", name, ""}}
}

func (p *Split) explained() (rows [][]string) {
	for i := range p.Fetches {
		f := &p.Fetches[i]
		if f.Table.Sequence() {
			rows = append(rows, []string{"evaluator", tableName(f.Table), "a sequence, whose rows are in its name"})
			continue
		}
		remark := "the rows that its conditions leave"
		if f.Full {
			remark = "all rows of " + tableName(f.Table)
		}
		rows = append(rows, []string{"fetch", partsString(f.SQL), remark})
		for j := range f.Stayed {
			s := &f.Stayed[j]
			rows = append(rows, []string{"stays", s.Text, strings.TrimSuffix(s.Why+"; "+s.Remedy(), "; ")})
		}
	}
	for _, v := range p.Views {
		rows = append(rows, []string{"evaluator", "view " + tableName(v.View), "over all rows of the tables that it reads"})
	}
	rows = append(rows, []string{"evaluator", partsString(p.Text), "over the rows that were fetched"})
	if q := p.Projection; q != nil {
		rows = append(rows, []string{"upstream", partsString(q.Query.Head), "instead of all that, once it is known what the result's columns are"})
		for _, it := range q.Items {
			if it.Expr != nil {
				rows = append(rows, []string{"proxy", "computes " + it.Expr.print(q.Columns), ""})
			}
		}
	}
	return rows
}

// Remedy says which index would let upstream decide the condition; "" where none would.
func (s *Stayed) Remedy() string {
	switch {
	case s.Column == nil:
		return ""
	case strings.HasPrefix(s.Why, "no index on "):
		return remedy(s.Table, s.Column, "equality")
	case strings.HasPrefix(s.Why, "range of "), strings.HasPrefix(s.Why, "pattern over ") && likeable(s.Column):
		if _, ok := s.Column.OrderKey(); ok && !s.Column.Order {
			return remedy(s.Table, s.Column, "range")
		}
	}
	return ""
}

func remedy(t *schema.Table, c *schema.Column, index string) string {
	text := `[[column]] name = "` + columnName(t, c) + `" index = "` + index + `" would push it`
	if index == "equality" {
		text += ", or an index that begins with the column"
	}
	return text
}
