package plan

import (
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// skim is a statement that the parser cannot read, as its tokens show it: a query for sure, with all that it could name.
type skim struct {
	*block
	mentions []mention
	ctes     []string
	items    [][2]int // tokens of the items of select lists, of all depths
	uses     Uses
	reads    bool            // it has a FROM clause or TABLE
	by       bool            // the token at hand is in GROUP BY or ORDER BY
	lock     string          // a locking clause
	unsafe   string          // what forbids the evaluator to run it; "" where nothing does
	views    []ViewUse       // that it could name, those first that others read
	viewed   []*schema.Table // that these read
	within   int             // how many views the query is within
	missing  bool            // a table is not there
}

// mention is a name that a table could have. Whatever else it could be of, such as a column, it is looked up.
type mention struct {
	db, name string
	token    int
	qualified,
	table bool // it stands where only the name of a table can
}

// skimmed plans a statement that the parser cannot read: nil where its tokens do not show that it is a query.
//
// Where it names nothing that is protected it passes. Where it does, every table that it could name is read whole, and the
// evaluator runs the client's text. That needs no more of the text than its names: the evaluator has no other table, so that
// one which was overlooked is an error there.
func skimmed(b *block) Plan {
	s := &skim{block: b}
	if !s.query() {
		return nil
	}
	s.walk()
	if !s.reads {
		s.mentions = nil
	}
	var known []NeedTable
	var protected []*schema.Table
	for _, m := range s.mentions {
		switch t := s.env.Snapshot.Lookup(m.db, m.name); {
		case t != nil && t.Locked != "":
			return refuse("locked", "encrypted table %s cannot be opened: %s", tableName(t), t.Locked)
		case t != nil && t.IsView():
			if p := s.opens(t); p != nil {
				return p
			}
		case t != nil:
			protected = append(protected, t)
		case !isASCII(m.name) && slices.ContainsFunc(s.env.Snapshot.Names(), func(n string) bool { return !isASCII(n) }):
			return nil // it could be the same in another character set
		case s.catalog(m):
			return refuse("catalog", "INFORMATION_SCHEMA shows encrypted tables as they are stored; this query of it is not supported")
		case !s.env.Snapshot.Known(m.db, m.name) && s.env.Rules.Designated(m.db, m.name) && !s.env.absent(m.db, m.name):
			known = append(known, NeedTable{DB: m.db, Name: m.name})
		}
	}
	switch {
	case len(known) > 0:
		return &NeedTables{Tables: known}
	case (len(protected)+len(s.views) > 0 || s.env.Evaluate) && !s.env.Evaluator:
		return nil
	}
	missing := false
	for _, m := range s.mentions {
		if !m.table || s.hides(m) || !s.env.absent(m.db, m.name) {
			continue
		}
		if missing = true; !s.env.Evaluator || s.unsafe != "" {
			return refuseAbsent(m.db, m.name)
		}
	}
	// Where a table is not there, its values could be meant for an encrypted one whose name has a slip: the evaluator says so.
	if len(protected)+len(s.views) == 0 && !missing && !s.env.Split && !s.env.Evaluate {
		return &PassThrough{}
	}
	return s.split(protected)
}

// catalog says whether a name is that of a table of INFORMATION_SCHEMA that shows how tables are stored.
func (s *skim) catalog(m mention) bool {
	return s.env.Snapshot.Len() > 0 && strings.EqualFold(m.db, schema.InformationSchema) &&
		(schema.ViewOf(m.name) != nil || schema.StoredView(m.name))
}

// hides says whether a name can be that of a common table expression.
func (s *skim) hides(m mention) bool {
	return !m.qualified && slices.ContainsFunc(s.ctes, func(c string) bool { return strings.EqualFold(c, m.name) || !isASCII(c) })
}

// query says whether the statement can be nothing but a query that writes to nothing but user variables.
func (s *skim) query() bool {
	head := 0
	for head < len(s.tokens) && s.is(head, "(") {
		head++
	}
	if head == len(s.tokens) || !slices.ContainsFunc([]string{"SELECT", "VALUES", "WITH", "TABLE"}, func(w string) bool { return s.stands(head, w) }) {
		return false
	}
	for i, t := range s.tokens {
		switch {
		case t.Kind == TokPunct && strings.ContainsAny(s.text[t.Start:t.End], "{};\\"):
			return false
		case s.is(i, ".") && !s.joins(i):
			return false
		case t.Kind != TokWord || s.stands(i-1, "."):
			continue
		}
		switch strings.ToUpper(s.text[t.Start:t.End]) {
		case "UPDATE":
			if !s.stands(i-1, "FOR") {
				return false
			}
		case "INSERT", "REPLACE", "TRUNCATE":
			if !s.stands(i+1, "(") {
				return false
			}
		case "DELETE", "CALL", "LOAD", "OUTFILE", "DUMPFILE", "PREPARE", "EXECUTE", "IMMEDIATE":
			return false
		case "INTO":
			if _, to := s.intoVars(i); to == 0 {
				return false
			}
		case "PROCEDURE":
			if !s.stands(i+1, "ANALYSE") {
				return false
			}
		}
	}
	return true
}

// numbersRows says whether the statement calls MariaDB's ROWNUM(), which counts the rows that the server reads: one that was left
// out before would count no more.
func (b *block) numbersRows() bool {
	if !b.env.Mode.MariaDB {
		return false
	}
	for i, t := range b.tokens {
		if t.Kind == TokWord && t.End-t.Start == len("ROWNUM") && b.is(i, "ROWNUM") && b.stands(i+1, "(") && !b.stands(i-1, ".") {
			return true
		}
	}
	return false
}

// parted says whether the statement names partitions of a table. Which rows they have only a table that is partitioned tells: all are read, and the
// evaluator's is.
func (b *block) parted() bool {
	for i := range b.tokens {
		if b.tokens[i].Kind == TokWord && b.is(i, "PARTITION") && b.stands(i+1, "(") && i > 0 && (b.tokens[i-1].Kind <= TokQuoted || b.stands(i-1, ")")) {
			return true
		}
	}
	return false
}

// joins says whether the dot at token i joins names without space: a keyword before space and a dot is one still.
func (s *skim) joins(i int) bool {
	return i > 0 && i+1 < len(s.tokens) && s.tokens[i-1].Kind <= TokQuoted && s.tokens[i-1].End == s.tokens[i].Start && s.tokens[i].End == s.tokens[i+1].Start
}

// stands says whether there is a token i that is a word or character.
func (b *block) stands(i int, text string) bool { return i >= 0 && i < len(b.tokens) && b.is(i, text) }

// clause is where in a query block a token stands.
type clause uint8

const (
	inExpr clause = iota
	inList        // the select list
	inFrom
	inOn // a condition in FROM
)

// level is a bracket that is open.
type level struct {
	clause clause
	item   int    // the token where the item of the select list begins
	opener string // the word before the bracket
	by     bool   // BY has been, and no clause since
}

// walk collects what the statement names and uses.
func (s *skim) walk() {
	stack := []level{{}}
	for i := 0; i < len(s.tokens); i++ {
		top := &stack[len(stack)-1]
		s.by = top.by
		switch t := s.tokens[i]; {
		case s.is(i, "("):
			l := level{opener: s.wordAt(i - 1)}
			if top.clause == inFrom && s.beforeTable(i) {
				l.clause = inFrom
			}
			stack = append(stack, l)
		case s.is(i, ")"):
			if s.endItem(top, i); len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		case s.is(i, ","):
			s.comma(top, i)
		case t.Kind == TokVar:
			s.variable(i)
		case t.Kind <= TokQuoted:
			if t.Kind == TokWord && s.keyword(top, i) {
				continue
			}
			i += s.name(top, i)
		}
	}
	s.endItem(&stack[0], len(s.tokens))
	for _, name := range s.into() {
		s.assigns(name)
		s.uses.NoRows = true
	}
}

// wordAt is token i in upper case where it is a word.
func (s *skim) wordAt(i int) string {
	if i < 0 || i >= len(s.tokens) || s.tokens[i].Kind != TokWord {
		return ""
	}
	return strings.ToUpper(s.text[s.tokens[i].Start:s.tokens[i].End])
}

// beforeTable says whether what stands before token i wants a table in a FROM clause.
func (s *skim) beforeTable(i int) bool {
	switch s.wordAt(i - 1) {
	case "FROM", "JOIN", "STRAIGHT_JOIN", "LATERAL", "TABLE":
		return true
	}
	return s.stands(i-1, ",") || s.stands(i-1, "(")
}

func (s *skim) comma(top *level, i int) {
	switch top.clause {
	case inList:
		s.endItem(top, i)
		top.clause, top.item = inList, i+1
	case inOn:
		top.clause = inFrom
	}
}

// endItem ends the item of a select list before token i.
func (s *skim) endItem(top *level, i int) {
	if top.clause == inList {
		if top.item < i {
			s.items = append(s.items, [2]int{top.item, i})
		}
		top.clause = inExpr
	}
}

// keyword follows the clauses; it says that token i is a word that names nothing.
func (s *skim) keyword(top *level, i int) bool {
	if s.stands(i-1, ".") || s.stands(i+1, ".") {
		return false
	}
	w := s.wordAt(i)
	switch w {
	case "BY":
		top.by = true
	case "SELECT", "HAVING", "LIMIT", "UNION", "ROWS", "RANGE":
		top.by = false
	}
	switch w {
	case "SELECT":
		s.endItem(top, i)
		top.clause, top.item = inList, s.afterOptions(i+1)
	case "FROM":
		switch top.opener {
		case "TRIM", "EXTRACT", "SUBSTRING", "SUBSTR", "MID":
			if top.clause == inExpr {
				return true // TRIM(x FROM y)
			}
		}
		s.endItem(top, i)
		top.clause, s.reads = inFrom, true
	case "VALUES":
		if !s.stands(i+1, "(") || top.clause == inFrom {
			top.clause = inExpr
		}
	case "TABLE":
		top.clause, s.reads = inFrom, true
		return true
	case "JOIN", "STRAIGHT_JOIN":
		s.reads = true
		if top.clause == inOn {
			top.clause = inFrom
		}
	case "ON", "USING":
		if top.clause == inFrom {
			top.clause = inOn
		}
	case "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "INTO", "PROCEDURE", "OFFSET", "FETCH":
		if top.clause == inFrom && s.beforeTable(i) || s.stands(i+1, "(") && w != "WHERE" && w != "HAVING" || (w == "OFFSET" || w == "FETCH") && s.stands(i+1, ",") {
			break
		}
		if w == "GROUP" && !s.stands(i+1, "BY") || w == "ORDER" && !s.stands(i+1, "BY") {
			break
		}
		s.endItem(top, i)
		top.clause = inExpr
		s.uses.Analyses = s.uses.Analyses || w == "PROCEDURE"
	case "FOR", "LOCK":
		s.locks(i)
	case "NEXT", "PREVIOUS":
		if s.stands(i+1, "VALUE") && s.stands(i+2, "FOR") {
			s.unsafe = "a sequence"
		}
	case "TABLESAMPLE", "SYSTEM_TIME", "PARTITION":
		if w != "PARTITION" || !s.stands(i+1, "BY") && !s.stands(i+1, "(") {
			s.unsafe = w
		}
	}
	return among(reservedWords, strings.ToLower(w))
}

// afterOptions is the first token behind the options of SELECT.
func (s *skim) afterOptions(i int) int {
	for {
		switch s.wordAt(i) {
		case "ALL", "DISTINCT", "DISTINCTROW", "HIGH_PRIORITY", "STRAIGHT_JOIN", "SQL_SMALL_RESULT", "SQL_BIG_RESULT", "SQL_BUFFER_RESULT",
			"SQL_NO_CACHE", "SQL_CACHE", "SQL_CALC_FOUND_ROWS":
			i++
		default:
			return i
		}
	}
}

// locks notes a locking clause; of several the one that locks most.
func (s *skim) locks(i int) {
	text := ""
	switch {
	case s.stands(i+1, "UPDATE"):
		text = " FOR UPDATE"
	case s.stands(i, "LOCK") && s.stands(i+1, "IN") && s.stands(i+2, "SHARE"):
		text = " LOCK IN SHARE MODE"
	case s.stands(i+1, "SHARE"):
		text = " FOR SHARE"
	default:
		return
	}
	for _, w := range s.tokens[i:] {
		switch strings.ToUpper(s.text[w.Start:w.End]) {
		case "NOWAIT", "SKIP", "WAIT":
			s.unsafe = "this locking clause"
		}
	}
	if s.lock != " FOR UPDATE" {
		s.lock = text
	}
}

// name reads the name or call at token i, and says how many tokens it takes beyond the first.
func (s *skim) name(top *level, i int) int {
	n := s.chain(i)
	last := i + 2*(n-1)
	m := mention{token: i, table: top.clause == inFrom && s.beforeTable(i), qualified: n > 1}
	head := s.ident(i)
	if strings.HasPrefix(strings.ToLower(head), schema.Prefix) {
		s.unsafe = "a name of the proxy's own"
	}
	switch {
	case s.stands(last+1, "("):
		s.called(i, n)
		return last - i
	case n == 1:
		m.db, m.name = s.env.DB, head
	default:
		m.db, m.name = head, s.ident(i+2)
		if end := strings.ToLower(s.ident(last)); end == "nextval" || end == "currval" {
			s.unsafe = "a sequence"
		}
	}
	if n > 3 {
		s.unsafe = "a name of four parts"
	}
	if among(systemSchemas, strings.ToLower(m.db)) {
		s.unsafe = "a table of the server's own"
	}
	if m.name != "" && m.name != "*" && m.db != "" && !slices.ContainsFunc(s.mentions, m.covers) {
		s.mentions = append(s.mentions, m)
	}
	if n == 1 && s.tokens[i].Kind == TokWord {
		s.bare(i)
	}
	return last - i
}

// systemSchemas are databases of the server's own.
const systemSchemas = " information_schema performance_schema mysql sys "

// covers says whether another mention of the same table says as much.
func (m mention) covers(o mention) bool {
	return o.db == m.db && o.name == m.name && o.qualified == m.qualified && (o.table || !m.table) && !m.qualified
}
