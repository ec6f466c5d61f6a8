package kernel

// Test is a condition on a value that is not NULL. It may keep memory for the next call, so goroutines do not share it.
type Test func(stored []byte) Outcome

// Condition is a condition on a row.
type Condition struct {
	op     operation
	column int
	test   Test
	peer   int
	pair   func(a, b []byte) Outcome
	args   []*Condition
}

type operation uint8

const (
	opTest operation = iota
	opPair
	opIsNull
	opConstant
	opNot
	opAnd
	opOr
)

// Column is a test of a column, which is NULL where the column is.
func Column(column int, test Test) *Condition {
	return &Condition{op: opTest, column: column, test: test}
}

// IsNull holds where a column is NULL.
func IsNull(column int) *Condition { return &Condition{op: opIsNull, column: column} }

// Unknown is NULL for every row.
func Unknown() *Condition { return &Condition{op: opConstant} }

// Not negates a condition.
func Not(c *Condition) *Condition { return &Condition{op: opNot, args: []*Condition{c}} }

// And holds where all conditions do.
func And(args ...*Condition) *Condition { return &Condition{op: opAnd, args: args} }

// Or holds where one of the conditions does.
func Or(args ...*Condition) *Condition { return &Condition{op: opOr, args: args} }

// Of is what the condition may be for a row of stored forms, nil for NULL.
func (c *Condition) Of(row [][]byte) Outcome {
	switch c.op {
	case opTest:
		if v := row[c.column]; v != nil {
			return c.test(v)
		}
		return Null
	case opPair:
		a, b := row[c.column], row[c.peer]
		if a == nil || b == nil {
			return Null
		}
		return c.pair(a, b)
	case opIsNull:
		return of(row[c.column] == nil)
	case opNot:
		return c.args[0].Of(row).Not()
	case opAnd:
		out := True
		for _, a := range c.args {
			if out = out.And(a.Of(row)); out == False {
				break
			}
		}
		return out
	case opOr:
		out := False
		for _, a := range c.args {
			if out = out.Or(a.Of(row)); out == True {
				break
			}
		}
		return out
	}
	return Null
}
