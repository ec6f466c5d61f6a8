package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Touch is a protected table that a statement touches, with those of its protected columns that the statement names, reads or
// writes.
type Touch struct {
	Table   *schema.Table
	Columns []*schema.Column // by name; empty where the statement is about the table as a whole
}

// Touched lists the protected tables that a plan touches, by name. A column counts where its cells or tokens go up, come
// back or are compared upstream.
func Touched(p Plan) []Touch {
	var t touching
	switch p := p.(type) {
	case *Rewrite:
		t.tables(p.Tables)
		t.parts(p.Head)
		t.parts(p.Row)
		t.parts(p.Tail)
		for _, o := range p.Outputs {
			t.column(o.Table, o.Column)
		}
		for _, table := range p.Tables {
			t.named(table, p.Head)
			t.named(table, p.Tail)
			for i := range table.Columns {
				if p.Star {
					t.column(table, &table.Columns[i])
				}
			}
		}
	case *Store:
		t.tables([]*schema.Table{p.Table})
		for i := range p.Table.Columns {
			t.column(p.Table, &p.Table.Columns[i])
		}
		t.split(p.Query)
	case *Split:
		t.split(p)
	case *CreateSelect:
		t.tables([]*schema.Table{{DB: p.DB, Name: p.Name}})
		t.split(p.Query)
	case *Replay:
		return Touched(&p.Split)
	case *ReadModifyWrite:
		t.tables([]*schema.Table{p.Table})
		t.parts(p.Update)
		t.parts(p.Fetch)
		t.named(p.Table, p.Update)
		for _, s := range p.Sets {
			t.column(p.Table, s.Column)
		}
	case *Explain:
		return Touched(p.Of)
	case *SetStatement:
		return Touched(p.Of)
	}
	return t.sorted()
}

func (t *touching) split(p *Split) {
	t.tables(p.Tables)
	for i := range p.Fetches {
		t.parts(p.Fetches[i].SQL)
		for _, c := range p.Fetches[i].Columns {
			t.column(p.Fetches[i].Table, c)
		}
	}
}

// Mentioned lists the protected tables whose name stands in the template of a statement, by name: for statements that are
// refused, or whose plan does not say.
func Mentioned(template string, env *Env) []Touch {
	low := strings.ToLower(template)
	var t touching
	for _, table := range env.Snapshot.Tables() {
		if table.Source == "" && containsName(low, strings.ToLower(table.Name)) {
			t.tables([]*schema.Table{table})
		}
	}
	return t.sorted()
}

// Shape is a part list as text: names, and what stands in the places of values, but no value.
func Shape(parts []Part) string { return partsString(parts) }

// Redacted is a template without the literals that templates of DDL and the like keep: `?` stands for each. It is empty where
// the template cannot be read.
func Redacted(template []byte, mode Mode) string {
	l := Lexer{Record: true}
	if err := l.Lex(template, mode); err != nil {
		return ""
	}
	var out strings.Builder
	at := 0
	for _, t := range l.Tokens {
		if t.Kind == TokText {
			out.Write(l.Template[at:t.Start])
			out.WriteByte('?')
			at = t.End
		}
	}
	out.Write(l.Template[at:])
	return out.String()
}

// touching collects what is touched.
type touching struct {
	all map[*schema.Table][]*schema.Column
}

func (t *touching) tables(tables []*schema.Table) {
	if t.all == nil {
		t.all = map[*schema.Table][]*schema.Column{}
	}
	for _, table := range tables {
		if _, known := t.all[table]; !known {
			t.all[table] = nil
		}
	}
}

func (t *touching) column(table *schema.Table, c *schema.Column) {
	if table == nil || table.Source != "" || c == nil || c.Storage == schema.StoredClear {
		return
	}
	t.tables([]*schema.Table{table})
	if !slices.Contains(t.all[table], c) {
		t.all[table] = append(t.all[table], c)
	}
}

// parts collects the columns whose values go into parts.
func (t *touching) parts(parts []Part) {
	for i := range parts {
		t.column(parts[i].Table, parts[i].Column)
		t.parts(parts[i].Expr)
	}
}

// named collects the columns of a table whose cell or token is named in the text of parts: conditions without a value, such as
// joins and IS NULL.
func (t *touching) named(table *schema.Table, parts []Part) {
	for i := range parts {
		t.named(table, parts[i].Expr)
		if parts[i].Kind != PartText {
			continue
		}
		low := strings.ToLower(parts[i].Text)
		for j := range table.Columns {
			c := &table.Columns[j]
			if slices.ContainsFunc(append(c.Hidden(), c.Name), func(name string) bool { return containsName(low, strings.ToLower(name)) }) {
				t.column(table, c)
			}
		}
	}
}

func (t *touching) sorted() []Touch {
	out := make([]Touch, 0, len(t.all))
	for table, columns := range t.all {
		slices.SortFunc(columns, func(a, b *schema.Column) int { return cmp.Compare(a.Name, b.Name) })
		out = append(out, Touch{Table: table, Columns: columns})
	}
	slices.SortFunc(out, func(a, b Touch) int {
		return cmp.Or(cmp.Compare(a.Table.DB, b.Table.DB), cmp.Compare(a.Table.Name, b.Table.Name))
	})
	return out
}
