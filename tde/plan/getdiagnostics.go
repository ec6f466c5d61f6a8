package plan

import (
	"regexp"
	"slices"
	"strings"
)

// GetDiagnostics is GET DIAGNOSTICS after a statement that upstream does not know of. It gives user variables values.
type GetDiagnostics struct {
	// Condition is which condition it asks about: a number, or a user variable with its @; "" where it asks about the statement.
	Condition string
	Items     []DiagnosticsItem
}

// DiagnosticsItem gives a user variable, named in lower case without the @, what the manual calls an information item, in
// upper case.
type DiagnosticsItem struct{ Var, Item string }

func (*GetDiagnostics) plan() {}

// String implements Plan.
func (p *GetDiagnostics) String() string { return "GetDiagnostics" }

// userVar is a user variable as GET DIAGNOSTICS may have it.
const userVar = "@(?:[\\w.$]+|`[^`]+`)"

var (
	getDiagnostics = regexp.MustCompile(`(?is)^\s*get\s+(?:(current|stacked)\s+)?diagnostics\s+(?:condition\s+(\d+|` + userVar + `)\s+)?(.+?)\s*;?\s*$`)
	diagnosesItem  = regexp.MustCompile(`(?i)^\s*(` + userVar + `)\s*=\s*(\w+)\s*$`)
)

// statementItems and conditionItems are what may be asked of a statement and of a condition.
const (
	statementItems = " NUMBER ROW_COUNT "
	conditionItems = " CLASS_ORIGIN SUBCLASS_ORIGIN RETURNED_SQLSTATE MESSAGE_TEXT MYSQL_ERRNO CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME" +
		" CATALOG_NAME SCHEMA_NAME TABLE_NAME COLUMN_NAME CURSOR_NAME ROW_NUMBER "
)

// diagnosesBefore plans GET DIAGNOSTICS; nil where it is written otherwise than is read here.
func diagnosesBefore(src []byte) Plan {
	m := getDiagnostics.FindSubmatch(src)
	if m == nil || strings.EqualFold(string(m[1]), "stacked") {
		return nil
	}
	p, known := &GetDiagnostics{Condition: string(m[2])}, statementItems
	if p.Condition != "" {
		known = conditionItems
	}
	for _, text := range strings.Split(string(m[3]), ",") {
		i := diagnosesItem.FindStringSubmatch(text)
		if i == nil || !strings.Contains(known, " "+strings.ToUpper(i[2])+" ") {
			return nil
		}
		p.Items = append(p.Items, DiagnosticsItem{VarName([]byte(i[1])), strings.ToUpper(i[2])})
	}
	return p
}

// Assigns is the statement that gives the variables of Items values, in their order, by the evaluator.
func (p *GetDiagnostics) Assigns(values []string) *Split {
	s := &Split{Uses: Uses{NoRows: true, Silent: true}}
	sql := "SET "
	for i, item := range p.Items {
		if i > 0 {
			sql += ", "
		}
		sql += "@" + quote(item.Var) + " = " + values[i]
		s.Uses.UserOut = append(s.Uses.UserOut, item.Var)
	}
	s.Text = []Part{{Text: sql}}
	return s
}

// Asks says whether an item is among those that are asked for.
func (p *GetDiagnostics) Asks(item string) bool {
	return slices.ContainsFunc(p.Items, func(i DiagnosticsItem) bool { return i.Item == item })
}
