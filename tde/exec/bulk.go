package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// bulked are rows of parameters that the evaluator is to execute a statement for, by the same command as the client's.
type bulked struct {
	types   []wire.Param
	rows    []byte // as in the packet
	repeats bool   // a row group, of which upstream is not to know beforehand how many times it comes
}

// packet is the command for the evaluator's statement of that id.
func (b *bulked) packet(id uint32) []byte {
	head := wire.Bulk{StatementID: id, Flags: wire.BulkTypes, Types: b.types}
	return append(head.Append(nil), b.rows...)
}

// Bulk runs COM_STMT_BULK_EXECUTE of a statement of this session's own.
func (x *Session) Bulk(ctx context.Context, packet []byte) error {
	x.Failed = false
	id, _ := wire.ExecuteStatement(packet)
	st := x.stmts[id]
	st.closeCursor()
	x.before, x.found = x.found, found{}
	return x.settle(x.bulk(ctx, st, packet))
}

func (x *Session) bulk(ctx context.Context, st *statement, packet []byte) error {
	kind, set := plan.BatchOf(st.src, st.mode)
	switch {
	case kind == plan.BatchRefused || st.params == 0:
		return &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
	case st.late:
		return notSupported("COM_STMT_BULK_EXECUTE of a statement that reads a user variable whose value comes of an encrypted table")
	}
	b := &wire.Bulk{Types: slices.Clone(st.bulkTypes)}
	if err := b.Decode(packet, st.params); err != nil {
		return errBulk()
	}
	st.bulkTypes = b.Types
	if kind == plan.BatchRows {
		return x.bulkRows(ctx, st, b)
	}
	return x.bulkEach(ctx, st, kind, set, b)
}

// codeIndicated is ER_INVALID_DEFAULT_PARAM.
const codeIndicated = 4032

// errIndicated is the server's error for a parameter that has no value where one is computed with.
func errIndicated() error {
	return &wire.Error{Code: codeIndicated, State: "HY000", Message: "Default/ignore value is not supported for such parameter usage"}
}

// errBulk is the server's error for rows that it cannot read.
func errBulk() error {
	return &wire.Error{Code: codeWrongArguments, State: "HY000", Message: "Incorrect arguments to mysqld_stmt_bulk_execute"}
}

// bulkRows runs an INSERT or REPLACE, which is one statement whatever the number of rows: the evaluator executes it for all of them, and what it
// has made is stored as of any other.
func (x *Session) bulkRows(ctx context.Context, st *statement, b *wire.Bulk) error {
	x.bulked = &bulked{types: b.Types, rows: b.Rows()}
	defer func() { x.bulked = nil }()
	row, ok := b.Next()
	if !ok {
		return errBulk()
	}
	params, _, _ := rowParams(nil, b.Types, row, len(row))
	return x.executeRow(ctx, st, params)
}

// bulkStored looks at the plan of an INSERT for many rows of parameters.
func (x *Session) bulkStored(st *statement, p *plan.Store) error {
	if len(p.Query.Fetches) > 0 {
		return notSupported("COM_STMT_BULK_EXECUTE of an INSERT that reads tables; execute it for each row")
	}
	x.bulked.repeats = st.rows <= 1 && p.Upsert == nil
	return nil
}

// rowParams makes parameters of a row of a bulk execution; indicated says that one has no value of its own, not even NULL, and misplaced
// that one has none that does not belong to the first set.
func rowParams(dst, types []wire.Param, row []wire.BulkValue, set int) (params []wire.Param, indicated, misplaced bool) {
	params = append(dst[:0], types...)
	for i, v := range row {
		params[i].Value, params[i].Null = v.Value, v.Indicator != wire.IndicatorNone
		if v.Indicator > wire.IndicatorNull {
			indicated, misplaced = true, misplaced || i >= set
		}
	}
	return params, indicated, misplaced
}

// executeRow executes the statement for one row.
func (x *Session) executeRow(ctx context.Context, st *statement, params []wire.Param) error {
	bind := func() (*wire.Execute, error) { return &wire.Execute{Params: params}, nil }
	before := x.found
	err := x.executeWith(ctx, st, bind)
	for tries := 0; errors.Is(err, errRedefined) && tries < maxPlans; tries++ {
		x.found = before
		err = x.executeWith(ctx, st, bind)
	}
	if err == nil && !x.Failed && !evaluates(st.plan) {
		x.Overwritten(st.assigns)
	}
	return err
}

// gathered sums up the executions for single rows, as servers do.
type gathered struct {
	ok       wire.OK
	last     wire.OK     // of the execution at work
	err      *wire.Error // that it was answered with
	matched  uint64      // rows so far: messages go on counting
	runs     int
	warned   uint64 // warnings in the answer, which counts those of earlier rows again
	columns  [][]byte
	warnings [][]byte
}

