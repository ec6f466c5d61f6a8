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
	of     func(row [][]byte) Outcome
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
	opComputed
)

// Column is a test of a column, which is NULL where the column is.
func Column(column int, test Test) *Condition {
	return &Condition{op: opTest, column: column, test: test}
}

// NumberTest is a test of a number, in units of 10^-Scale.
func NumberTest(n *Number, test func(v int64) Outcome) *Condition {
	return &Condition{op: opComputed, of: func(row [][]byte) Outcome {
		switch v, state := n.eval(row); state {
		case isNumber:
			return test(v)
		case isNull:
			return Null
		}
		return Unsure
	}}
}

// TextTest holds where one of several tests of a text does.
func TextTest(s *Scalar, tests ...Test) *Condition {
	var scratch []byte
	return &Condition{op: opComputed, of: func(row [][]byte) Outcome {
		text, null, ok := s.Text(scratch[:0], row)
		switch scratch = text; {
		case null:
			return Null
		case !ok:
			return Unsure
		}
		out := False
		for _, t := range tests {
			if out = out.Or(t(text)); out == True {
				break
			}
		}
		return out
	}}
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
	case opComputed:
		return c.of(row)
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
