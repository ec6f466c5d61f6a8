package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sizes of physical columns, in bytes.
const (
	maxRow       = 65535 // of all columns of a row but BLOBs
	maxVarbinary = 1024  // cells that may be longer become BLOBs
	blobInRow    = 12    // what a BLOB counts for in maxRow
	tokenSize    = 16
	maxBlob      = 1<<16 - 1
	maxMedium    = 1<<24 - 1
)

// Physical says how to write the CREATE TABLE of a table as upstream stores it.
type Physical struct {
	MariaDB     bool
	IfNotExists bool
	Replace     bool
	As          string // the name that it gets, where that is not the table's own
	// NoForeignKeys: they are added when the table has its name.
	NoForeignKeys bool
	// MaxStored is the size of a column's largest stored form, and Overhead what a cell adds to it, in bytes.
	MaxStored func(*Column) int
	Overhead  int
	// TableComment and ColumnComments are the sealed metadata, as Encode gives them.
	TableComment   string
	ColumnComments []string
	// RefColumn finds the physical column that a foreign key points at; false: there is none to point at. Where it is
	// nil, a sealed column points at the token of the column that it names, and a clear one at that column.
	RefColumn func(db, table, column string) (string, bool)
}

// CreateTable writes the CREATE TABLE of a table as upstream stores it. It reads the same under every sql_mode.
// A table that cannot be protected gives an *UnsupportedError.
func CreateTable(t *Table, d *Physical) (string, error) {
	if err := t.Check(); err != nil {
		return "", err
	}
	if len(d.ColumnComments) > t.physicalColumns() {
		return "", fmt.Errorf("table %s.%s: more metadata comments than columns", t.DB, t.Name)
	}
	p := &printer{Physical: d, table: t}
	return p.print()
}

// physicalColumns counts columns with the tokens.
func (t *Table) physicalColumns() int {
	n := len(t.Columns)
	for i := range t.Columns {
		n += len(t.Columns[i].Hidden())
	}
	return n
}

// printer writes the lines of one CREATE TABLE.
type printer struct {
	*Physical
	table *Table
	layout
}

// layout is a physical table in pieces.
type layout struct {
	columns, indexes, foreign, checks []piece
}

// piece is a column, an index, a foreign key or a check of a physical table.
type piece struct {
	// key tells what it stands for, whatever its columns are called: "cell 3".
	key  string
	name string
	// definition is its SQL; of a column without name and comment.
	definition string
	comment    string
}

// column is a column as CREATE TABLE has it.
func (p *piece) column() string {
	s := Quote(p.name) + " " + p.definition
	if p.comment != "" {
		s += " COMMENT '" + p.comment + "'"
	}
	return s
}

func (p *printer) print() (string, error) {
	t := p.table
	if err := p.lay(); err != nil {
		return "", err
	}
	var lines []string
	for i := range p.columns {
		lines = append(lines, p.columns[i].column())
	}
	if p.NoForeignKeys {
		p.foreign = nil
	}
	for _, pieces := range [][]piece{p.indexes, p.foreign, p.checks} {
		for i := range pieces {
			lines = append(lines, pieces[i].definition)
		}
	}
	create := "CREATE "
	if p.Replace {
		create += "OR REPLACE "
	}
	if t.Temporary {
		create += "TEMPORARY "
	}
	create += "TABLE "
	if p.IfNotExists {
		create += "IF NOT EXISTS "
	}
	name := t.Name
	if p.As != "" {
		name = p.As
	}
	return create + Quote(t.DB) + "." + Quote(name) + " (\n  " + strings.Join(lines, ",\n  ") + "\n)" + p.options(), nil
}

