package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Store is an INSERT or REPLACE whose rows cannot be made of the statement's constants alone. The evaluator runs the client's own text
// on an empty twin of the table, which has its columns and none of its keys, beside the rows of each of the Query's
// Fetches; what the twin then holds is sealed and inserted upstream.
type Store struct {
	// Query has the fetches and the text up to the row groups that Row stands for: the whole text where Row is nil. Where
	// the text names the table to insert into, it has a PartTwin.
	Query *Split
	// Row is repeated for every row group of a VALUES list; its literals count from the group's first. Tail follows, with
	// literals that count from the last group's first.
	Row, Tail []Part
	Table     *schema.Table
	Ignore    bool
	// Replace says that rows of the same keys go first. Compare is then the unique key by which upstream would take a row that
	// stays as it is for one that changes; nil where servers count such a row as they count others.
	Replace bool
	Compare *schema.Index
	Before  []*schema.Index // the unique keys before Compare: a row in which one of them is not NULL is not compared
	Upsert  *Upsert         // of ON DUPLICATE KEY UPDATE
	// Counts says that the server does not know beforehand how many rows there will be: it takes AUTO_INCREMENT numbers
	// in growing steps then.
	Counts bool
	// Returns is RETURNING and its list, after which upstream gives Outputs of the rows, which are the columns Back; empty where it
	// does not.
	Returns string
	Outputs []Output
	Back    []*schema.Column
	// List is RETURNING and a list that the evaluator computes, of rows of which upstream gives the columns Back. ListsAuto says that it
	// may depend on the AUTO_INCREMENT column.
	List      []Part
	ListsAuto bool
	// Loads says that it is a LOAD DATA LOCAL: the evaluator asks for the client's file.
	Loads bool
	// Into are the views that are written through, over the twin: those first that others read.
	Into []ViewUse
}

func (*Store) plan() {}

// String implements Plan.
func (p *Store) String() string {
	out := "Store into " + tableName(p.Table)
	if p.Ignore {
		out += " ignore"
	}
	if p.Replace {
		out += " replace"
	}
	if p.Compare != nil {
		out += "\n  compares: rows of the same " + quote(p.Compare.Name)
	}
	if p.Upsert != nil {
		out += p.Upsert.String()
	}
	for _, u := range p.Into {
		out += "\n  through:  " + tableName(u.View)
	}
	if p.Returns != "" {
		out += "\n  returns:  " + p.Returns
	}
	if p.List != nil {
		out += "\n  computes: " + partsString(p.List)
	}
	out += "\n" + strings.TrimPrefix(p.Query.String(), "Split\n")
	if p.Row != nil {
		out += "\n  per row:  " + partsString(p.Row)
	}
	if len(p.Tail) > 0 {
		out += "\n  tail:     " + partsString(p.Tail)
	}
	return out
}

func (p *Store) explained() [][]string {
	return append(p.Query.explained(), []string{"upstream", "INSERT INTO " + tableName(p.Table), "the rows that the evaluator made, sealed"})
}

// storePlan plans an INSERT or REPLACE whose rows the evaluator makes.
func (b *block) storePlan(s *ast.InsertStmt, rows int) (Plan, error) {
	b = b.again()
	src, ok := s.Table.TableRefs.Left.(*ast.TableSource)
	if !ok || s.Table.TableRefs.Right != nil {
		return nil, refuse("insert", "this form of INSERT into an encrypted table is not supported")
	}
	name, ok := src.Source.(*ast.TableName)
	if !ok || len(s.PartitionNames) > 0 || hintsSetVariables(s.TableHints) {
		return nil, refuse("insert", "this form of INSERT into an encrypted table is not supported")
	}
	target := b.env.Snapshot.Lookup(nonEmpty(name.Schema.O, b.env.DB), name.Name.O)
	switch {
	case target == nil && b.env.Evaluate:
		return nil, refuse("user-variable", "a user variable whose value comes of an encrypted table would be stored in a table that is not encrypted")
	case target == nil:
		return nil, refuse("insert-clear", "values of an encrypted table would be stored in a table that is not encrypted; encrypt that one, too")
	}
	if target.IsView() {
		if b.listed != nil {
			return nil, refuse("returning", "RETURNING of what is written through a view over encrypted tables is not supported")
		}
		return b.storeView(s, rows, name, target)
	}
	if err := b.readsTarget(s, target); err != nil {
		return nil, err
	}
	return b.store(s, s, rows, name, &Store{Table: target, Ignore: s.IgnoreErr, Replace: s.IsReplace, Counts: s.Select != nil})
}

