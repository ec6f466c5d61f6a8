package exec

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// found is what a client may ask about a statement that the evaluator answered, or that the proxy made several of:
// upstream does not know of it.
type found struct {
	known    bool
	rows     uint64 // FOUND_ROWS()
	affected int64  // ROW_COUNT()
	count    uint16 // of warnings and errors
	errors   int    // of these
	here     bool   // upstream's warnings are of the proxy's own queries
	// The answer to SHOW WARNINGS: definitions as the client gets them, rows of the text protocol.
	columns, warnings [][]byte
}

// foundError is what may be asked after an error of the proxy's own. Its columns are upstream's.
func foundError(e *wire.Error, rows uint64) found {
	row := wire.AppendString(nil, []byte("Error"))
	row = wire.AppendString(row, strconv.AppendUint(nil, uint64(e.Code), 10))
	row = wire.AppendString(row, []byte(e.Message))
	return found{known: true, rows: rows, affected: -1, count: 1, errors: 1, warnings: [][]byte{row}}
}

// warningColumns are the definitions of SHOW WARNINGS, as upstream gives them.
func (x *Session) warningColumns() (columns [][]byte, err error) {
	if err := x.send(wire.ComQuery, []byte("SHOW WARNINGS LIMIT 0")); err != nil {
		return nil, err
	}
	packet, err := x.readUpstream()
	if err != nil {
		return nil, x.lost(err)
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > maxColumns {
		return nil, fmt.Errorf("reading a result: %w", wire.ErrMalformed)
	}
	for range n {
		if packet, err = x.readUpstream(); err != nil {
			return nil, x.lost(err)
		}
		columns = append(columns, bytes.Clone(packet))
	}
	if !x.caps.Has(wire.DeprecateEOF) {
		if _, err := x.readUpstream(); err != nil {
			return nil, x.lost(err)
		}
	}
	return columns, x.eachRow(int(n), func([][]byte) error { return nil })
}

// diagnose plans a statement that asks about one which the evaluator answered; nil where it is another. Where nothing was
// warned of, upstream's answer is right.
func (x *Session) diagnose(src []byte) plan.Plan {
	if !x.found.known {
		return nil
	}
	p := plan.Diagnose(src)
	if p == nil {
		return nil
	}
	if _, gets := p.(*plan.GetDiagnostics); gets {
		return p
	}
	_, asks := p.(*plan.Split)
	if !asks {
		x.found.affected = -1 // of what is asked now
	}
	if !asks && len(x.found.warnings) == 0 && !x.found.here {
		return &plan.PassThrough{Effects: plan.Effects{Quiet: true}}
	}
	if err := x.lexer.Lex(src, x.vars.mode); err != nil { // what is run next is this
		return nil
	}
	x.before = x.found
	return p
}

// Executing says that a statement which upstream has prepared is executed there: what is asked next is about that one. One that asks
// itself about a statement of which upstream does not know is refused.
func (x *Session) Executing(src []byte) error {
	about := plan.Diagnostics(src)
	switch {
	case x.found.known && (about || plan.AsksBefore(src)):
		return errAskedEarly
	case !about:
		x.found = found{}
	}
	return nil
}

// errAskedEarly refuses what would ask upstream about a statement that it does not know of.
var errAskedEarly error = notSupported("this statement about the one before was prepared when that was upstream's; prepare it anew after the one that it is about")

// alone are what PartSession expressions give in a statement that only asks about the one before.
func (f *found) alone(mariaDB bool) map[string]string {
	// An operation on bits is of 64, where a literal is of as many as it needs.
	rows := fmt.Sprintf("CAST(%d | 0 AS SIGNED)", f.rows)
	if !mariaDB {
		rows = fmt.Sprintf("CAST(FOUND_ROWS() * 0 + %d AS SIGNED)", f.rows) // which warns
	}
	return map[string]string{
		"FOUND_ROWS()": rows, "ROW_COUNT()": fmt.Sprintf("CAST(%d | 0 AS SIGNED)", uint64(f.affected)),
		"@@warning_count": fmt.Sprintf("(%d | 0)", f.count), "@@error_count": fmt.Sprintf("(%d | 0)", f.errors),
	}
}

// asked gives the definition of what a statement asks about the one before the width that servers give it, which a literal
// does not have.
func (s *splitRun) asked(c *wire.Column) {
	if !s.plan.Asks || s.answered {
		return
	}
	c.Type, c.Length = wire.TypeLongLong, 21
	if c.Flags&wire.FlagUnsigned != 0 {
		c.Flags &^= wire.FlagNotNull // a variable
	}
}

// literals are what they give beside others. MySQL warns of FOUND_ROWS().
func (f *found) literals(mariaDB bool) map[string]string {
	rows := integerLiteral(strconv.FormatUint(f.rows, 10), wire.FlagNotNull, mariaDB)
	if !mariaDB {
		rows = fmt.Sprintf("CAST(FOUND_ROWS() * 0 + %d AS SIGNED)", f.rows)
	}
	return map[string]string{
		"FOUND_ROWS()":    rows,
		"ROW_COUNT()":     integerLiteral(strconv.FormatInt(f.affected, 10), wire.FlagNotNull, mariaDB),
		"@@warning_count": integerLiteral(strconv.Itoa(int(f.count)), wire.FlagUnsigned, mariaDB),
		"@@error_count":   integerLiteral(strconv.Itoa(f.errors), wire.FlagUnsigned, mariaDB),
	}
}

// showWarnings answers SHOW WARNINGS from what was kept.
func (x *Session) showWarnings(p *plan.ShowWarnings, more bool) error {
	if x.found.columns == nil {
		var err error
		if x.found.columns, err = x.warningColumns(); err != nil {
			return err
		}
	}
	rows := x.found.warnings
	if p.Errors {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r []byte) bool { return !isErrorRow(r) })
	}
	from := min(p.Offset, uint64(len(rows)))
	rows = rows[from:]
	rows = rows[:min(p.Limit, uint64(len(rows)))]
	if err := x.client.WritePacket(wire.AppendInt(nil, uint64(len(x.found.columns)))); err != nil {
		return x.gone(err)
	}
	for _, c := range x.found.columns {
		if err := x.client.WritePacket(c); err != nil {
			return x.gone(err)
		}
	}
	if err := x.definitionsEnd(); err != nil {
		return err
	}
	for _, r := range rows {
		if err := x.client.WritePacket(r); err != nil {
			return x.gone(err)
		}
	}
	return x.rowsEnd(0, more)
}

