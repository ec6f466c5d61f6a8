package evaluator

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// pieces are what random strings are made of: letters with case and accents, contractions, expansions, characters that
// weigh nothing or as much as a space, and such as lie beyond the BMP.
var pieces = strings.Split("a|A|á|Á|ä|aa|AA|å|ae|æ|b|c|C|č|ch|Ch|CH|cs|ccs|d|dz|dž|ǆ|đ|e|é|E|ll|l|L|ł|lj|ǉ|l·|n|ñ|nj|o|ö|O|ø|oe|œ|rr|s|ss|ß|ẞ|sz|S|š|t|þ|th|u|ü|ue|i|I|ı|İ|v|w|y|z|ž|"+
	" |  |\u00a0|\u3000|\t|\x00|\x01|\u200b|\u00ad|\u0300|\u0301|\u0308|\u030a|\u0327|1|٣|½|²|ﬀ|ﷺ|™|㎏|"+
	"и|й|й|И|ї|γ|Γ|ς|σ|Σ|あ|ア|ｱ|か|が|カ|ガ|ー|々|日|本|한|ᄒ|ᅡ|ᆫ|글|เ|ก|เก|แ|ལ|ཱ|ི|ྲཱྀ|क|ि|ا|آ|ٓ|😀|😁|𝐚|𠀀|-|'|.|_|?|~", "|")

// randomString joins pieces, in UTF-8.
func randomString(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(5) {
		if r.IntN(3) == 0 {
			b.WriteByte(byte(' ' + r.IntN(95)))
			continue
		}
		if r.IntN(8) == 0 {
			b.WriteRune(rune(0x4e00 + r.IntN(0x5200)))
			continue
		}
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// relative changes a string in a way that some collation takes no notice of.
func relative(r *rand.Rand, s string) string {
	switch r.IntN(8) {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return strings.ToLower(s)
	case 2:
		return s + strings.Repeat(" ", r.IntN(3))
	case 3:
		return s + pieces[r.IntN(len(pieces))]
	case 4:
		return strings.NewReplacer("á", "a", "ä", "a", "é", "e", "ö", "oe", "ü", "ue", "ß", "ss", "å", "aa", "č", "c", "ñ", "n", "æ", "ae").Replace(s)
	case 5:
		return strings.TrimRight(s, " ") + "\x00"
	case 6:
		return strings.Replace(s, "a", "A", 1)
	}
	return randomString(r)
}

type collation struct{ charset, name string }

// collations lists the server's, short of those that differ from others in nothing but the encoding.
func collations(t *testing.T, e *Evaluator) []collation {
	t.Helper()
	sql := "SELECT CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLLATIONS ORDER BY 2"
	if e.cfg.MariaDB {
		sql = "SELECT CHARACTER_SET_NAME, FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY ORDER BY 2"
	}
	var out []collation
	seen := 0
	ask(t, e, func(c *conn) error {
		rows, err := c.query(sql)
		if err != nil {
			return err
		}
		for i := range rows.RowNumber() {
			c := collation{rows.text(i, 0), rows.text(i, 1)}
			if seen++; testing.Short() && seen%9 != 0 || c.name == "binary" {
				continue
			}
			if strings.Contains(c.name, "uca1400") && seen%23 != 0 && !strings.HasPrefix(c.name, "utf8mb4_uca1400_a") {
				continue
			}
			if !strings.Contains(c.name, "general") && (strings.HasPrefix(c.charset, "utf16") || c.charset == "utf32" || c.charset == "ucs2") && seen%7 != 0 {
				continue
			}
			out = append(out, c)
		}
		return nil
	})
	return out
}

func ask(t *testing.T, e *Evaluator, fn func(*conn) error) {
	t.Helper()
	if err := e.with(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// TestWeights holds weights against what the server calls equal.
func TestWeights(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		fast, all := 0, 0
		for _, c := range collations(t, e) {
			f, n := checkCollation(t, e, c, r)
			fast, all = fast+f, all+n
		}
		t.Logf("%d of %d strings weighed in Go", fast, all)
	})
}

// checkCollation compares random pairs, and says how many strings Append weighed.
func checkCollation(t *testing.T, e *Evaluator, c collation, r *rand.Rand) (fast, all int) {
	t.Helper()
	values := randomValues(t, e, c, r, 60)
	var equal []bool
	ask(t, e, func(conn *conn) error {
		var b strings.Builder
		for i := 0; i < len(values); i += 2 {
			fmt.Fprintf(&b, ",_%s x'%x' COLLATE %s = _%s x'%x' COLLATE %s", c.charset, values[i], c.name, c.charset, values[i+1], c.name)
		}
		rows, err := conn.query("SELECT 1" + b.String())
		if err != nil {
			return err
		}
		for i := range len(values) / 2 {
			equal = append(equal, rows.text(0, i+1) == "1")
		}
		return nil
	})
	w, err := e.Weigher(context.Background(), c.charset, c.name)
	if newWeigher(c.charset, c.name).inexact() {
		if err == nil {
			t.Errorf("%s was learned", c.name)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", c.name, err)
		return
	}
	weights, err := e.Weights(context.Background(), c.charset, c.name, values)
	if err != nil {
		t.Errorf("%s: %v", c.name, err)
		return
	}
	for i, v := range values {
		if got, ok := w.Append(nil, v); ok {
			fast++
			if !bytes.Equal(got, weights[i]) {
				t.Errorf("%s: %x: Append gives %x, Weights %x", c.name, v, got, weights[i])
			}
		}
	}
	for i, want := range equal {
		if got := bytes.Equal(weights[2*i], weights[2*i+1]); got != want {
			t.Errorf("%s: %x and %x: weights %x and %x, but the server says equal: %t", c.name, values[2*i], values[2*i+1], weights[2*i], weights[2*i+1], want)
		}
	}
	return fast, len(values)
}

// randomValues makes pairs of strings in a character set. Characters that it has not become question marks.
func randomValues(t *testing.T, e *Evaluator, c collation, r *rand.Rand, n int) [][]byte {
	t.Helper()
	var values [][]byte
	if encodings[c.charset] == encSingle && r.IntN(2) == 0 {
		for range n / 2 {
			a := make([]byte, r.IntN(5))
			for i := range a {
				a[i] = byte(r.IntN(256))
				if c.charset == "ascii" {
					a[i] &= 0x7f
				}
			}
			b := append([]byte{}, a...)
			if len(b) > 0 {
				b[r.IntN(len(b))] ^= 0x20
			}
			values = append(values, a, append(b, strings.Repeat(" ", r.IntN(2))...))
		}
		return values
	}
	var b strings.Builder
	for range n / 2 {
		s := randomString(r)
		for _, s := range []string{s, relative(r, s)} {
			fmt.Fprintf(&b, ",CONVERT(_utf8mb4 x'%x' USING %s)", s, c.charset)
		}
	}
	ask(t, e, func(conn *conn) error {
		rows, err := conn.query("SELECT 1" + b.String())
		if err != nil {
			return err
		}
		for i := range n {
			values = append(values, rows.bytes(0, i+1))
		}
		return nil
	})
	return values
}

// TestWeightsLong weighs strings far longer than max_sort_length and any buffer.
func TestWeightsLong(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		for _, c := range []collation{{"utf8mb4", "utf8mb4_general_ci"}, {"utf8mb4", "utf8mb4_unicode_ci"}, {"latin1", "latin1_swedish_ci"}, {"gbk", "gbk_chinese_ci"}, {"utf16", "utf16_unicode_ci"}} {
			text := strings.Repeat("Lorem ipsum d", 10_000)
			var values [][]byte
			for _, s := range []string{text, strings.ToUpper(text) + " ", text + "x", text[:len(text)-1]} {
				var b []byte
				for _, r := range s {
					b = encodings[c.charset].append(b, r)
				}
				values = append(values, b)
			}
			all, err := e.Weights(context.Background(), c.charset, c.name, values)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(all[0], all[1]) || bytes.Equal(all[0], all[2]) || bytes.Equal(all[0], all[3]) || len(all[0]) < len(text)*10/13 {
				t.Errorf("%s: long strings weigh %d, %d, %d, %d bytes", c.name, len(all[0]), len(all[1]), len(all[2]), len(all[3]))
			}
			w, err := e.Weigher(context.Background(), c.charset, c.name)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if got, ok := w.Append(nil, v); !ok || !bytes.Equal(got, all[i]) {
					t.Errorf("%s: a long string weighs otherwise in Go", c.name)
				}
			}
		}
	})
}

