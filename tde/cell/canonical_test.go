package cell_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"testing/quick"

	"github.com/tdeproxy/tdeproxy/tde/cell"
)

// Numbers of any exact type that are equal have one form.
func TestNumbersMatch(t *testing.T) {
	same := func(v int64, zeros uint8) bool {
		n := fmt.Sprint(v)
		padded := strings.Repeat("0", int(zeros%5)) + strings.TrimPrefix(n, "-") + "." + strings.Repeat("0", int(zeros%31))
		if v < 0 {
			padded = "-" + padded
		}
		d, err := cell.AppendDecimal(nil, []byte(padded))
		return err == nil && string(d) == n && string(cell.AppendInt(nil, v)) == n && (v < 0 || string(cell.AppendUint(nil, uint64(v))) == n)
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
	for _, v := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
		if !same(v, 7) {
			t.Errorf("%d", v)
		}
	}
	if s := string(cell.AppendUint(nil, math.MaxUint64)); s != "18446744073709551615" {
		t.Error(s)
	}
}

// Two decimals have one form exactly if they are equal.
func TestDecimalsMatch(t *testing.T) {
	digits := func(v uint16) string {
		s := fmt.Sprintf("%06d", v)
		return s[:3] + "." + s[3:]
	}
	signs := []string{"", "-", "+"}
	check := func(a, b uint16, sa, sb uint8) bool {
		ta, tb := signs[sa%3]+digits(a%200), signs[sb%3]+digits(b%200)
		ra, _ := new(big.Rat).SetString(ta)
		rb, _ := new(big.Rat).SetString(tb)
		ca, erra := cell.AppendDecimal(nil, []byte(ta))
		cb, errb := cell.AppendDecimal(nil, []byte(tb))
		back, ok := new(big.Rat).SetString(string(ca))
		return erra == nil && errb == nil && ok && back.Cmp(ra) == 0 && bytes.Equal(ca, cb) == (ra.Cmp(rb) == 0)
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 20000}); err != nil {
		t.Error(err)
	}
}

func TestNoCanonicalForm(t *testing.T) {
	for kind, texts := range map[cell.Kind][]string{
		cell.Number:   {"", ".", "-", "+", "-.", "1e5", "1E5", "0x10", " 1", "1 ", "1,5", "1.2.3", "--1", "+-1", "٣", "abc", "1\n", "\x001", "Inf", "NaN"},
		cell.DateTime: {"", "2026", "2026-1-2", "2026-01-02T03:04:05", "2026-01-02 03:04", "2026-01-02 03:04:05.", "2026-01-02 03:04:05.1234567", "2026-01-02 03:04:05.12x", "2026-01-02.5", "-2026-01-02", "2026-01-02 03:04:05 ", "20260102"},
		cell.Time:     {"", "-", "1:02:03", "01:02", "0001:02:03", "+01:02:03", "--01:02:03", "01:02:03.", "01:02:03.1234567", "01:02:0x", "010203", "01:02:03 "},
	} {
		for _, text := range texts {
			out, err := canonical(kind, text)
			if !errors.Is(err, cell.ErrCanonical) || len(out) != 0 {
				t.Errorf("%c %q: %q, %v", kind, text, out, err)
			}
		}
	}
	if _, err := cell.AppendDouble(nil, math.NaN()); !errors.Is(err, cell.ErrCanonical) {
		t.Error(err)
	}
}

func TestAppends(t *testing.T) {
	before := []byte("before ")
	out, err := cell.AppendDecimal(before, []byte("05.50"))
	if err != nil || string(out) != "before 5.5" {
		t.Errorf("%q, %v", out, err)
	}
	if out, err = cell.AppendTime(before, []byte("x")); err == nil || string(out) != "before " {
		t.Errorf("%q, %v", out, err)
	}
}

func TestCanonicalAllocates(t *testing.T) {
	buf, number, moment, hours := make([]byte, 0, 64), []byte("-00012.500"), []byte("2026-01-02 03:04:05.500"), []byte("-01:02:03.40")
	if n := testing.AllocsPerRun(1000, func() {
		_, _ = cell.AppendDecimal(buf, number)
		_, _ = cell.AppendDateTime(buf, moment)
		_, _ = cell.AppendTime(buf, hours)
		_, _ = cell.AppendDouble(buf, 1.5)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Canonical forms are their own canonical form.
func FuzzCanonical(f *testing.F) {
	f.Add("-00012.500")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []cell.Kind{cell.Number, cell.DateTime, cell.Time} {
			once, err := canonical(kind, text)
			if err != nil {
				continue
			}
			if twice, err := canonical(kind, string(once)); err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%c %q: %q, then %q, %v", kind, text, once, twice, err)
			}
		}
	})
}

func TestTokenNeedsCollation(t *testing.T) {
	tokens, err := cell.NewTokens(secret(t, []byte(testKey)))
	if err != nil {
		t.Fatal(err)
	}
	if tokens.Token(cell.Number, "utf8mb4_bin", []byte("5")) != tokens.Token(cell.Number, "", []byte("5")) {
		t.Error("numbers have collations")
	}
	defer func() {
		if recover() == nil {
			t.Error("a string without a collation has a token")
		}
	}()
	tokens.Token(cell.String, "", nil)
}
