package cell_test

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/cell"
)

func orderTokens(t testing.TB) *cell.Tokens {
	t.Helper()
	tokens, err := cell.NewTokens(secret(t, bytes.Repeat([]byte{7}, 16)))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// checkOrder holds what an order token promises of two keys.
func checkOrder(t *testing.T, tokens *cell.Tokens, space string, a, b []byte) {
	t.Helper()
	x, y := tokens.AppendOrder(nil, space, a), tokens.AppendOrder([]byte("x"), space, b)[1:]
	if len(x) != 8*len(a) || len(y) != 8*len(b) {
		t.Fatalf("%x: a token of %d bytes, %x: of %d", a, len(x), b, len(y))
	}
	if bytes.Compare(x, y) != bytes.Compare(a, b) {
		t.Errorf("%x and %x: %x and %x", a, b, x, y)
	}
	if half := len(a) / 2; !bytes.Equal(tokens.AppendOrder(nil, space, a[:half]), x[:8*half]) {
		t.Errorf("%x: the token of its beginning is another's", a)
	}
}

func TestOrderTokens(t *testing.T) {
	tokens, random := orderTokens(t), rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := make([]byte, random.IntN(9)), make([]byte, random.IntN(9))
		for _, k := range [][]byte{a, b} {
			for i := range k {
				k[i] = byte(random.Uint32() & 0x83)
			}
		}
		checkOrder(t, tokens, "s", a, b)
	}
	for i := range 256 {
		checkOrder(t, tokens, "s", []byte{byte(i)}, []byte{byte(i + 1)})
	}
}

// What two tokens tell is which bit is the first that differs: bytes before it are equal, the byte of that bit differs by one.
// Behind it, nothing of one token is in the other; nor are spaces alike.
func TestOrderTokensTellNoMore(t *testing.T) {
	tokens, random := orderTokens(t), rand.New(rand.NewPCG(3, 4))
	alike, all := 0, 0
	for range 500 {
		a, b := random.Uint64(), random.Uint64()
		if shared := random.IntN(60); shared > 0 {
			b = a&^(1<<(64-shared)-1) | b&(1<<(64-shared)-1)
		}
		x := tokens.AppendOrder(nil, "i8", binary.BigEndian.AppendUint64(nil, a))
		y := tokens.AppendOrder(nil, "i8", binary.BigEndian.AppendUint64(nil, b))
		first := bits.LeadingZeros64(a ^ b)
		if a == b {
			continue
		}
		if !bytes.Equal(x[:first], y[:first]) || x[first]+1 != y[first] && y[first]+1 != x[first] {
			t.Fatalf("%x and %x: %x and %x", a, b, x, y)
		}
		for i := first + 1; i < 64; i++ {
			all++
			if x[i] == y[i] {
				alike++
			}
		}
	}
	// Two of 256 values are equal once in 256 times.
	if alike*100 > all {
		t.Errorf("%d of %d bytes behind the first difference are alike", alike, all)
	}
	if k := []byte("key"); bytes.Equal(tokens.AppendOrder(nil, "a", k), tokens.AppendOrder(nil, "b", k)) {
		t.Error("two spaces have one token")
	}
}

// A byte of a token by itself is nearly as probable for a bit that is set as for one that is not.
func TestOrderTokenBytes(t *testing.T) {
	tokens := orderTokens(t)
	var sums [2]int
	const n = 20_000
	for i := range n {
		space := string(rune('a'+i%26)) + string(binary.BigEndian.AppendUint32(nil, uint32(i)|0x01010101))
		for bit := range 2 {
			sums[bit] += int(tokens.AppendOrder(nil, space, []byte{byte(bit) << 7})[0])
		}
	}
	for bit, sum := range sums {
		if mean := float64(sum) / n; mean < 124 || mean > 131 {
			t.Errorf("bit %d: the mean of its bytes is %.1f", bit, mean)
		}
	}
}

func FuzzOrder(f *testing.F) {
	f.Add([]byte("a"), []byte("b"))
	f.Add([]byte{}, []byte{0})
	f.Add([]byte{0x7F, 0xFF}, []byte{0x80})
	tokens := orderTokens(f)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 64 || len(b) > 64 {
			return
		}
		checkOrder(t, tokens, "fuzz", a, b)
	})
}

func BenchmarkOrder(b *testing.B) {
	tokens := orderTokens(b)
	for _, size := range []int{1, 4, 8, 32} {
		b.Run(map[int]string{1: "TINYINT", 4: "INT", 8: "BIGINT", 32: "text"}[size], func(b *testing.B) {
			key, dst := bytes.Repeat([]byte{0x5A}, size), make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				dst = tokens.AppendOrder(dst[:0], "utf8mb4_general_ci", key)
			}
		})
	}
}