// TestWeightsLearn sees what is asked once weighed in Go from then on, by any number of goroutines.
func TestWeightsLearn(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		ctx := context.Background()
		for _, name := range []string{"utf8mb4_general_ci", "utf8mb4_unicode_520_ci"} {
			w, err := e.Weigher(ctx, "utf8mb4", name)
			if err != nil {
				t.Fatal(err)
			}
			words := [][]byte{[]byte("Grüße"), []byte("naïve"), []byte("Ελλάδα"), []byte("Привет"), []byte("日本国"), []byte("한국어"), []byte("5 €"), []byte("😀")}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for _, s := range words {
						want, err := e.Weights(ctx, "utf8mb4", name, [][]byte{s})
						if err != nil {
							t.Error(err)
							return
						}
						if got, ok := w.Append(nil, s); ok && !bytes.Equal(got, want[0]) {
							t.Errorf("%s: %s weighs %x and %x", name, s, got, want[0])
						}
					}
				})
			}
			wg.Wait()
			for _, s := range words {
				if _, ok := w.Append(nil, s); !ok {
					if _, err := e.Weights(ctx, "utf8mb4", name, [][]byte{s}); err != nil {
						t.Fatal(err)
					}
					if _, ok := w.Append(nil, s); !ok {
						t.Errorf("%s: %s is not learned", name, s)
					}
				}
			}
			if _, ok := w.Append(nil, []byte("a\u0301")); ok && !w.perCharacter() {
				t.Errorf("%s: combining marks are taken as characters of their own", name)
			}
		}
	})
}