// store completes a Store; meant is the statement with the columns of its table.
func (b *block) store(s, meant *ast.InsertStmt, rows int, name *ast.TableName, p *Store) (Plan, error) {
	b.grouped = rows > 1
	q, t, err := b.storedQuery(s, meant, name, p.Table)
	if need := new(definitionNeeded); errors.As(err, &need) {
		return &need.need, nil
	}
	if err != nil {
		return nil, err
	}
	p.Query = q
	if err := b.compares(p); err != nil {
		return nil, err
	}
	if err := b.upserts(s, t, p); err != nil {
		return nil, err
	}
	q.ClearVars = t.clearVars
	end := b.lists(p)
	p.finish()
	if rows > 1 {
		from, to, ok := b.rowGroup()
		if !ok {
			return nil, refuse("position", "the values of the INSERT were not found in the statement")
		}
		q.Text, p.Row, p.Tail = b.parts(0, from), b.parts(from, to), b.parts(to, end)
	} else {
		q.Text = b.parts(0, end)
	}
	q.asks(p.Row, p.Tail, p.List)
	return p, nil
}

// finish notes what every Store's Query uses.
func (p *Store) finish() {
	q := p.Query
	if !slices.Contains(q.Tables, p.Table) {
		q.Tables = append(q.Tables, p.Table)
	}
	for _, u := range p.Into {
		q.Tables = append(q.Tables, u.View)
	}
	q.Uses.Now = q.Uses.Now || slices.ContainsFunc(p.Table.Columns, func(c schema.Column) bool {
		return c.Default == schema.DefaultNow || c.Default == schema.DefaultExpr || c.Generated
	})
	q.Uses.NoRows = true
}

// storedQuery plans what an INSERT reads.
//
// Where several row groups are one in the template, literals are numbered otherwise than in the statement: no condition goes upstream.
func (b *block) storedQuery(s, meant ast.StmtNode, name *ast.TableName, target *schema.Table) (*Split, *tree, error) {
	t := &tree{
		env: b.env, scopes: scopes{env: b.env}, exists: map[*ast.SelectStmt]bool{}, known: map[*ast.TableName]bool{}, asked: map[string]int{},
		target: name, shares: true,
	}
	if ins, ok := s.(*ast.InsertStmt); ok {
		t.identities = identities(ins)
	}
	s.Accept(t)
	if b.listed.Accept(t); t.err != nil {
		return nil, nil, t.err
	}
	if load, ok := s.(*ast.LoadDataStmt); ok {
		for _, c := range load.ColumnsAndUserVars {
			if c.UserVar != nil {
				t.assigns(c.UserVar.Name)
			}
		}
	}
	if err := t.clearStores(meant, target); err != nil {
		return nil, nil, err
	}
	if err := b.translate(t, s); err != nil {
		return nil, nil, err
	}
	if b.grouped {
		t.whole = t.tables()
	}
	q, err := b.fetches(t)
	if err == nil {
		q.Clear, q.ClearVars = b.clearStored(meant, target), t.clearVars
	}
	return q, t, err
}

// compares finds the key by which a REPLACE must compare rows. Servers update a row in place, and do not count it as deleted
// where that changes nothing, if what it has in common is the last of the unique keys and no foreign key points at it.
func (b *block) compares(p *Store) error {
	if !p.Replace {
		return nil
	}
	var unique []*schema.Index
	for i := range p.Table.Indexes {
		if ix := &p.Table.Indexes[i]; ix.Unique || ix.Name == "PRIMARY" {
			unique = append(unique, ix)
		}
	}
	for _, ix := range unique {
		for _, part := range ix.Parts {
			if c := p.Table.Column(part.Column); c == nil || part.Prefix > 0 && !p.Table.ByPart(ix, part) || sealed(c) != nil && !c.Token {
				return refuse("replace", "REPLACE into an encrypted table with a unique key on an expression or a prefix is not supported")
			}
		}
	}
	if len(unique) == 0 || b.referenced(p.Table) || !schema.Transactional(p.Table.Engine) { // MyISAM and MEMORY count every row
		return nil
	}
	// A row that is there as it is has all keys in common but those that are NULL: if one comes before the last, it goes as a whole.
	if slices.ContainsFunc(unique[:len(unique)-1], func(ix *schema.Index) bool { return !nullable(p.Table, ix) }) {
		return nil
	}
	p.Compare, p.Before = unique[len(unique)-1], unique[:len(unique)-1]
	return nil
}

