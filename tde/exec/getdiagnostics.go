package exec

import (
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// codeBadCondition is ER_DA_INVALID_CONDITION_NUMBER.
const codeBadCondition = 1758

// raised is one of a statement's conditions, as SHOW WARNINGS lists them.
type raised struct {
	code uint16
	text []byte
}

// getDiagnostics gives user variables what is known of the statement before. A condition that there is none of becomes one
// more: https://dev.mysql.com/doc/refman/9.4/en/get-diagnostics.html
func (x *Session) getDiagnostics(ctx context.Context, p *plan.GetDiagnostics, more bool) error {
	before := x.found
	if p.Asks("ROW_NUMBER") && (!x.catalog.mariaDB || x.catalog.version < 100700) {
		return notSupported("GET DIAGNOSTICS … ROW_NUMBER is MariaDB's, from 10.7 on")
	}
	var c raised
	if p.Condition != "" {
		n, err := x.conditionNumber(p.Condition)
		if err != nil {
			return err
		}
		if n < 1 || n > int64(len(before.warnings)) {
			x.found.append(foundError(&wire.Error{Code: codeBadCondition, Message: "Invalid condition number"}, 0))
			return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement, Warnings: 1}, more)
		}
		if c, err = conditionOf(before.warnings[n-1]); err != nil {
			return err
		}
	}
	values := make([]string, len(p.Items))
	for i, item := range p.Items {
		var err error
		if values[i], err = x.diagnosed(item.Item, &before, &c); err != nil {
			return err
		}
	}
	if err := x.compute(ctx, p.Assigns(values)); err != nil {
		return err
	}
	x.found = before
	return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement}, more)
}

// append adds the conditions of another statement.
func (f *found) append(o found) {
	f.warnings = append(f.warnings[:len(f.warnings):len(f.warnings)], o.warnings...)
	f.count, f.errors, f.affected = f.count+o.count, f.errors+o.errors, 0
}

// conditionNumber is a number as GET DIAGNOSTICS has it: a literal, or a user variable's value; 0 where it is none.
func (x *Session) conditionNumber(text string) (int64, error) {
	if text[0] != '@' {
		n, _ := strconv.ParseInt(text, 10, 64)
		return n, nil
	}
	name := plan.VarName([]byte(text))
	v := x.userVars[name]
	if v == nil {
		columns, row, err := x.queryRow(userVarsQuery([]string{name}) + " LIMIT 1")
		if err != nil {
			return 0, err
		}
		v = newUserVar(&columns[0], row[1], string(row[2]))
	}
	n, _ := strconv.ParseInt(string(v.bytes), 10, 64)
	return n, nil
}

func conditionOf(row []byte) (c raised, err error) {
	r := wire.NewTextRow(row)
	r.Next()
	code, _ := r.Next()
	text, _ := r.Next()
	n, err := strconv.ParseUint(string(code), 10, 16)
	return raised{uint16(n), text}, err
}

// diagnosed is an item as an expression of the evaluator's.
func (x *Session) diagnosed(item string, f *found, c *raised) (string, error) {
	switch item {
	case "NUMBER":
		return fmt.Sprintf("CAST(%d AS UNSIGNED)", len(f.warnings)), nil
	case "ROW_COUNT":
		return strconv.FormatInt(f.affected, 10), nil
	case "MYSQL_ERRNO":
		return fmt.Sprintf("CAST(%d AS UNSIGNED)", c.code), nil
	case "MESSAGE_TEXT":
		text := c.text
		if charset := x.vars.ResultsCharset; charset != "" {
			var err error
			if text, err = value.Transcode(nil, text, charset, "utf8mb3"); err != nil {
				return "", notSupported("GET DIAGNOSTICS of a message that cannot be converted to utf8mb3 is not supported; SHOW WARNINGS is")
			}
		}
		return "_utf8mb3 x'" + hex.EncodeToString(text) + "'", nil
	case "ROW_NUMBER":
		n, ok := c.row()
		if !ok {
			return "", notSupported("GET DIAGNOSTICS … ROW_NUMBER of a condition whose message does not tell the row is not supported after a statement that upstream did not compute")
		}
		return fmt.Sprintf("CAST(%d AS UNSIGNED)", n), nil
	case "RETURNED_SQLSTATE":
		return "_utf8mb3'" + stateOf(c.code, x.catalog.mariaDB) + "'", nil
	case "CLASS_ORIGIN", "SUBCLASS_ORIGIN":
		if x.catalog.mariaDB {
			break // which it leaves empty but for what SIGNAL sets
		}
		return "_utf8mb3'" + originOf(stateOf(c.code, x.catalog.mariaDB), item == "CLASS_ORIGIN") + "'", nil
	}
	return "_utf8mb3''", nil
}

// rowEnd ends a message that tells the row.
var rowEnd = regexp.MustCompile(` at row ([0-9]{1,18})$`)

// row is the row that a condition of a value is of, where its message tells it.
func (c *raised) row() (n int64, ok bool) {
	m := rowEnd.FindSubmatch(c.text)
	if m == nil || !slices.Contains([]uint16{1136, 1264, 1265, 1366, 1406}, c.code) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	return n, err == nil
}

// statesOf are SQLSTATEs by which the servers differ from each other, or from what go-mysql knows.
var statesOf = map[bool]map[uint16]string{
	true:  {1366: "22007", 4025: "23000", 1264: "22003", 1265: "01000", 1292: "22007", 1003: "00000"},
	false: {1366: "HY000", 1264: "22003", 1265: "01000", 1292: "22007", 3819: "HY000"},
}

// stateOf is the SQLSTATE of a condition.
func stateOf(code uint16, mariaDB bool) string {
	if s, ok := statesOf[mariaDB][code]; ok {
		return s
	}
	if s, ok := mysql.MySQLState[code]; ok {
		return s
	}
	return mysql.DEFAULT_MYSQL_STATE
}

// originOf is who has defined a SQLSTATE's class or subclass.
func originOf(state string, class bool) string {
	const standard, own = "ISO 9075", "MySQL"
	ofClass := state[0] <= '4' || state[0] >= 'A' && state[0] <= 'H'
	ofSub := state[2] <= '4' || state[2] >= 'A' && state[2] <= 'H'
	if ofClass && (class || ofSub) {
		return standard
	}
	return own
}