// bulkEach runs an UPDATE or DELETE, which servers execute for one row after the other; an error ends that, and what was done before it stays.
func (x *Session) bulkEach(ctx context.Context, st *statement, kind plan.Batch, set int, b *wire.Bulk) error {
	rewrite, _ := st.plan.(*plan.Rewrite)
	replay, _ := st.plan.(*plan.Replay)
	if rewrite != nil && len(rewrite.Outputs) > 0 || replay != nil && !replay.Uses.NoRows {
		return notSupported("COM_STMT_BULK_EXECUTE of DELETE … RETURNING of an encrypted table; execute it for each row")
	}
	before := x.before
	g := &gathered{}
	defer func() { x.gather, x.bulked = nil, nil }()
	var params []wire.Param
	for {
		rest := b.Rows()
		row, ok := b.Next()
		if !ok {
			break
		}
		var indicated, misplaced bool
		params, indicated, misplaced = rowParams(params, b.Types, row, set)
		if misplaced {
			x.found = found{}
			return g.add(x, kind, errIndicated())
		}
		if indicated {
			if x.caps.Has(wire.FoundRows) {
				return notSupported("DEFAULT and IGNORE in COM_STMT_BULK_EXECUTE of an UPDATE of an encrypted table, for a client that counts found rows")
			}
			x.bulked = &bulked{types: b.Types, rows: rest[:len(rest)-len(b.Rows())]}
		}
		x.gather, g.last, g.err = g, wire.OK{}, nil
		err := x.executeRow(ctx, st, slices.Clone(params))
		x.gather, x.bulked = nil, nil
		if err == nil && g.err != nil {
			x.Failed, err = false, g.err
		}
		if err = g.add(x, kind, err); err != nil {
			return err
		}
	}
	if b.Err() != nil || g.runs == 0 {
		return errBulk()
	}
	x.found = found{
		known: true, rows: before.rows, affected: int64(g.ok.AffectedRows), count: uint16(len(g.warnings)), columns: g.columns, warnings: g.warnings,
	}
	return x.sendOK(g.answer(x, kind), false)
}

// rowOf is the number of a row in a message.
var rowOf = regexp.MustCompile(` at row (\d+)$`)

// shift makes the number of a row in a message that which it has among all executions.
func (g *gathered) shift(message []byte) []byte {
	m := rowOf.FindSubmatch(message)
	if m == nil {
		return message
	}
	n, _ := strconv.ParseUint(string(m[1]), 10, 64)
	return fmt.Appendf(bytes.Clone(message[:len(message)-len(m[0])]), " at row %d", n+g.matched)
}

// add takes what an execution said, or its error.
func (g *gathered) add(x *Session, kind plan.Batch, err error) error {
	if isBroken(err) {
		return err
	}
	var e *wire.Error
	if err != nil {
		e = answer(err)
		if e.Message = string(g.shift([]byte(e.Message))); !x.found.known {
			x.found = foundError(e, x.before.rows)
		}
	}
	if err := g.addWarnings(x); err != nil {
		return err
	}
	if e != nil {
		x.found.warnings, x.found.columns, x.found.count = g.warnings, g.columns, uint16(len(g.warnings))
		return e
	}
	g.ok.AffectedRows += g.last.AffectedRows
	switch m := matchedRows.FindSubmatch(g.last.Info); {
	case kind == plan.BatchDelete:
		g.matched += g.last.AffectedRows
	case kind == plan.BatchUpdate && m != nil:
		n, _ := strconv.ParseUint(string(m[1]), 10, 64)
		g.matched += n
	}
	if g.runs++; g.runs > 1 {
		g.warned += uint64(len(g.warnings))
	}
	return nil
}

var matchedRows = regexp.MustCompile(`Rows matched: (\d+) `)

// addWarnings keeps the warnings of an execution beside those of the ones before.
func (g *gathered) addWarnings(x *Session) error {
	if !x.found.known && g.last.Warnings > 0 {
		err := x.query("SHOW WARNINGS", func(row [][]byte) error {
			var out []byte
			for _, v := range row {
				out = wire.AppendString(out, v)
			}
			x.found.warnings = append(x.found.warnings, out)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, w := range x.found.warnings {
		row := wire.NewTextRow(w)
		level, _ := row.Next()
		code, _ := row.Next()
		message, ok := row.Next()
		if !ok {
			return wire.ErrMalformed
		}
		out := wire.AppendString(wire.AppendString(nil, level), code)
		g.warnings = append(g.warnings, wire.AppendString(out, g.shift(message)))
	}
	if x.found.columns != nil {
		g.columns = x.found.columns
	}
	return nil
}

// answer is the OK for all executions: an UPDATE of one table says of all rows that are counted that they matched and changed, one of several tables
// what was said last.
func (g *gathered) answer(x *Session, kind plan.Batch) wire.OK {
	out := wire.OK{AffectedRows: g.ok.AffectedRows, Status: x.Status &^ statusOfStatement, Warnings: uint16(g.warned + uint64(len(g.warnings)))}
	switch kind {
	case plan.BatchUpdate:
		n := g.ok.AffectedRows
		out.Info = x.info(fmt.Sprintf("Rows matched: %d  Changed: %d  Warnings: %d", n, n, len(g.warnings)))
	case plan.BatchJoined:
		out.Info = g.last.Info
	}
	return out
}
