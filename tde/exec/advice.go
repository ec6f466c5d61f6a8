package exec

import (
	"cmp"
	"slices"
	"sync"

	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// maxAdvice bounds how many tables and reasons are told apart; what comes after counts as one of no name.
const maxAdvice = 1000

// Advice is a reason why statements had to fetch every row of a table, and how many did.
type Advice struct {
	Database   string `json:"database"`
	Table      string `json:"table"`
	Column     string `json:"column,omitempty"` // whose index would help, if one would
	Why        string `json:"why"`
	Remedy     string `json:"remedy,omitempty"`
	Statements uint64 `json:"statements"`
}

// advice counts statements that had to fetch everything.
type advice struct {
	mu     sync.Mutex
	counts map[Advice]uint64    // Statements is 0
	tables map[[2]string]uint64 // database and table
}

// note counts the fetches of one statement.
func (a *advice) note(p *plan.Split) {
	for i := range p.Fetches {
		f := &p.Fetches[i]
		if f.Table.Describes() {
			continue
		}
		if !f.Full || f.Table.Source != "" {
			continue
		}
		a.mu.Lock()
		table := [2]string{f.Table.DB, f.Table.Name}
		if _, known := a.tables[table]; !known && len(a.tables) >= maxAdvice {
			table = [2]string{}
		}
		if a.tables == nil {
			a.tables, a.counts = map[[2]string]uint64{}, map[Advice]uint64{}
		}
		a.tables[table]++
		if len(f.Stayed) == 0 {
			a.count(Advice{Database: table[0], Table: table[1], Why: "no condition on the table"})
		}
		for j := range f.Stayed {
			s := &f.Stayed[j]
			one := Advice{Database: table[0], Table: table[1], Why: s.Why, Remedy: s.Remedy()}
			if s.Column != nil {
				one.Column = s.Column.Name
			}
			a.count(one)
		}
		a.mu.Unlock()
	}
}

func (a *advice) count(one Advice) {
	if _, known := a.counts[one]; !known && len(a.counts) >= maxAdvice {
		one = Advice{Why: "others"}
	}
	a.counts[one]++
}

// Advice lists why statements had to fetch everything, the most frequent reason first.
func (c *Catalog) Advice() []Advice {
	c.advice.mu.Lock()
	defer c.advice.mu.Unlock()
	out := make([]Advice, 0, len(c.advice.counts))
	for one, n := range c.advice.counts {
		one.Statements = n
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Advice) int {
		return cmp.Or(cmp.Compare(b.Statements, a.Statements), cmp.Compare(a.Database, b.Database), cmp.Compare(a.Table, b.Table),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Why, b.Why))
	})
	return out
}

// FullFetches hands each table of which statements had to fetch every row, and how many did, to fn.
func (c *Catalog) FullFetches(fn func(database, table string, statements uint64)) {
	c.advice.mu.Lock()
	defer c.advice.mu.Unlock()
	for t, n := range c.advice.tables {
		fn(t[0], t[1], n)
	}
}
