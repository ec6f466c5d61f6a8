package schema

import (
	"slices"
	"strconv"
	"strings"
)

// FillPrefix begins the names of columns that an ALTER TABLE has not finished. What has them after a crash lost nothing: the
// table's metadata does not know of them yet.
const FillPrefix = Prefix + "new_"

// Alteration is how a physical table becomes another one.
type Alteration struct {
	// Prepare adds the columns of Fill, which hold NULL; "" where there are none.
	Prepare string
	Fill    []Fill
	// Finish makes the table what it is to be, in one statement.
	Finish string
	// Partition is the end of that statement, behind all its other clauses.
	Partition string
	// Undo drops the columns of Fill.
	Undo string
	// Rebuild says that existing rows are checked or written anew.
	Rebuild bool
}

// Fill is a physical column that needs a value for each row that there is.
type Fill struct {
	Name   string // while it is filled
	Column *Column
	Token  bool // it is Column's equality token
	Order  bool // it is Column's order token
	Part   bool // it is Column's part token
}

// AlterTable finds what turns the physical table of from into that of to. Columns that are the same have the same ID; origin
// says which column of from one of to was made of, nil where of none. A column of to without origin holds NULL, or, where it
// is clear, what the server gives it; filled says that it has other values all the same.
func AlterTable(from, to *Table, was, is *Physical, filled func(*Column) bool) (*Alteration, error) {
	if err := to.Check(); err != nil {
		return nil, err
	}
	if len(is.ColumnComments) > to.physicalColumns() {
		return nil, to.refuse("more metadata than its columns' comments hold,")
	}
	a := &alterer{from: &printer{Physical: was, table: from}, to: &printer{Physical: is, table: to}, filled: filled}
	if err := a.from.lay(); err != nil {
		return nil, err
	}
	if err := a.to.lay(); err != nil {
		return nil, err
	}
	return a.alter(), nil
}

type alterer struct {
	from, to *printer
	filled   func(*Column) bool
	clauses  []string
	prepare  []string
	undo     []string
	out      Alteration
}

func (a *alterer) alter() *Alteration {
	table := "ALTER TABLE " + Quote(a.from.table.DB) + "." + Quote(a.from.table.Name) + " "
	a.dropped()
	a.columns()
	a.added()
	a.options()
	a.out.Finish, a.out.Partition = table+strings.Join(a.clauses, ", "), a.partition()
	if len(a.prepare) > 0 {
		a.out.Prepare = table + strings.Join(a.prepare, ", ")
		a.out.Undo = table + strings.Join(a.undo, ", ")
	}
	return &a.out
}

func (a *alterer) add(clause string) { a.clauses = append(a.clauses, clause) }

func has(pieces []piece, p *piece) bool {
	return slices.ContainsFunc(pieces, func(o piece) bool { return o.key == p.key && equalName(o.name, p.name) })
}

// dropped takes away what is no more: foreign keys and checks first, since they keep others from going.
func (a *alterer) dropped() {
	for i := range a.from.foreign {
		if p := &a.from.foreign[i]; !has(a.to.foreign, p) {
			a.add("DROP FOREIGN KEY " + Quote(p.name))
		}
	}
	word := "DROP CHECK "
	if a.to.MariaDB {
		word = "DROP CONSTRAINT "
	}
	for i := range a.from.checks {
		if p := &a.from.checks[i]; !has(a.to.checks, p) {
			a.add(word + Quote(p.name))
		}
	}
	for i := range a.from.indexes {
		p := &a.from.indexes[i]
		switch {
		case has(a.to.indexes, p):
		case p.name == "PRIMARY":
			a.add("DROP PRIMARY KEY")
		default:
			a.add("DROP INDEX " + Quote(p.name))
		}
	}
}

// added puts in what is new.
func (a *alterer) added() {
	for i := range a.to.indexes {
		if p := &a.to.indexes[i]; !has(a.from.indexes, p) {
			a.add("ADD " + p.definition)
			a.out.Rebuild = a.out.Rebuild || p.name == "PRIMARY"
		}
	}
	for i := range a.to.foreign {
		if p := &a.to.foreign[i]; !has(a.from.foreign, p) {
			a.add("ADD " + p.definition)
		}
	}
	for i := range a.to.checks {
		if p := &a.to.checks[i]; !has(a.from.checks, p) {
			a.add("ADD " + p.definition)
			a.out.Rebuild = true
		}
	}
}