// isErrorRow says whether a row of SHOW WARNINGS is of an error.
func isErrorRow(row []byte) bool {
	r := wire.NewTextRow(row)
	level, ok := r.Next()
	return ok && string(level) == "Error"
}

// statusOfStatement are the status flags that tell of one statement.
const statusOfStatement = wire.StatusMoreResults | wire.StatusSessionStateChanged | wire.StatusNoGoodIndex | wire.StatusNoIndex | wire.StatusSlowQuery |
	wire.StatusCursorExists | wire.StatusLastRowSent

// rowsEnd sends the packet that ends rows which upstream did not send.
func (x *Session) rowsEnd(warnings uint16, more bool) error {
	out := wire.OK{Status: x.Status &^ statusOfStatement, Warnings: warnings}
	if more {
		out.Status |= wire.StatusMoreResults
	}
	if err := x.client.WritePacket(wire.AppendEnd(nil, out, x.caps)); err != nil {
		return x.gone(err)
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

// keepWarnings asks the evaluator what it warned of.
func (s *splitRun) keepWarnings() error {
	var err error
	s.found.columns, err = s.ask("SHOW WARNINGS", func(packet []byte) error {
		row, err := s.warning(packet)
		s.found.warnings = append(s.found.warnings, row)
		if isErrorRow(row) {
			s.found.errors++
		}
		return err
	})
	return err
}

// countBefore asks upstream for the FOUND_ROWS() that a SET or DO leaves as it was, before the proxy's own queries change it.
func (s *splitRun) countBefore() error {
	if !s.plan.Uses.Silent || s.before.known {
		return nil
	}
	_, row, err := s.queryRow("SELECT FOUND_ROWS() LIMIT 1")
	if err == nil {
		s.before.rows, err = strconv.ParseUint(string(row[0]), 10, 64)
	}
	return err
}

// countAll asks the evaluator how many rows there were without LIMIT.
func (s *splitRun) countAll() error {
	_, err := s.ask("SELECT FOUND_ROWS() LIMIT 1", func(packet []byte) error {
		row := wire.NewTextRow(packet)
		v, _ := row.Next()
		var err error
		s.found.rows, err = strconv.ParseUint(string(v), 10, 64)
		return err
	})
	return err
}

// ask runs a query of the proxy's own in the evaluator and gives its definitions as the client would have them.
func (s *splitRun) ask(sql string, each func(row []byte) error) (columns [][]byte, err error) {
	if err := s.bench.Query([]byte(sql)); err != nil {
		return nil, err
	}
	conn := s.bench.Conn()
	packet, err := conn.ReadPacket()
	if err != nil {
		return nil, s.evaluated(err)
	}
	if wire.IsError(packet) {
		return nil, s.askedError(packet)
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > maxColumns {
		return nil, s.evaluated(wire.ErrMalformed)
	}
	for range n {
		c, err := s.definition()
		if err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	for {
		packet, err := conn.ReadPacket()
		switch {
		case err != nil:
			return nil, s.evaluated(err)
		case wire.IsError(packet):
			return nil, s.askedError(packet)
		case wire.IsEnd(packet, s.bench.Capabilities()):
			s.bench.Answered()
			return columns, nil
		}
		if err := each(packet); err != nil {
			return nil, s.evaluated(err)
		}
	}
}

// askedError is the error that ended a query of the proxy's own.
func (s *splitRun) askedError(packet []byte) error {
	e, err := wire.DecodeError(packet)
	if err != nil {
		return s.evaluated(err)
	}
	s.bench.Answered()
	e.Message = string(s.logicalText([]byte(e.Message)))
	return e
}

// warning is a row of SHOW WARNINGS in the logical tables' words.
func (s *splitRun) warning(packet []byte) ([]byte, error) {
	row := wire.NewTextRow(packet)
	var out []byte
	for {
		v, ok := row.Next()
		if !ok {
			return out, row.Err()
		}
		out = wire.AppendString(out, s.logicalText(v))
	}
}

// killText finds the connection that a KILL means.
var killText = regexp.MustCompile(`(?i)^\s*KILL\s+(?:(?:HARD|SOFT)\s+)?(?:(?:CONNECTION|QUERY)\s+)?(\d+)\s*;?\s*$`)

// KillOf finds the connection that a statement kills, where it is a plain KILL.
func KillOf(sql []byte) (id uint32, ok bool) {
	if text := bytes.TrimLeft(sql, " \t\r\n"); len(text) < 5 || text[0]|0x20 != 'k' || len(text) > 100 {
		return 0, false
	}
	m := killText.FindSubmatch(sql)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(m[1]), 10, 32)
	return uint32(n), err == nil
}

// Kill stops what the evaluator does for the session with a connection id, which upstream has just killed.
func (x *Session) Kill(id uint32) { x.catalog.Kill(id) }

// locksTables finds the clauses by which FLUSH TABLES locks.
var locksTables = regexp.MustCompile(`(?i)\b(?:read\s+lock|for\s+export)\b`)

// trackLocks notes LOCK TABLES, under which no transaction may be begun for a statement's sake: that would unlock them.
func (x *Session) trackLocks(template []byte) {
	begins := func(words string) bool {
		return len(template) >= len(words) && bytes.EqualFold(template[:len(words)], []byte(words))
	}
	switch {
	case begins("SET TRANSACTION"):
		x.isolates = true
	case begins("LOCK TABLE"), begins("FLUSH ") && locksTables.Match(template):
		x.tablesLocked = true
	case begins("UNLOCK TABLE"), begins("BEGIN"), begins("START TRANSACTION"):
		x.tablesLocked = false
	}
}

// keepThese keeps the evaluator's warnings of a statement for SHOW WARNINGS, whose definitions upstream gives.
func (x *Session) keepThese(warnings []evaluator.Warning) error {
	if len(warnings) == 0 {
		return nil
	}
	if err := x.send(wire.ComQuery, []byte("SHOW WARNINGS")); err != nil {
		return err
	}
	packet, err := x.readUpstream()
	if err != nil {
		return x.lost(err)
	}
	if wire.IsError(packet) {
		return x.statementError(packet)
	}
	n, _ := wire.Int(packet)
	for range n {
		if packet, err = x.readUpstream(); err != nil {
			return x.lost(err)
		}
		x.found.columns = append(x.found.columns, append([]byte(nil), packet...))
	}
	for ends := 0; ends < 1 || ends < 2 && !x.caps.Has(wire.DeprecateEOF); {
		if packet, err = x.readUpstream(); err != nil {
			return x.lost(err)
		}
		if wire.IsEnd(packet, x.caps) {
			ends++
		}
	}
	for _, w := range warnings {
		row := wire.AppendString(nil, []byte(w.Level))
		row = wire.AppendString(row, []byte(w.Code))
		x.found.warnings = append(x.found.warnings, wire.AppendString(row, []byte(w.Message)))
	}
	x.found.count = uint16(min(len(warnings), 65535))
	return nil
}

// executed are the warnings that a statement has when it runs: MySQL warns of what is deprecated in its text when a client
// prepares it.
func (x *Session) executed(warnings []evaluator.Warning) []evaluator.Warning {
	if x.catalog.mariaDB || !x.note.Binary {
		return warnings
	}
	return slices.DeleteFunc(warnings, func(w evaluator.Warning) bool {
		return slices.Contains([]string{"1287", "1681", "3719", "3720", "3778"}, w.Code)
	})
}
