package kernel

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Operator is a comparison.
type Operator uint8

// Operators.
const (
	Equal Operator = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// Of is the operator's outcome where the left side is smaller (-1), equal (0) or greater (1).
func (o Operator) Of(sign int) Outcome { return o.decide(sign) }

// decide is the operator's outcome where the left side is smaller (-1), equal (0) or greater (1).
func (o Operator) decide(sign int) Outcome {
	switch o {
	case Equal:
		return of(sign == 0)
	case NotEqual:
		return of(sign != 0)
	case Less:
		return of(sign < 0)
	case LessEqual:
		return of(sign <= 0)
	case Greater:
		return of(sign > 0)
	}
	return of(sign >= 0)
}

// against compares stored values with one constant, and says how much of the sign is as the server sees it.
type against func(stored []byte) (sign int, sure known)

type known uint8

const (
	nothing  known = iota
	equality       // whether it is 0
	everything
)

// Compare is a column's comparison with a constant in canonical form, as value.Comparand gives it. ok is false where
// nothing of such a comparison can be decided here.
func Compare(col *schema.Column, op Operator, constant []byte) (test Test, ok bool) {
	compare := comparison(col, constant)
	if compare == nil {
		return nil, false
	}
	return func(stored []byte) Outcome {
		sign, k := compare(stored)
		if k == everything || k == equality && op <= NotEqual {
			return op.decide(sign)
		}
		return Unsure
	}, true
}

func comparison(col *schema.Column, constant []byte) against {
	switch col.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt, schema.KindYear:
		return integers(constant, col.Unsigned || col.Kind == schema.KindYear)
	case schema.KindDecimal:
		return func(stored []byte) (int, known) {
			if !number(stored) {
				return 0, nothing
			}
			return compareDecimal(stored, constant), everything
		}
	case schema.KindFloat, schema.KindDouble:
		return doubles(col, constant)
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp:
		return moments(constant)
	case schema.KindTime:
		return times(constant)
	}
	if isBytes(col.Kind) {
		return func(stored []byte) (int, known) { return bytes.Compare(stored, constant), everything }
	}
	if c, ok := collationOf(col); ok {
		return c.compare(constant)
	}
	return nil
}

// integers compares with an exact number, which may have a fraction or be out of any column's range.
func integers(constant []byte, unsigned bool) against {
	whole, frac, _ := bytes.Cut(constant, []byte{'.'})
	negative := bytes.HasPrefix(whole, []byte{'-'})
	beyond, between := -1, -1 // of a number behind all, and of the one before the constant's fraction
	if negative {
		beyond, between = 1, 1
	}
	if len(frac) == 0 {
		between = 0
	}
	var bound uint64
	var err error
	if unsigned && !(negative && string(whole) == "-0") {
		bound, err = strconv.ParseUint(string(whole), 10, 64)
	} else {
		var i int64
		i, err = strconv.ParseInt(string(whole), 10, 64)
		bound = uint64(i)
	}
	flip := uint64(1 << 63) // orders signed numbers as unsigned ones
	if unsigned {
		flip = 0
	}
	return func(stored []byte) (int, known) {
		if len(stored) != 8 {
			return 0, nothing
		}
		switch v := binary.BigEndian.Uint64(stored); {
		case err != nil:
			return beyond, everything
		case v^flip < bound^flip:
			return -1, everything
		case v^flip > bound^flip:
			return 1, everything
		}
		return between, everything
	}
}

// doubles compares with 8 bytes of IEEE 754. Those with fixed decimals compare with a tolerance.
func doubles(col *schema.Column, constant []byte) against {
	if col.Scale >= 0 || len(constant) != 8 {
		return nil
	}
	c := math.Float64frombits(binary.BigEndian.Uint64(constant))
	return func(stored []byte) (int, known) {
		v, ok := double(stored)
		switch {
		case !ok:
			return 0, nothing
		case v < c:
			return -1, everything
		case v > c:
			return 1, everything
		}
		return 0, everything
	}
}

func double(stored []byte) (float64, bool) {
	switch len(stored) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(stored))), true
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(stored)), true
	}
	return 0, false
}

// moments compares dates, and dates with a time of day: their texts order as they do.
func moments(constant []byte) against {
	var scratch []byte
	return func(stored []byte) (int, known) {
		canonical, err := cell.AppendDateTime(scratch[:0], stored)
		if err != nil {
			return 0, nothing
		}
		scratch = canonical
		return bytes.Compare(canonical, constant), everything
	}
}

func times(constant []byte) against {
	c, ok := microseconds(constant)
	if !ok {
		return nil
	}
	return func(stored []byte) (int, known) {
		v, ok := microseconds(stored)
		switch {
		case !ok:
			return 0, nothing
		case v < c:
			return -1, everything
		case v > c:
			return 1, everything
		}
		return 0, everything
	}
}

func isBytes(k schema.Kind) bool {
	switch k {
	case schema.KindBinary, schema.KindVarBinary, schema.KindTinyBlob, schema.KindBlob, schema.KindMediumBlob, schema.KindLongBlob:
		return true
	}
	return false
}
