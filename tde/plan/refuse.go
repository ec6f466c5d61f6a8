package plan

import (
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// codeNotSupported is ER_NOT_SUPPORTED_YET; its SQLSTATE is 42000.
const codeNotSupported = 1235

// codeAmbiguous is ER_NON_UNIQ_ERROR.
const codeAmbiguous = 1052

// refuse makes a refusal. reason is a short stable word; what must hold no value of the statement.
func refuse(reason, format string, args ...any) *Refuse {
	msg := "tdeproxy: " + fmt.Sprintf(format, args...)
	return &Refuse{Reason: reason, Err: &wire.Error{Code: codeNotSupported, State: "42000", Message: msg}}
}

// refuseMySQL makes a refusal in the server's own words.
func refuseMySQL(reason string, code uint16, state, message string) *Refuse {
	return &Refuse{Reason: reason, Err: &wire.Error{Code: code, State: state, Message: message}}
}

// refuseAbsent is ER_NO_SUCH_TABLE.
func refuseAbsent(db, name string) *Refuse {
	r := refuseMySQL("no-table", 1146, "42S02", "Table '"+db+"."+name+"' doesn't exist")
	r.DB = db
	return r
}

// unknownColumn is ER_BAD_FIELD_ERROR in the words of the server's flavour for a clause.
func unknownColumn(name, clause string, mode Mode) *Refuse {
	if !mode.MariaDB {
		clause = "field list"
	}
	return refuseMySQL("unknown-column", 1054, "42S22", "Unknown column '"+name+"' in '"+clause+"'")
}

// Error lets a refusal travel as an error inside the planner.
func (r *Refuse) Error() string { return r.Err.Message }

func quote(name string) string {
	out := make([]byte, 0, len(name)+2)
	out = append(out, '`')
	for i := range len(name) {
		if name[i] == '`' {
			out = append(out, '`')
		}
		out = append(out, name[i])
	}
	return string(append(out, '`'))
}

func tableName(t *schema.Table) string { return quote(t.DB) + "." + quote(t.Name) }

func columnName(t *schema.Table, c *schema.Column) string { return t.DB + "." + t.Name + "." + c.Name }
