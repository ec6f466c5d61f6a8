package exec

import (
	"sync/atomic"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/tally"
)

// Kind is what became of a command: the kind of its plan.
type Kind uint8

// Kinds.
const (
	Passed    Kind = iota // forwarded as it came
	Rewritten             // done by upstream over ciphertext
	Evaluated             // rows were fetched, and the evaluator did the rest
	Updated               // rows were read and compared, and then written
	Defined               // DDL
	Answered              // by the proxy alone
	Prepared              // COM_STMT_PREPARE
	Refused
	Kinds // how many there are
)

var kindNames = [Kinds]string{"pass-through", "rewrite", "split", "read-modify-write", "ddl", "answer", "prepare", "refuse"}

// String is the kind as metrics, traces and the audit log have it.
func (k Kind) String() string { return kindNames[k] }

// kindOf is the kind of a plan.
func kindOf(p plan.Plan) Kind {
	switch p := p.(type) {
	case *plan.PassThrough:
		return Passed
	case *plan.Rewrite:
		return Rewritten
	case *plan.Split, *plan.Store, *plan.ExecuteText:
		return Evaluated // an ExecuteText runs a plan of its own, whose kind counts
	case *plan.ReadModifyWrite, *plan.Replay:
		return Updated
	case *plan.SetStatement:
		return kindOf(p.Of)
	case *plan.CreateTable, *plan.DropTable:
		return Defined
	case *plan.Refuse:
		return Refused
	case *plan.ServerTLS, *plan.ShowWarnings, *plan.GetDiagnostics, *plan.Explain, *plan.PrepareText, *plan.DeallocateText:
		return Answered
	}
	return Defined
}

// Figures count what sessions do. They are read while sessions go on.
type Figures struct {
	// Kinds are the statements of each kind, with how long they took from the command to the end of the answer, how much of
	// that was waiting for upstream, and the rest: the proxy's own work, the evaluator's, and clients that read slowly.
	Kinds [Kinds]struct {
		Whole, Upstream, Own tally.Histogram
		Failed               atomic.Uint64 // answered with an error
	}
	Refusals tally.Words // by reason
	// Sealed and Opened are cells.
	Sealed, Opened atomic.Uint64
	// Fetched are rows that came for the evaluator, Loaded those of them that it was given.
	Fetched, Loaded atomic.Uint64
	// PlanHits and PlanMisses are look-ups in the plan cache.
	PlanHits, PlanMisses atomic.Uint64
}

// Figures are the catalog's.
func (c *Catalog) Figures() *Figures { return &c.figures }

// Plans is how many plans are cached.
func (c *Catalog) Plans() int {
	if s := c.State(); s != nil {
		return s.Plans.Len()
	}
	return 0
}
