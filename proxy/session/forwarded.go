package session

import (
	"bytes"

	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// forwarded is a prepared statement that is upstream's, as it came.
type forwarded struct {
	effects    plan.Effects
	sql        []byte
	reading    exec.Reading
	generation uint64 // of conversions: as long as it stands, the statement touches no encrypted table
	calls      bool   // procedures, which change without the proxy
}

// forwardPrepare passes COM_STMT_PREPARE on and notes what executions will change.
func (e *encryption) forwardPrepare(s *Session, packet []byte, p *plan.PassThrough) error {
	st := &forwarded{effects: p.Effects, sql: bytes.Clone(packet[1:]), reading: e.run.Reading(), generation: e.run.Generation(), calls: e.run.CallsAnew(p, packet[1:])}
	return e.prepareNoting(s, packet, func(id uint32) { e.forwarded[id] = st })
}

// executeForwarded passes an execution on. Where a table has been converted since it was prepared, the statement is planned
// again: it may be about that one. So is a CALL.
func (e *encryption) executeForwarded(s *Session, id uint32, packet []byte) error {
	var f plan.Effects
	if st := e.forwarded[id]; st != nil {
		if st.generation != e.run.Generation() || st.calls && e.run.Protects() {
			generation := e.run.Generation()
			if err := e.run.StillPasses(e.ctx, st.sql, st.reading); err != nil {
				return err
			}
			st.generation = generation
		}
		f = st.effects
	}
	if err := e.run.Allows(f.UserReads); err != nil {
		return err
	}
	if err := e.run.HandOver(f); err != nil {
		return err
	}
	if st := e.forwarded[id]; st != nil {
		if err := e.run.Executing(st.sql); err != nil {
			return err
		}
	}
	failed, err := e.relay(s, packet, f)
	if !failed {
		e.run.Overwritten(f.UserWrites)
	}
	return err
}
