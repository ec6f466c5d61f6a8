package evaluator

import (
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// partition reads how the table is partitioned.
func (r *reader) partition() error {
	t := r.table
	if !strings.Contains(strings.ToLower(t.Options), "partitioned") {
		return nil
	}
	t.Partition = &schema.Partition{}
	text, ok := strings.CutPrefix(t.Create, "CREATE TABLE ")
	if !ok {
		return nil
	}
	_, n := sqlToken(text)
	_, options, ok := definitionItems(text[n:])
	if !ok {
		return nil
	}
	clause := partitionClause(options)
	head, places := partitionHead(clause)
	words := sqlWords(head, 3)
	kind := words[2]
	if kind == "LINEAR" {
		kind = sqlWords(head, 4)[3]
	}
	if strings.Contains(clause, "/*") || kind != "HASH" && kind != "KEY" && kind != "RANGE" && kind != "LIST" {
		return nil // an old ALGORITHM of KEY, SYSTEM_TIME
	}
	p := t.Partition
	p.Clause, p.Rejects = clause, kind == "RANGE" || kind == "LIST"
	for _, name := range places {
		if c := t.Column(name); c != nil {
			p.Columns = append(p.Columns, c.Name)
		}
	}
	if len(p.Columns) == 0 { // KEY (): the primary key, or else a unique one
		for i := range t.Indexes {
			for _, part := range t.Indexes[i].Parts {
				if t.Indexes[i].Unique {
					p.Columns = append(p.Columns, part.Column)
				}
			}
		}
	}
	if len(p.Columns) == 0 {
		p.Clause = ""
	}
	return nil
}

// partitionClause is PARTITION BY … of a table's options, without engines and places.
func partitionClause(options string) string {
	for rest := options; ; {
		token, n := sqlToken(rest)
		if n == 0 {
			return ""
		}
		if strings.EqualFold(token, "PARTITION") {
			return strings.TrimSpace(partitions(rest))
		}
		rest = rest[n:]
	}
}

// partitionHead is a clause up to its list of partitions, and the words and names in it.
func partitionHead(clause string) (head string, names []string) {
	depth := 0
	for pos := 0; ; {
		token, n := sqlToken(clause[pos:])
		following, _ := sqlToken(clause[pos+n:])
		switch {
		case n == 0, token == "(" && depth == 0 && strings.EqualFold(following, "PARTITION"):
			return clause[:pos], names
		case token == "(":
			depth++
		case token == ")":
			depth--
		case strings.HasPrefix(token, "`"):
			names = append(names, strings.ReplaceAll(token[1:len(token)-1], "``", "`"))
		default:
			names = append(names, token)
		}
		pos += n
	}
}