// lay makes the pieces.
func (p *printer) lay() error {
	t := p.table
	types := p.cellTypes()
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Storage == StoredClear {
			p.addColumn("clear", c, c.Name, p.clearColumn(c))
		} else {
			p.addColumn("cell", c, c.Name, p.cellColumn(c, types[i]))
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Token {
			p.addColumn("token", c, c.TokenColumn(), p.tokenColumn(c, tokenSize))
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Order {
			p.addColumn("order", c, c.OrderColumn(), p.orderColumn(c))
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Part > 0 {
			p.addColumn(partKey(c), c, c.PartColumn(), p.tokenColumn(c, PartSize))
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		p.indexes = append(p.indexes, piece{key: p.indexKey(ix), name: ix.Name, definition: p.index(ix)})
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Order {
			name := c.OrderColumn()
			p.indexes = append(p.indexes, piece{key: "order " + strconv.Itoa(int(c.ID)), name: name, definition: "KEY " + Quote(name) + " (" + Quote(name) + ")"})
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Part > 0 && !t.looksUp(c) { // its whole values are looked up, too
			name := c.TokenColumn()
			p.indexes = append(p.indexes, piece{key: "whole " + strconv.Itoa(int(c.ID)), name: name, definition: "KEY " + Quote(name) + " (" + Quote(name) + ")"})
		}
	}
	for i := range t.ForeignKeys {
		fk := &t.ForeignKeys[i]
		if fk.Pending {
			continue
		}
		line, err := p.foreignKey(fk)
		if err != nil {
			return err
		}
		p.foreign = append(p.foreign, piece{key: p.foreignKeyKey(fk, line), name: fk.Name, definition: line})
	}
	for i := range t.Columns {
		p.checks = append(p.checks, p.checksOf(&t.Columns[i])...)
	}
	return nil
}

// addColumn adds a column, with its share of the metadata.
func (p *printer) addColumn(kind string, c *Column, name, definition string) {
	col := piece{key: kind + " " + strconv.Itoa(int(c.ID)), name: name, definition: definition}
	if n := len(p.columns); n < len(p.ColumnComments) {
		col.comment = p.ColumnComments[n]
	}
	p.columns = append(p.columns, col)
}

// cellTypes chooses the type of each cell: VARBINARY where cells are short and the row has room, shortest first.
func (p *printer) cellTypes() []string {
	t := p.table
	types := make([]string, len(t.Columns))
	row := (t.physicalColumns() + 7) / 8
	var cells []int
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Token {
			row += tokenSize
		}
		if c.Order {
			row += c.orderSize() + 2
		}
		if c.Part > 0 {
			row += PartSize
		}
		if c.Storage == StoredClear {
			row += p.MaxStored(c) + 2
			continue
		}
		cells = append(cells, i)
		row += blobInRow
	}
	longest := maxVarbinary
	if strings.EqualFold(t.Engine, "MEMORY") || strings.EqualFold(t.Engine, "HEAP") {
		longest = maxRow // it has no BLOBs
	}
	size := func(i int) int { return p.MaxStored(&t.Columns[i]) + p.Overhead }
	slices.SortStableFunc(cells, func(a, b int) int { return size(a) - size(b) })
	for _, i := range cells {
		n := size(i)
		if grows := n + 2 - blobInRow; n <= longest && row+grows <= maxRow {
			row += grows
			types[i] = "VARBINARY(" + strconv.Itoa(n) + ")"
			continue
		}
		types[i] = blobType(n)
	}
	return types
}

func blobType(n int) string {
	switch {
	case n <= maxBlob:
		return "BLOB"
	case n <= maxMedium:
		return "MEDIUMBLOB"
	}
	return "LONGBLOB"
}

// options are the table's options.
func (p *printer) options() string {
	t := p.table
	s := " ENGINE=" + t.Engine
	if t.AutoIncrement > 1 {
		s += " AUTO_INCREMENT=" + strconv.FormatUint(t.AutoIncrement, 10)
	}
	if t.Charset != "" {
		s += " DEFAULT CHARSET=" + t.Charset + " COLLATE=" + t.Collation
	}
	if strings.EqualFold(t.Engine, "InnoDB") {
		s += " ROW_FORMAT=DYNAMIC"
	}
	if p.TableComment != "" {
		s += " COMMENT='" + p.TableComment + "'"
	}
	if clause := t.partitionClause(); clause != "" {
		s += " " + clause
	}
	return s
}

// Quote quotes an identifier: it reads the same under every sql_mode.
func Quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// equalName compares column names, which are case-insensitive in MySQL.
func equalName(a, b string) bool { return strings.EqualFold(a, b) }
