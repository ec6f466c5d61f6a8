package mysqltest

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

var (
	letForm  = regexp.MustCompile(`^\$?(\w+)\s*=\s*(?s:(.*))$`)
	varRef   = regexp.MustCompile(`\\?\$\w+`)
	getValue = regexp.MustCompile(`^(?is)query_get_value\s*\((.*),\s*([^,]+?)\s*,\s*(\S+?)\s*\)$`)
)

// expand puts variables' values in place; it says whether all of them are known.
func (r *Reader) expand(text string) (string, bool) {
	known := true
	text = varRef.ReplaceAllStringFunc(text, func(ref string) string {
		if ref[0] == '\\' {
			return ref[1:]
		}
		for n := len(ref); n > 1; n-- { // the longest name that is set
			if v, ok := r.vars[ref[1:n]]; ok {
				return v + ref[n:]
			}
		}
		known = false
		return ref
	})
	return text, known
}

// assign carries out let, inc and dec. A variable whose value cannot be had here becomes unknown.
func (r *Reader) assign(c *cursor, command, arg string, line int) {
	if r.off {
		return
	}
	name, value, known := strings.TrimPrefix(arg, "$"), "", false
	if m := letForm.FindStringSubmatch(arg); command == "let" && m != nil {
		name = m[1]
		value, known = r.value(c, m[2], line)
	} else if n, err := strconv.Atoi(r.vars[name]); err == nil {
		step := map[string]int{"inc": 1, "dec": -1}[command]
		value, known = strconv.Itoa(n+step), true
	}
	if !known || r.dead > 0 {
		delete(r.vars, name)
		return
	}
	r.vars[name] = value
}

// value is what stands behind let's equals sign: text, a query in backquotes, or one field of a query's result.
func (r *Reader) value(c *cursor, text string, line int) (string, bool) {
	text, known := r.expand(text)
	if !known || r.dead > 0 {
		return "", false
	}
	if m := getValue.FindStringSubmatch(text); m != nil {
		return r.field(c, strings.Trim(strings.TrimSpace(m[1]), `"`), strings.Trim(m[2], "\"'` "), m[3], line)
	}
	if query, ok := quoted(text, '`'); ok {
		return r.row(c, query, line)
	}
	if plain, ok := quoted(text, '\''); ok {
		return plain, true
	}
	return text, true
}

// quoted is the text between a pair of quotes.
func quoted(text string, quote byte) (string, bool) {
	text = strings.TrimSpace(text)
	if n := len(text); n >= 2 && text[0] == quote && text[n-1] == quote {
		return text[1 : n-1], true
	}
	return "", false
}

func (r *Reader) ask(c *cursor, query string, line int) (Answer, bool) {
	if r.Ask == nil {
		return Answer{}, false
	}
	return r.Ask(Step{Place: c.place(line), Conn: r.conn, SQL: query, Command: "query"})
}

// row is a query's first row, its values with tabs between them.
func (r *Reader) row(c *cursor, query string, line int) (string, bool) {
	a, ok := r.ask(c, query, line)
	if !ok || len(a.Rows) == 0 {
		return "", ok
	}
	return string(bytes.Join(a.Rows[0], []byte{'\t'})), true
}

// field is one column of one row.
func (r *Reader) field(c *cursor, query, column, row string, line int) (string, bool) {
	a, ok := r.ask(c, query, line)
	n, err := strconv.Atoi(row)
	if !ok || err != nil {
		return "", false
	}
	if n < 1 || n > len(a.Rows) {
		return "No such row", true
	}
	for i, name := range a.Columns {
		if strings.EqualFold(name, column) {
			return string(a.Rows[n-1][i]), true
		}
	}
	return "", false
}
