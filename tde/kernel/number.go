package kernel

import (
	"bytes"
	"cmp"
)

// number says whether text is [-]digits[.digits].
func number(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte{'-'})
	points := 0
	for _, c := range text {
		if c == '.' {
			points++
		} else if c < '0' || c > '9' {
			return false
		}
	}
	return points < 2 && len(text) > points
}

// compareDecimal orders two numbers, each [-]digits[.digits] without superfluous zeros before the point.
func compareDecimal(a, b []byte) int {
	negA, negB := negative(a), negative(b)
	switch {
	case negA && negB:
		return -compareMagnitude(a[1:], b[1:])
	case negA:
		return -1
	case negB:
		return 1
	}
	return compareMagnitude(bytes.TrimPrefix(a, []byte{'-'}), bytes.TrimPrefix(b, []byte{'-'}))
}

// negative says whether a number is below zero; minus zero is not.
func negative(text []byte) bool {
	return len(text) > 0 && text[0] == '-' && len(bytes.Trim(text, "-0.")) > 0
}

func compareMagnitude(a, b []byte) int {
	wholeA, fracA, _ := bytes.Cut(a, []byte{'.'})
	wholeB, fracB, _ := bytes.Cut(b, []byte{'.'})
	wholeA, wholeB = bytes.TrimLeft(wholeA, "0"), bytes.TrimLeft(wholeB, "0")
	if c := cmp.Or(cmp.Compare(len(wholeA), len(wholeB)), bytes.Compare(wholeA, wholeB)); c != 0 {
		return c
	}
	return bytes.Compare(bytes.TrimRight(fracA, "0"), bytes.TrimRight(fracB, "0"))
}

// microseconds reads a TIME: [-]H…H:MM:SS[.f…f].
func microseconds(text []byte) (int64, bool) {
	digits := bytes.TrimPrefix(text, []byte{'-'})
	clock, fraction, _ := bytes.Cut(digits, []byte{'.'})
	n := len(clock)
	if n < 7 || n > 12 || clock[n-3] != ':' || clock[n-6] != ':' || len(fraction) > 6 {
		return 0, false
	}
	hours, ok1 := decimal(clock[:n-6])
	minutes, ok2 := decimal(clock[n-5 : n-3])
	seconds, ok3 := decimal(clock[n-2:])
	micro, ok4 := decimal(fraction)
	for range 6 - len(fraction) {
		micro *= 10
	}
	v := ((hours*60+minutes)*60+seconds)*1_000_000 + micro
	if len(digits) < len(text) {
		v = -v
	}
	return v, ok1 && ok2 && ok3 && ok4
}

func decimal(digits []byte) (n int64, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
