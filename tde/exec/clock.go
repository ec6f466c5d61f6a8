package exec

import (
	"fmt"
	"math/big"
	"regexp"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// setsClock finds statements that may set the session's clock: SET timestamp = …, as a replayed binlog does.
var setsClock = regexp.MustCompile(`(?i)timestamp\W{0,3}:?=`)

// readClock gives the binder the statement's time as upstream has it, where the client may have set that and the plan
// writes. Without, it is this machine's.
func (x *Session) readClock(p plan.Plan) error {
	x.stands = ""
	if !x.clock {
		return nil
	}
	switch r := p.(type) {
	case *plan.Rewrite:
		if r.Insert == nil {
			return nil
		}
	case *plan.ReadModifyWrite:
	default:
		return nil
	}
	stands, err := x.upstreamClock()
	if err != nil {
		return err
	}
	seconds, ok := new(big.Rat).SetString(stands)
	if !ok {
		return fmt.Errorf("reading the session's clock: %w", wire.ErrMalformed)
	}
	micros := seconds.Mul(seconds, big.NewRat(1e6, 1))
	x.stands = stands
	x.binder.now = time.UnixMicro(new(big.Int).Quo(micros.Num(), micros.Denom()).Int64())
	return nil
}

// clockQuery asks for the time that stands in the session. NOW() would be ambiguous in the hour that a time zone has twice, and
// the character set of results may write a point otherwise.
const clockQuery = "SELECT CAST(@@timestamp AS BINARY) LIMIT 1"

// upstreamClock is the time that stands in the session, as SET timestamp takes it.
func (x *Session) upstreamClock() (string, error) {
	_, row, err := x.queryRow(clockQuery)
	if err != nil {
		return "", err
	}
	if len(row) != 1 || row[0] == nil {
		return "", fmt.Errorf("reading the session's clock: %w", wire.ErrMalformed)
	}
	return string(row[0]), nil
}
