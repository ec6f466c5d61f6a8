package evaluator

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Variable is a session variable of the client's: of the server, or with a leading @ one of the user's.
type Variable struct {
	Name string
	// Value is a literal as the mode ” reads it, in utf8mb4: 'text', x'00', 1.5, NULL, DEFAULT, _latin1 x'e9' COLLATE …
	Value string
	// Optional variables are left out where the server does not know them, or a value of theirs.
	Optional bool
}

// ER_UNKNOWN_SYSTEM_VARIABLE, ER_WRONG_VALUE_FOR_VAR.
const (
	codeUnknownVariable = 1193
	codeWrongValue      = 1231
)

// Names of variables that decide what an INSERT stores.
const (
	sqlModeVariable  = "sql_mode"
	timeZoneVariable = "time_zone"
	charsetVariable  = "character_set_client"
	checksVariable   = "check_constraint_checks"
)

// ownVariables are the session in which a workspace makes and fills tables: what is stored is what was given.
func ownVariables(mariaDB bool) []Variable {
	out := []Variable{
		{Name: "autocommit", Value: "0"}, // a load is a transaction
		{Name: sqlModeVariable, Value: "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"},
		{Name: timeZoneVariable, Value: "'+00:00'"},
		{Name: charsetVariable, Value: "'utf8mb4'"},
		{Name: "collation_connection", Value: "'utf8mb4_general_ci'"},
		{Name: "character_set_results", Value: "'utf8mb4'"},
		{Name: "foreign_key_checks", Value: "0"},
		{Name: "unique_checks", Value: "1"},
		{Name: "explicit_defaults_for_timestamp", Value: "1"},
		{Name: "innodb_strict_mode", Value: "0"},
	}
	if mariaDB {
		return append(out, Variable{Name: checksVariable, Value: "0"})
	}
	return append(out, Variable{Name: "sql_require_primary_key", Value: "0"}, Variable{Name: "sql_generate_invisible_primary_key", Value: "0"})
}

// harmlessModes are those words of sql_mode that change neither how a workspace's own statements are read nor what they
// store of a value that is neither a zero nor a date that does not exist.
var harmlessModes = map[string]bool{
	"": true, "STRICT_TRANS_TABLES": true, "STRICT_ALL_TABLES": true, "ONLY_FULL_GROUP_BY": true, "NO_ENGINE_SUBSTITUTION": true,
	"ERROR_FOR_DIVISION_BY_ZERO": true, "NO_ZERO_DATE": true, "NO_ZERO_IN_DATE": true, "NO_AUTO_CREATE_USER": true,
	"NO_AUTO_VALUE_ON_ZERO": true, "ALLOW_INVALID_DATES": true, "TRADITIONAL": true, "ANSI_QUOTES": true, "PIPES_AS_CONCAT": true,
	"IGNORE_SPACE": true, "ANSI": true, "REAL_AS_FLOAT": true,
}

// Set says under which session variables the client's statements run. What it leaves out is as a workspace needs it.
// autocommit is not mirrored: what was loaded is a transaction.
func (w *Workspace) Set(vars []Variable) error {
	if w.want = w.last.again(vars); w.want.list != 0 {
		return nil
	}
	w.last.lists++
	want := append([]Variable(nil), vars...)
	w.want = wanted{vars: want, list: w.last.lists}
	// Collations come last: their character sets' variables would change them.
	last := func(name string) bool { return strings.HasPrefix(name, "collation_") }
	sort.SliceStable(want, func(i, j int) bool { return !last(want[i].Name) && last(want[j].Name) })
	users := false
	for i := range want {
		v := &want[i]
		v.Name = strings.ToLower(v.Name)
		switch {
		case v.Name == "autocommit":
			return fmt.Errorf("%w: autocommit cannot be set in a workspace", errOwn)
		case strings.HasPrefix(v.Name, "@"):
			w.unknow(v.Name) // a statement may have changed it
			w.tainted, users = true, true
		case !w.e.proven(v):
			if err := w.prove(v); err != nil {
				return err
			}
		}
	}
	if !users {
		w.last.given, w.last.wanted = append(w.last.given[:0], vars...), w.want
	}
	return nil
}

// wanted are the client's variables, in the order in which they are set.
type wanted struct {
	vars []Variable
	list uint64 // a number of their own; 0: none
	key  string // what they are to preparedKey; "": not made yet
}

