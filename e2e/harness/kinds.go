package harness

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Kind is the statements of one kind that are sent at a protected table, as a file of them has it: `== Name flags`, then
// a line for each.
type Kind struct {
	Name    string     // a node type of the SQL parser, or "unread"
	Guest   bool       // sent by an account without privileges
	None    bool       // has no place for a value of a table
	Scripts [][]string // what one line holds, statements split by " ;; "
}

// ReadKinds reads a file of statements by kind. A kind that has neither a place for a value nor None is an error, as is one
// that has both or stands twice.
func ReadKinds(path string) ([]Kind, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var kinds []Kind
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		head, isHead := strings.CutPrefix(line, "== ")
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case isHead:
			words := strings.Fields(head)
			kinds = append(kinds, Kind{Name: words[0], Guest: slices.Contains(words, "guest"), None: slices.Contains(words, "none")})
		case len(kinds) == 0:
			return nil, fmt.Errorf("%s: a statement before the first kind", path)
		default:
			k := &kinds[len(kinds)-1]
			k.Scripts = append(k.Scripts, strings.Split(line, " ;; "))
		}
	}
	seen := map[string]bool{}
	for _, k := range kinds {
		if k.None == k.values() || seen[k.Name] {
			return nil, fmt.Errorf("%s: kind %s: none %t, places for values %t, twice %t", path, k.Name, k.None, k.values(), seen[k.Name])
		}
		seen[k.Name] = true
	}
	return kinds, nil
}

// values says whether any statement has a place for one. What a file holds that a statement loads is one.
func (k Kind) values() bool {
	return slices.ContainsFunc(k.Scripts, func(script []string) bool {
		return slices.ContainsFunc(script, func(sql string) bool { return len(places(sql)) > 0 })
	})
}

// placeholders are what statements of a kind have in place of values.
var placeholders = []string{"{w}", "{n}", "{f}", "{x}"}

// places are the offsets of a statement's placeholders.
func places(sql string) []int {
	var all []int
	for i := range sql {
		if slices.ContainsFunc(placeholders, func(p string) bool { return strings.HasPrefix(sql[i:], p) }) {
			all = append(all, i)
		}
	}
	return all
}

// Fill puts a canary in each place of a statement.
func (c *Canaries) Fill(sql string) string {
	sql, _ = c.fill(sql, nil)
	return sql
}

// Bind is Fill with a `?` in each place where a value stands alone, for which it returns the values: string, int64 or float64.
func (c *Canaries) Bind(sql string) (string, []any) {
	values := []any{}
	return c.fill(sql, &values)
}

func (c *Canaries) fill(sql string, bound *[]any) (string, []any) {
	var b strings.Builder
	from := 0
	for _, at := range places(sql) {
		end, value := at+len("{w}"), c.of(sql[at:at+len("{w}")])
		alone := sql[at+1] != 'x'
		if sql[at+1] == 'w' { // a quote before and after, and no more text or introducer
			alone = at > 1 && sql[at-1] == '\'' && (sql[at-2] == ' ' || sql[at-2] == '(') && end < len(sql) && sql[end] == '\'' &&
				(end+1 == len(sql) || sql[end+1] != '\'')
		}
		if alone && bound != nil {
			if sql[at+1] == 'w' {
				at, end = at-1, end+1
			}
			*bound = append(*bound, value)
			value = "?"
		}
		b.WriteString(sql[from:at])
		fmt.Fprint(&b, value)
		from = end
	}
	b.WriteString(sql[from:])
	if bound == nil {
		return b.String(), nil
	}
	return b.String(), *bound
}

// of makes the canary that a placeholder stands for.
func (c *Canaries) of(placeholder string) any {
	switch placeholder {
	case "{n}":
		return c.Int()
	case "{f}":
		return c.Double()
	case "{x}":
		return fmt.Sprintf("%x", c.Text("hex", 30))
	}
	return c.Text("word", 30)
}