// columns drops, adds, changes and moves columns. now simulates the order that the server has so far.
func (a *alterer) columns() {
	var now []string
	old := map[string]*piece{}
	for i := range a.from.columns {
		p := &a.from.columns[i]
		old[p.key] = p
		if slices.ContainsFunc(a.to.columns, func(n piece) bool { return n.key == p.key }) {
			now = append(now, p.key)
		} else {
			a.add("DROP COLUMN " + Quote(p.name))
		}
	}
	for i := range a.to.columns {
		if p := &a.to.columns[i]; old[p.key] == nil {
			if f := a.fill(p); f != nil {
				old[p.key] = f
				now = append(now, p.key)
			}
		}
	}
	for i := range a.to.columns {
		p := &a.to.columns[i]
		at := slices.Index(now, p.key)
		place := ""
		if at != i && i < len(now) {
			place = " FIRST"
			if i > 0 {
				place = " AFTER " + Quote(a.to.columns[i-1].name)
			}
		}
		if at >= 0 {
			now = slices.Delete(now, at, at+1)
		}
		now = slices.Insert(now, i, p.key)
		switch o := old[p.key]; {
		case o == nil:
			a.add("ADD COLUMN " + p.column() + place)
		case o.name != p.name || o.definition != p.definition || o.comment != p.comment || place != "":
			a.add("CHANGE COLUMN " + Quote(o.name) + " " + p.column() + place)
		}
	}
}

// fill plans a new column that rows need values of; nil where the server's own will do.
func (a *alterer) fill(p *piece) *piece {
	kind, id, _ := strings.Cut(p.key, " ")
	var c *Column
	for i := range a.to.table.Columns {
		if strconv.Itoa(int(a.to.table.Columns[i].ID)) == id {
			c = &a.to.table.Columns[i]
		}
	}
	if c == nil || !a.filled(c) {
		return nil
	}
	f := Fill{Name: FillPrefix + strconv.Itoa(len(a.out.Fill)+1), Column: c, Token: kind == "token", Order: kind == "order", Part: strings.HasPrefix(kind, "part")}
	a.out.Fill = append(a.out.Fill, f)
	typ := "BINARY(16)"
	switch kind {
	case "cell", "order", partKey(c):
		typ, _, _ = strings.Cut(p.definition, " ")
	case "clear":
		typ = c.SQLType
		if c.Charset != "" {
			typ += " CHARACTER SET " + c.Charset + " COLLATE " + c.Collation
		}
	}
	a.prepare = append(a.prepare, "ADD COLUMN "+Quote(f.Name)+" "+typ+" NULL INVISIBLE")
	a.undo = append(a.undo, "DROP COLUMN "+Quote(f.Name))
	return &piece{key: p.key, name: f.Name, definition: typ + " NULL INVISIBLE"}
}

// partition partitions anew, or no more. It follows what commas separate.
func (a *alterer) partition() string {
	was, is := a.from.table.partitionClause(), a.to.table.partitionClause()
	switch {
	case was == is:
		return ""
	case is == "":
		return " REMOVE PARTITIONING"
	}
	return " " + is
}

// options changes the table's own. The comment goes with each: it holds the metadata.
func (a *alterer) options() {
	from, to := a.from.table, a.to.table
	if !strings.EqualFold(from.Engine, to.Engine) {
		a.add("ENGINE=" + to.Engine)
		a.out.Rebuild = true
	}
	if to.Charset != from.Charset || to.Collation != from.Collation {
		a.add("DEFAULT CHARSET=" + to.Charset + " COLLATE=" + to.Collation)
	}
	if to.AutoIncrement != from.AutoIncrement && to.AutoIncrement > 0 {
		a.add("AUTO_INCREMENT=" + strconv.FormatUint(to.AutoIncrement, 10))
	}
	if a.to.TableComment != a.from.TableComment {
		a.add("COMMENT='" + a.to.TableComment + "'")
	}
	if from.DB != to.DB || from.Name != to.Name {
		a.add("RENAME TO " + Quote(to.DB) + "." + Quote(to.Name))
	}
}
