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
		if t.Columns[i].Token {
			n++
		}
	}
	return n
}

// printer writes the lines of one CREATE TABLE.
type printer struct {
	*Physical
	table *Table
	lines []string
	n     int // physical columns so far
}

func (p *printer) print() (string, error) {
	t := p.table
	types := p.cellTypes()
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Storage == StoredClear {
			p.column(c.Name, p.clearColumn(c))
		} else {
			p.column(c.Name, p.cellColumn(c, types[i]))
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Token {
			p.column(c.TokenColumn(), p.tokenColumn(c))
		}
	}
	for i := range t.Indexes {
		p.lines = append(p.lines, p.index(&t.Indexes[i]))
	}
	for i := range t.ForeignKeys {
		line, err := p.foreignKey(&t.ForeignKeys[i])
		if err != nil {
			return "", err
		}
		p.lines = append(p.lines, line)
	}
	for i := range t.Columns {
		p.lines = append(p.lines, p.checks(&t.Columns[i])...)
	}
	create := "CREATE TABLE "
	if p.IfNotExists {
		create += "IF NOT EXISTS "
	}
	return create + Quote(t.DB) + "." + Quote(t.Name) + " (\n  " + strings.Join(p.lines, ",\n  ") + "\n)" + p.options(), nil
}

// column adds a column's line, with its share of the metadata.
func (p *printer) column(name, definition string) {
	line := Quote(name) + " " + definition
	if p.n < len(p.ColumnComments) && p.ColumnComments[p.n] != "" {
		line += " COMMENT '" + p.ColumnComments[p.n] + "'"
	}
	p.n++
	p.lines = append(p.lines, line)
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
		if c.Storage == StoredClear {
			row += p.MaxStored(c) + 2
			continue
		}
		cells = append(cells, i)
		row += blobInRow
	}
	size := func(i int) int { return p.MaxStored(&t.Columns[i]) + p.Overhead }
	slices.SortStableFunc(cells, func(a, b int) int { return size(a) - size(b) })
	for _, i := range cells {
		n := size(i)
		if grows := n + 2 - blobInRow; n <= maxVarbinary && row+grows <= maxRow {
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
	return s
}

// Quote quotes an identifier: it reads the same under every sql_mode.
func Quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// equalName compares column names, which are case-insensitive in MySQL.
func equalName(a, b string) bool { return strings.EqualFold(a, b) }