// nullable says whether a key has columns that may be NULL.
func nullable(t *schema.Table, ix *schema.Index) bool {
	return slices.ContainsFunc(ix.Parts, func(part schema.IndexPart) bool { return !t.Column(part.Column).NotNull })
}

// referenced says whether a foreign key of an encrypted table points at one.
func (b *block) referenced(t *schema.Table) bool {
	return slices.ContainsFunc(b.env.Snapshot.Tables(), func(o *schema.Table) bool {
		return slices.ContainsFunc(o.ForeignKeys, func(fk schema.ForeignKey) bool {
			return b.env.Snapshot.Lookup(nonEmpty(fk.RefDB, o.DB), fk.RefTable) == t
		})
	})
}

// rowGroup finds the template bytes of the row group that stands for all.
func (b *block) rowGroup() (from, to int, ok bool) {
	i := max(b.word("VALUES"), b.word("VALUE"))
	if i < 0 || i+1 >= len(b.tokens) || !b.is(i+1, "(") {
		return 0, 0, false
	}
	end := b.closing(i + 1)
	if end >= len(b.tokens) {
		return 0, 0, false
	}
	return b.tokens[i+1].Start, b.tokens[end].End, true
}

// targetToken finds where an INSERT names its table: the first token of the name.
func (b *block) targetToken() int {
	if b.is(0, "LOAD") {
		i := b.word("INTO") + 1
		if i == 0 || i+1 >= len(b.tokens) || !b.is(i, "TABLE") {
			return -1
		}
		return i + 1
	}
	for i := 1; i < len(b.tokens); i++ {
		if b.tokens[i].Kind == TokWord {
			switch strings.ToUpper(b.text[b.tokens[i].Start:b.tokens[i].End]) {
			case "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "IGNORE", "INTO":
				continue
			}
		}
		return i
	}
	return -1
}

// readsTarget refuses, as servers do, a VALUES list with a subquery that reads the table itself, and what names the table's
// AUTO_INCREMENT column as a value: only upstream knows the next number.
func (b *block) readsTarget(s *ast.InsertStmt, target *schema.Table) error {
	v := &targetVisitor{env: b.env, target: target, scopes: scopes{env: b.env}}
	for _, list := range s.Lists {
		for _, e := range list {
			e.Accept(v)
		}
	}
	mode := b.env.Mode
	if mode.MariaDB && mode.Version/100 == 1011 && mode.Version >= 101119 {
		v.reads = false // it reads the rows before it writes
	}
	if l := b.listed.names(b.env, target); l.reads {
		if s.Select != nil || l.stars { // what the server says depends on more than that
			return refuse("returning", "RETURNING of a subquery that reads the encrypted table itself is not supported")
		}
		v.reads = true
	}
	switch {
	case v.reads && mode.MariaDB:
		return refuseMySQL("reads-target", 1093, "HY000", "Table '"+target.Name+"' is specified twice, both as a target for 'INSERT' and as a separate source for data")
	case v.reads:
		return refuseMySQL("reads-target", 1093, "HY000", "You can't specify target table '"+target.Name+"' for update in FROM clause")
	case v.counts:
		return refuse("auto-increment", "a value that depends on the AUTO_INCREMENT column of an encrypted table is not supported")
	}
	return nil
}

// targetVisitor looks for an INSERT's table in its values.
type targetVisitor struct {
	env    *Env
	target *schema.Table
	scopes scopes
	reads  bool
	counts bool
	stars  bool // a subquery has a wildcard
}

// Enter implements ast.Visitor.
func (v *targetVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if v.scopes.enter(n, v) {
		return n, true
	}
	switch e := n.(type) {
	case *ast.TableSource:
		_, table := e.Source.(*ast.TableName)
		// A derived table is computed before; a table of another alias is another one to the server's check.
		return n, !table || e.AsName.O != "" && !v.env.Snapshot.SameName(e.AsName.O, v.target.Name)
	case *ast.TableName:
		v.reads = v.reads || !v.scopes.hides(e) && v.env.Snapshot.Lookup(nonEmpty(e.Schema.O, v.env.DB), e.Name.O) == v.target
	case *ast.SelectField:
		v.stars = v.stars || e.WildCard != nil
	case *ast.ColumnName:
		if c := v.target.Column(e.Name.O); c != nil && c.AutoIncrement {
			v.counts = true
		}
	case *ast.DefaultExpr:
		if e.Name != nil {
			if c := v.target.Column(e.Name.Name.O); c != nil && c.AutoIncrement {
				v.counts = true
			}
		}
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *targetVisitor) Leave(n ast.Node) (ast.Node, bool) {
	v.scopes.leave(n)
	return n, true
}
