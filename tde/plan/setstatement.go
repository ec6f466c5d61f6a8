package plan

import "strings"

// SetStatement is MariaDB's SET STATEMENT … FOR a statement on encrypted tables: variables have other values while it runs.
type SetStatement struct {
	Names    []string // of the variables, in lower case
	From, To int      // the assignments in the template, which has its literals
	Start    int      // where the statement begins in it
	Of       Plan     // of the statement, under the variables as they are
}

func (*SetStatement) plan() {}

// String implements Plan.
func (p *SetStatement) String() string {
	return "SetStatement " + strings.Join(p.Names, ", ") + "\n  for:      " + strings.ReplaceAll(p.Of.String(), "\n", "\n  ")
}

// keptVariables cannot be put back as they were, or say how the statement itself is read.
const keptVariables = " timestamp insert_id last_insert_id identity rand_seed1 rand_seed2 autocommit pseudo_thread_id pseudo_slave_mode" +
	" tx_isolation transaction_isolation tx_read_only transaction_read_only character_set_client character_set_connection" +
	" character_set_results character_set_database character_set_server character_set_filesystem collation_connection" +
	" collation_database collation_server "

// setStatement plans SET STATEMENT by the statement that it runs: nil where the whole is to be looked at as a text that nobody
// can read.
func (h *head) setStatement(env *Env) Plan {
	if !env.Mode.MariaDB || env.Snapshot.Len() == 0 && env.Rules.Empty() {
		return nil
	}
	p := h.assignments()
	if p == nil {
		return refuse("unreadable", "this SET STATEMENT could not be read; SET the variables by themselves")
	}
	src := h.text[p.Start:]
	lx := Lexer{}
	if err := lx.Lex([]byte(src), env.Mode); err != nil || lx.More {
		return refuse("unreadable", "this SET STATEMENT could not be read; SET the variables by themselves")
	}
	inner := *env
	inner.Split = inner.Evaluator
	p.Of = Build(Statement{Template: string(lx.Template), Source: src, Rows: lx.Rows}, &inner)
	env.Absent = inner.Absent
	switch of := p.Of.(type) {
	case *NeedTable, *NeedTables, *Refuse:
		return of
	case *PassThrough:
		return &PassThrough{Effects: Effects{Session: true, Schema: true}, Calls: of.Calls}
	case *ExecuteText, *Split, *Store, *Replay, *Explain, *CreateTable, *CreateSelect, *CreateView, *DropTable, *AlterTable, *RenameTables:
	default:
		return refuse("set-statement", "SET STATEMENT … FOR this statement is not supported where tables are encrypted; SET the variables by themselves")
	}
	for _, name := range p.Names {
		if among(keptVariables, name) {
			return refuse("set-statement", "SET STATEMENT of %s for a statement on an encrypted table is not supported", name)
		}
	}
	return p
}

// assignments reads SET STATEMENT name = expression, … FOR; nil where they are none, or have a query.
func (h *head) assignments() *SetStatement {
	if len(h.tokens) < 3 {
		return nil
	}
	p := &SetStatement{From: h.tokens[2].Start}
	depth, begins := 0, true
	for i := 2; i < len(h.tokens); i++ {
		switch w := h.word(i); {
		case begins:
			name, ok := h.ident(i)
			if begins = false; !ok || h.word(i+1) != "=" {
				return nil
			}
			p.Names = append(p.Names, strings.ToLower(name))
		case w == "(":
			depth++
		case w == ")":
			depth--
		case w == "SELECT" || w == "VALUE" || w == "VALUES" || w == "TABLE" || w == "STATEMENT":
			return nil
		case w == "," && depth == 0:
			begins = true
		case w == "FOR" && depth == 0:
			p.To, p.Start = h.tokens[i].Start, h.tokens[i].End
			return p
		}
	}
	return nil
}