// lastSet is what Set was given last that the server is known to take whole. Most statements of a client want the same.
type lastSet struct {
	given []Variable
	wanted
	lists   uint64 // numbers given to lists so far
	settled settled
}

// settled says that the session is as a list wants it, and since how many changes.
type settled struct{ list, changes uint64 }

// again is what was wanted if the same is given again, and none otherwise.
func (l *lastSet) again(vars []Variable) wanted {
	if l.list == 0 || !slices.Equal(l.given, vars) {
		return wanted{}
	}
	return l.wanted
}

// unknow notes that it is not known any more what a variable is.
func (w *Workspace) unknow(name string) {
	delete(w.have, name)
	w.changes++
}

// forget notes that nothing is known of the session.
func (w *Workspace) forget() {
	clear(w.have)
	w.changes++
}

// proof is what is known of a variable: which values the server took, or that it has none of the name.
type proof struct {
	unknown bool
	values  map[string]bool
}

// maxProven is how many values of a variable are remembered; where there are more, every number is taken for a good one.
const maxProven = 256

// countless variables have values without end: one that was taken stands for all.
var countless = map[string]bool{"timestamp": true, "insert_id": true, "last_insert_id": true, "rand_seed1": true, "rand_seed2": true, "pseudo_thread_id": true}

// proven says whether the server is known to take an assignment. Only then may it be sent without waiting for its answer.
func (e *Evaluator) proven(v *Variable) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.proofs[v.Name]
	return p != nil && (p.unknown && v.Optional || p.values[v.Value] || len(p.values) > 0 && countless[v.Name])
}

// prove sets a variable at once.
func (w *Workspace) prove(v *Variable) error {
	if err := errors.Join(w.own(), w.drain()); err != nil {
		return err
	}
	err := w.exec("SET " + v.assignment())
	w.noted(v)
	my, ok := errors.AsType[*wire.Error](err)
	if ok && my.Code == codeUnknownTimeZone && v.Name == timeZoneVariable {
		err = w.learnZone(v)
	}
	unknown := ok && (my.Code == codeUnknownVariable || v.Optional && my.Code == codeWrongValue)
	if err != nil {
		w.unknow(v.Name)
		if !unknown || !v.Optional {
			return err
		}
	}
	e := w.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if w.server != e.server {
		return nil // of a server that is gone
	}
	p := e.proofs[v.Name]
	if p == nil || len(p.values) > maxProven {
		p = &proof{values: map[string]bool{}}
		e.proofs[v.Name] = p
	}
	if p.unknown = unknown; !unknown {
		p.values[v.Value] = true
	}
	return nil
}

// learnZone gives the server a time zone, and sets it.
func (w *Workspace) learnZone(v *Variable) error {
	name, ok := unquoted(v.Value)
	if !ok {
		return fmt.Errorf("%w: time_zone must be a plain text", errOwn)
	}
	err := w.e.with(w.ctx, func(c *conn) error {
		c.set = false
		return w.e.loadZone(c, name)
	})
	if err != nil {
		return err
	}
	return w.exec("SET " + v.assignment())
}

func (v *Variable) assignment() string {
	if name, ok := strings.CutPrefix(v.Name, "@"); ok {
		return "@" + schema.Quote(name) + " = " + v.Value
	}
	return "SESSION " + schema.Quote(v.Name) + " = " + v.Value
}

// own makes the session a workspace's own.
func (w *Workspace) own() error { return w.assign(w.e.ownVars) }

// suit makes the session one in which a load's INSERT stores what it is given.
func (w *Workspace) suit(n needs) error {
	var vars []Variable
	for _, v := range w.e.ownVars {
		switch v.Name {
		case "autocommit":
		case checksVariable:
			if !n.checks {
				continue
			}
		case sqlModeVariable:
			if !n.mode && harmless(w.have[v.Name]) {
				continue
			}
		case timeZoneVariable:
			if !n.zone {
				continue
			}
		case charsetVariable:
			if !n.charset {
				continue
			}
		default:
			continue
		}
		vars = append(vars, v)
	}
	return w.assign(vars)
}

