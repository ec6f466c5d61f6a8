// Package kernel reduces the rows that a query's evaluator gets. A kernel decides over stored forms (package value) and only
// where the server's decision is provable: whatever is uncertain stays. The evaluator still runs the whole query over what is
// left, so no answer depends on how much a kernel drops.
package kernel

// Outcome is the set of what a condition may be for a row, as far as this package can tell.
type Outcome uint8

// Members of an Outcome.
const (
	True Outcome = 1 << iota
	False
	Null
)

// Unsure is the outcome of a condition over a value that is not NULL and of which nothing is known.
const Unsure = True | False

// Not is what the negation may be.
func (o Outcome) Not() Outcome { return o&Null | o&True<<1 | o&False>>1 }

// And is what both together may be, whichever way they depend on each other.
func (o Outcome) And(p Outcome) Outcome {
	out := o&p&True | (o|p)&False
	if o&Null != 0 && p&(True|Null) != 0 || p&Null != 0 && o&(True|Null) != 0 {
		out |= Null
	}
	return out
}

// Or is what one or the other may be.
func (o Outcome) Or(p Outcome) Outcome { return o.Not().And(p.Not()).Not() }

// of is the outcome of a comparison that was decided.
func of(b bool) Outcome {
	if b {
		return True
	}
	return False
}
