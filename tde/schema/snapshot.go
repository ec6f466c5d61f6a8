package schema

import (
	"maps"
	"slices"
	"strings"
)

// Snapshot is what is known of upstream's tables at one moment: the protected ones whole, and of tables in designated
// databases that were looked up and found to be plaintext, that they are. It is immutable; changes make a new one.
type Snapshot struct {
	fold      bool
	protected map[string]*Table
	plain     map[string]*Table // nil: the definition was not asked for
	names     []string          // of protected tables, lower case
	databases []string          // that have protected tables, as upstream writes them
}

// NewSnapshot makes a Snapshot of the protected tables of one server, whose lower_case_table_names decides whether the case
// of names counts: it does where that is 0.
func NewSnapshot(tables []*Table, lowerCaseTableNames int) *Snapshot {
	s := &Snapshot{fold: lowerCaseTableNames != 0, protected: map[string]*Table{}, plain: map[string]*Table{}}
	for _, t := range tables {
		s.protected[s.key(t.DB, t.Name)] = t
	}
	s.list()
	return s
}

func (s *Snapshot) list() {
	s.names, s.databases = nil, nil
	for _, t := range s.protected {
		s.names = append(s.names, strings.ToLower(t.Name))
		s.databases = append(s.databases, t.DB)
	}
	slices.Sort(s.names)
	slices.Sort(s.databases)
	s.names, s.databases = slices.Compact(s.names), slices.Compact(s.databases)
}

func (s *Snapshot) key(db, name string) string {
	if s.fold {
		return strings.ToLower(db) + "\x00" + strings.ToLower(name)
	}
	return db + "\x00" + name
}

// SameName says whether two names of tables are one, as the server compares them.
func (s *Snapshot) SameName(a, b string) bool { return a == b || s.fold && strings.EqualFold(a, b) }

// Lookup finds a protected table or view; nil where there is none of that name.
func (s *Snapshot) Lookup(db, name string) *Table { return s.protected[s.key(db, name)] }

// Known says whether the table was looked up: it is protected, or known to be plaintext.
func (s *Snapshot) Known(db, name string) bool {
	k := s.key(db, name)
	_, plain := s.plain[k]
	return s.protected[k] != nil || plain
}

// Plain finds the definition of a table that is not protected; nil where it is not known.
func (s *Snapshot) Plain(db, name string) *Table { return s.plain[s.key(db, name)] }

// Len is the number of protected tables.
func (s *Snapshot) Len() int { return len(s.protected) }

// Names are the names of all protected tables, in lower case, sorted, without their databases.
func (s *Snapshot) Names() []string { return s.names }

// Databases are those that have protected tables, sorted.
func (s *Snapshot) Databases() []string { return s.databases }

// HasDB says whether a database has protected tables, whatever the case of its name.
func (s *Snapshot) HasDB(db string) bool {
	return slices.ContainsFunc(s.databases, func(d string) bool { return strings.EqualFold(d, db) })
}

// Tables are the protected tables, by database and name; views are not among them.
func (s *Snapshot) Tables() []*Table {
	return s.sorted(func(t *Table) bool { return !t.IsView() })
}

// Views are the protected views, by database and name.
func (s *Snapshot) Views() []*Table { return s.sorted((*Table).IsView) }

func (s *Snapshot) sorted(which func(t *Table) bool) []*Table {
	out := make([]*Table, 0, len(s.protected))
	for _, k := range slices.Sorted(maps.Keys(s.protected)) {
		if t := s.protected[k]; which(t) {
			out = append(out, t)
		}
	}
	return out
}

func (s *Snapshot) clone() *Snapshot {
	return &Snapshot{fold: s.fold, protected: maps.Clone(s.protected), plain: maps.Clone(s.plain)}
}

// With adds or replaces a protected table.
func (s *Snapshot) With(t *Table) *Snapshot {
	c := s.clone()
	k := c.key(t.DB, t.Name)
	c.protected[k] = t
	delete(c.plain, k)
	c.list()
	return c
}

// Without is the snapshot after a table is gone.
func (s *Snapshot) Without(db, name string) *Snapshot {
	c := s.clone()
	delete(c.protected, c.key(db, name))
	delete(c.plain, c.key(db, name))
	c.list()
	return c
}

// WithPlain notes that a table is plaintext.
func (s *Snapshot) WithPlain(db, name string) *Snapshot {
	c := s.clone()
	k := c.key(db, name)
	delete(c.protected, k)
	c.plain[k] = nil
	c.list()
	return c
}

// WithDefinition notes that a table is plaintext, and what it is: a Table all of whose columns are clear.
func (s *Snapshot) WithDefinition(t *Table) *Snapshot {
	c := s.WithPlain(t.DB, t.Name)
	c.plain[c.key(t.DB, t.Name)] = t
	return c
}

// WithoutPlain forgets which tables are plaintext.
func (s *Snapshot) WithoutPlain() *Snapshot {
	c := s.clone()
	clear(c.plain)
	c.list()
	return c
}