// unquoted is the text of a literal that is a plain one.
func unquoted(literal string) (text string, ok bool) {
	n := len(literal)
	if n < 2 || literal[0] != '\'' || literal[n-1] != '\'' || strings.ContainsAny(literal[1:n-1], `'\`) {
		return "", false
	}
	return literal[1 : n-1], true
}

// harmless says whether a sql_mode, as the literal that it was set by, is of harmless words only.
func harmless(literal string) bool {
	text, ok := unquoted(literal)
	if !ok {
		return false
	}
	for word := range strings.SplitSeq(text, ",") {
		if !harmlessModes[word] {
			return false
		}
	}
	return true
}

// client makes the session the client's: what it leaves out becomes as a workspace needs it, or the server's default.
func (w *Workspace) client() error {
	if w.changes > 0 && w.last.settled == (settled{w.want.list, w.changes}) {
		return nil
	}
	target := append(w.target[:0], w.want.vars...)
	named := func(name string) bool {
		for i := range w.want.vars {
			if w.want.vars[i].Name == name {
				return true
			}
		}
		return false
	}
	for _, v := range w.e.ownVars {
		if !named(v.Name) && !(v.Name == "collation_connection" && named("character_set_connection")) {
			target = append(target, v)
		}
	}
	for name, value := range w.have {
		if value != "DEFAULT" && !named(name) && !w.e.owns(name) && !strings.HasPrefix(name, "@") && name != "character_set_connection" {
			target = append(target, Variable{Name: name, Value: "DEFAULT"})
		}
	}
	w.target = target
	for i := range target {
		v := &target[i]
		if w.differs(v) && (!simple(v.Value) || !simple(v.Name) || !harmless(w.have[sqlModeVariable])) {
			// It must be read as it was written.
			if err := w.suit(needs{mode: true, charset: true}); err != nil {
				return err
			}
			break
		}
	}
	if err := w.assign(target); err != nil {
		return err
	}
	w.last.settled = settled{w.want.list, w.changes}
	return nil
}

// simple says whether a literal reads the same in every mode and character set.
func simple(literal string) bool {
	for i := range len(literal) {
		if c := literal[i]; c >= 0x80 || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

func (e *Evaluator) owns(name string) bool {
	for i := range e.ownVars {
		if e.ownVars[i].Name == name {
			return true
		}
	}
	return false
}

// differs says whether a variable must be set.
func (w *Workspace) differs(v *Variable) bool {
	return w.have[v.Name] != v.Value && !(v.Optional && w.e.unknown(v.Name))
}

// noted notes that a variable was set. A character set takes its collation along, and the other way round.
func (w *Workspace) noted(v *Variable) {
	switch v.Name {
	case "character_set_connection":
		delete(w.have, "collation_connection")
	case "collation_connection":
		delete(w.have, "character_set_connection")
	}
	w.have[v.Name] = v.Value
	w.changes++
}

func (e *Evaluator) unknown(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.proofs[name]
	return p != nil && p.unknown
}

// assign gathers a SET of what differs.
func (w *Workspace) assign(vars []Variable) error {
	sql := w.text[:0]
	if wide(w.have["collation_connection"]) || wide(w.have["character_set_connection"]) {
		// Literals would be of that character set, which not every variable takes.
		w.noted(&Variable{Name: "collation_connection", Value: "'utf8mb4_general_ci'"})
		if err := w.send("SET collation_connection = utf8mb4_general_ci", sent{}); err != nil {
			return err
		}
	}
	for i := range vars {
		v := &vars[i]
		if !w.differs(v) {
			continue
		}
		w.noted(v)
		if len(sql) == 0 {
			sql = append(sql, "SET "...)
		} else {
			sql = append(sql, ", "...)
		}
		sql = append(sql, v.assignment()...)
	}
	w.text = sql
	if len(sql) == 0 {
		return nil
	}
	return w.sendBytes(sql, sent{vital: true}) // what the session has would not be known
}

// wide says whether the literal of a character set or collation names one that does not extend ASCII.
func wide(literal string) bool {
	return strings.Contains(literal, "ucs2") || strings.Contains(literal, "utf16") || strings.Contains(literal, "utf32")
}

// Use makes a database the current one. "" is none: an empty schema stands for it.
func (w *Workspace) Use(db string) error {
	return w.use(w.Schema(db))
}

// use makes a private schema the current one.
func (w *Workspace) use(name string, err error) error {
	if err != nil || name == w.current {
		return err
	}
	if err := w.closeLoader(); err != nil {
		return err
	}
	w.current = name
	w.conn.ResetSequence()
	return w.sendPacket(append(append(w.conn.Begin(), byte(wire.ComInitDB)), name...), sent{})
}
