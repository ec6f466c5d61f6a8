package exec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// mirroredBoth are the session variables, of both flavours, that decide what an expression gives. character_set_client is
// among them: the evaluator reads the client's own bytes.
var mirroredBoth = []string{
	"sql_mode", "character_set_client", "character_set_results", "collation_connection", "div_precision_increment",
	"group_concat_max_len", "lc_time_names", "default_week_format", "sql_select_limit", "max_sort_length", "sql_auto_is_null",
	"max_error_count", "sql_safe_updates", "sql_quote_show_create", "sql_warnings", "updatable_views_with_limit", optimizerSwitch,
}

// optimizerSwitch decides what a derived table's columns are called. The evaluator may be of another version, which does not
// know all the words.
const optimizerSwitch = "optimizer_switch"

// Variables that only one flavour has.
var (
	mirroredMySQL = []string{
		"windowing_use_high_precision", "cte_max_recursion_depth", "default_collation_for_utf8mb4", "max_execution_time", "block_encryption_mode",
		"show_create_table_verbosity",
	}
	mirroredMariaDB = []string{"max_recursive_iterations", "old_mode", "max_statement_time", "standard_compliant_cte", "check_constraint_checks"}
)

// mirrored are the session's variables as upstream has them, for the evaluator. They are asked for once, and again after a
// statement that may have changed them.
func (s *splitRun) mirrored() ([]evaluator.Variable, error) {
	if s.mirror != nil {
		return s.mirror, nil
	}
	names := mirrorNames(s.catalog.mariaDB, s.catalog.version)
	var out []evaluator.Variable
	err := s.query("SELECT "+variablesAsBytes(append(names, "max_allowed_packet")...)+" LIMIT 1", func(row [][]byte) error {
		packet, err := strconv.ParseUint(string(row[len(names)]), 10, 32)
		if err != nil {
			return wire.ErrMalformed
		}
		s.packet = uint32(packet)
		for i, name := range names {
			if name == noteVerbosity && !bytes.Contains(row[i], []byte("basic")) {
				row[i] = bytes.TrimSuffix(append([]byte("basic,"), row[i]...), []byte(","))
			}
			out = append(out, evaluator.Variable{
				Name: name, Value: variableLiteral(row[i]), Optional: name == optimizerSwitch || name == noteVerbosity,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading session variables: %w", err)
	}
	// SYSTEM is another zone on the evaluator's machine.
	s.mirror = append(out, evaluator.Variable{Name: "time_zone", Value: zoneLiteral(s.vars.TimeZone)})
	return s.mirror, nil
}

// zoneLiteral writes a time zone as the evaluator reads it that may have to learn it: plainly.
func zoneLiteral(zone string) string {
	if strings.ContainsAny(zone, `'\`) {
		return quoteText(zone)
	}
	return "'" + zone + "'"
}

// noteVerbosity decides which notes a statement gives. Its word basic stays: without it the evaluator would not even note what goes
// wrong with the rows that it is given.
const noteVerbosity = "note_verbosity"

// noted says whether a MariaDB version has it: 10.11.6 and later, but for the first of the 11 series.
func noted(version int) bool { return version >= 101106 && version/1000 != 110 || version >= 110302 }

func mirrorNames(mariaDB bool, version int) []string {
	if mariaDB {
		names := slices.Concat(mirroredBoth, mirroredMariaDB)
		if noted(version) {
			names = append(names, noteVerbosity)
		}
		return names
	}
	return slices.Concat(mirroredBoth, mirroredMySQL)
}

// variableLiteral writes a variable's value: a number as it is, anything else quoted; where it can be, so that the
// evaluator can read it, too.
func variableLiteral(v []byte) string {
	switch {
	case v == nil:
		return "NULL"
	case isNumber(v):
		return string(v)
	case isPlain(v):
		return "'" + string(v) + "'"
	}
	return quoteText(string(v))
}

// isPlain says whether a text between quotes reads the same in every session.
func isPlain(v []byte) bool {
	for _, c := range v {
		if c < ' ' || c >= 0x7f || c == '\'' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func isNumber(v []byte) bool {
	digits := 0
	for i, c := range v {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' && i == 0, c == '.':
		default:
			return false
		}
	}
	return digits > 0
}

// quoteText writes a string that means the same under every sql_mode: plainly where it can be, for the evaluator looks at
// what it is told.
func quoteText(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '\'' || c == '\\' {
			return "_utf8mb4 x'" + hex.EncodeToString([]byte(s)) + "'"
		}
	}
	return "'" + s + "'"
}

// sessionValues asks upstream what its session says to the PartSession expressions.
func (s *splitRun) sessionValues() error {
	var exprs []string
	s.lits = map[string]string{}
	if s.before.known {
		s.lits = s.before.literals(s.catalog.mariaDB)
		if s.plan.Asks {
			s.lits = s.before.alone(s.catalog.mariaDB)
		}
	}
	asked := s.plan.Asked
	for i := range s.plan.Text {
		if p := &s.plan.Text[i]; p.Kind == plan.PartSession {
			asked = append(asked[:len(asked):len(asked)], p.Text)
		}
	}
	for _, text := range asked {
		if _, seen := s.lits[text]; !seen {
			s.lits[text] = ""
			exprs = append(exprs, text)
		}
	}
	if len(exprs) == 0 {
		return nil
	}
	columns, row, err := s.queryRow("SELECT " + strings.Join(exprs, ", ") + " LIMIT 1")
	if err != nil {
		return err
	}
	for i, e := range exprs {
		lit, err := typedLiteral(&columns[i], row[i], s.vars.ResultsCharset, s.catalog.mariaDB)
		if err != nil {
			return err
		}
		s.lits[e] = lit
	}
	return nil
}

// typedLiteral writes a value of a result, in a result's character set, as a literal of its type.
func typedLiteral(c *wire.Column, v []byte, charset string, mariaDB bool) (string, error) {
	if v == nil {
		return "NULL", nil
	}
	text := string(v)
	if mariaDB && c.Charset == binaryCharset { // it has numbers in wide character sets, too
		if plain, err := value.Transcode(nil, v, charset, "utf8mb4"); err == nil {
			text = string(plain)
		}
	}
	switch c.Type {
	case wire.TypeTiny, wire.TypeShort, wire.TypeInt24, wire.TypeLong, wire.TypeLongLong, wire.TypeYear:
		return integerLiteral(text, c.Flags, mariaDB && c.Type == wire.TypeLongLong), nil
	case wire.TypeNewDecimal, wire.TypeDecimal:
		return text, nil
	case wire.TypeFloat, wire.TypeDouble:
		if !strings.ContainsAny(text, "eE") {
			text += "e0"
		}
		return text, nil
	}
	if c.Charset == binaryCharset {
		return "_binary x'" + hex.EncodeToString(v) + "'", nil
	}
	if charset == "" {
		return "", notSupported("session functions in a query that upstream cannot compute need a character_set_results")
	}
	if plain, err := value.Transcode(nil, v, charset, "utf8mb3"); err == nil && wideCharset(charset) {
		charset, v = "utf8mb4", plain
		if mariaDB { // MySQL warns of its name
			charset = "utf8mb3"
		}
	}
	text = "_" + charset + " x'" + hex.EncodeToString(v) + "'"
	if c.Flags&wire.FlagNotNull == 0 {
		text = "NULLIF(" + text + ", NULL)"
	}
	return text, nil
}

// wideCharset says whether a character set has no ASCII.
func wideCharset(name string) bool {
	switch name {
	case "ucs2", "utf16", "utf16le", "utf32":
		return true
	}
	return false
}

// integerLiteral writes an integer so that it has a column's flags. long makes a BIGINT of it on MariaDB, which gives a
// literal the type that it needs.
func integerLiteral(text string, flags uint16, long bool) string {
	if long {
		text = "(" + text + " | 0)"
	}
	switch {
	case flags&wire.FlagUnsigned == 0:
		text = "CAST(" + text + " AS SIGNED)"
	case !long:
		text = "CAST(" + text + " AS UNSIGNED)"
	}
	if flags&wire.FlagNotNull == 0 {
		text = "NULLIF(" + text + ", NULL)"
	}
	return text
}

// queryRow runs a query of the proxy's own that gives one row.
func (x *Session) queryRow(sql string) (columns []wire.Column, row [][]byte, err error) {
	columns, err = x.queryDefinitions(sql, func(r [][]byte) error {
		row = make([][]byte, len(r))
		for i, v := range r {
			if v != nil {
				row[i] = append([]byte{}, v...)
			}
		}
		return nil
	})
	if err == nil && row == nil {
		err = fmt.Errorf("reading a row: %w", wire.ErrMalformed)
	}
	return columns, row, err
}

// now is the statement's time as upstream has it: SET timestamp included.
func (s *splitRun) now() (evaluator.Variable, error) {
	stands, err := s.upstreamClock()
	if err != nil {
		return evaluator.Variable{}, err
	}
	return evaluator.Variable{Name: "timestamp", Value: stands}, nil
}

// isolation is the session's transaction isolation level.
func (s *splitRun) isolation() (string, error) {
	name := "@@transaction_isolation"
	if s.catalog.mariaDB {
		name = "@@tx_isolation"
	}
	_, row, err := s.queryRow("SELECT CAST(" + name + " AS BINARY) LIMIT 1")
	if err != nil {
		return "", err
	}
	return string(row[0]), nil
}

// userVariables reads user variables, with their types and collations.
func (s *splitRun) userVariables(names []string) (out []evaluator.Variable, err error) {
	var upstream []string
	for _, n := range names {
		if v := s.userVars[strings.ToLower(n)]; v != nil {
			out = v.variables(n, out)
		} else {
			upstream = append(upstream, n)
		}
	}
	if len(upstream) == 0 {
		return out, nil
	}
	columns, row, err := s.queryRow(userVarsQuery(upstream) + " LIMIT 1")
	if err != nil {
		return nil, err
	}
	for i, n := range upstream {
		v := newUserVar(&columns[3*i], row[3*i+1], string(row[3*i+2]))
		if s.preset == nil {
			s.preset = map[string]*userVar{}
		}
		s.preset[strings.ToLower(n)] = v
		out = v.variables(n, out)
	}
	return out, nil
}
