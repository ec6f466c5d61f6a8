package schema

import (
	"slices"
	"strings"
)

// Refer is the table with foreign key i pointing at another table or at columns of other names, as it does when those were renamed.
func (t *Table) Refer(i int, db, table string, columns []string) *Table {
	out := *t
	out.ForeignKeys = slices.Clone(t.ForeignKeys)
	fk := &out.ForeignKeys[i]
	if fk.RefDB = db; db == t.DB {
		fk.RefDB = ""
	}
	fk.RefTable, fk.RefColumns = table, columns
	var quoted []string
	for _, c := range columns {
		quoted = append(quoted, Quote(c))
	}
	to := Quote(table)
	if fk.RefDB != "" {
		to = Quote(fk.RefDB) + "." + to
	}
	head := "\n  CONSTRAINT " + Quote(fk.Name) + " FOREIGN KEY ("
	from := strings.Index(t.Create, head)
	if from < 0 {
		return &out
	}
	start := skipNames(t.Create, from+len(head))
	if rest, ok := strings.CutPrefix(t.Create[start:], ") REFERENCES "); ok {
		start = len(t.Create) - len(rest)
		end := skipNames(t.Create, start)
		end = skipNames(t.Create, end+strings.IndexByte(t.Create[end:], '(')+1)
		out.Create = t.Create[:start] + to + " (" + strings.Join(quoted, ", ") + t.Create[end:]
	}
	return &out
}

// skipNames is behind the quoted names that stand at i, and what separates them.
func skipNames(s string, i int) int {
	for i < len(s) {
		switch s[i] {
		case '`':
			for i++; i < len(s) && (s[i] != '`' || i+1 < len(s) && s[i+1] == '`'); i++ {
				if s[i] == '`' {
					i++
				}
			}
			i++
		case '.', ',':
			i++
		case ' ':
			if i+1 >= len(s) || s[i+1] != '`' {
				return i
			}
			i++
		default:
			return i
		}
	}
	return i
}
