package cell_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/quick"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/cell"
)

const testKey = "KEYcanaryKEYcana"

var tableID = [16]byte{1, 2, 3, 15: 16}

func secret(t testing.TB, key []byte) *keyring.Secret {
	t.Helper()
	s, err := keyring.NewSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Destroy)
	return s
}

func newTable(t testing.TB, key string, id [16]byte, keyID uint16) *cell.Table {
	t.Helper()
	table, err := cell.NewTable(secret(t, []byte(key)), id, keyID)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestSealOpen(t *testing.T) {
	table := newTable(t, testKey, tableID, 7)
	same := func(column uint16, plaintext, before []byte) bool {
		c := table.Seal(bytes.Clone(before), column, plaintext)
		if !bytes.HasPrefix(c, before) || len(c) != len(before)+len(plaintext)+cell.Overhead {
			return false
		}
		out, err := table.Open(bytes.Clone(before), column, c[len(before):])
		return err == nil && bytes.Equal(out, append(bytes.Clone(before), plaintext...))
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
	for _, n := range []int{0, 1, 15, 16, 17, 1 << 20} {
		if !same(1, make([]byte, n), nil) {
			t.Errorf("%d bytes do not come back", n)
		}
	}
}

// The empty string is no NULL, whatever the buffers.
func TestEmptyIsNotNull(t *testing.T) {
	table := newTable(t, testKey, tableID, 1)
	for _, plaintext := range [][]byte{nil, {}} {
		c := table.Seal(nil, 1, plaintext)
		if out, err := table.Open(nil, 1, c); out == nil || len(out) != 0 || err != nil {
			t.Errorf("the empty string opens as %#v, %v", out, err)
		}
	}
}

func TestCellsDiffer(t *testing.T) {
	table := newTable(t, testKey, tableID, 1)
	seen := map[string]bool{}
	for range 1000 {
		c := table.Seal(nil, 1, []byte("same"))
		if seen[string(c[7:19])] {
			t.Fatal("a nonce came twice")
		}
		seen[string(c[7:19])] = true
	}
}

// mustNotOpen sees that a cell gives an error and not one byte of data.
func mustNotOpen(t *testing.T, why string, table *cell.Table, column uint16, c []byte, want error) {
	t.Helper()
	dst := append(make([]byte, 0, 4096), "before"...)
	out, err := table.Open(dst, column, c)
	if string(out) != "before" || err == nil || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: %q, %v", why, out, err)
	}
	if rest := dst[len(dst):cap(dst)]; !bytes.Equal(rest, make([]byte, len(rest))) {
		t.Errorf("%s: plaintext is in the buffer", why)
	}
	if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret")) {
		t.Errorf("%s: %v", why, err)
	}
}

func TestTampering(t *testing.T) {
	table := newTable(t, testKey, tableID, 7)
	for _, plaintext := range []string{"", "a secret", strings.Repeat("a secret of some length ", 4)} {
		c := table.Seal(nil, 3, []byte(plaintext))
		for i := range 8 * len(c) {
			flipped := bytes.Clone(c)
			flipped[i/8] ^= 1 << (i % 8)
			want := cell.ErrAuthentication
			switch {
			case i < 8:
				want = cell.ErrMalformed
			case i < 3*8:
				want = cell.ErrKeyID
			}
			mustNotOpen(t, fmt.Sprintf("bit %d flipped", i), table, 3, flipped, want)
		}
		for n := range c {
			want := cell.ErrMalformed
			if n >= cell.Overhead {
				want = cell.ErrAuthentication
			}
			mustNotOpen(t, fmt.Sprintf("cut to %d bytes", n), table, 3, c[:n], want)
		}
		mustNotOpen(t, "longer", table, 3, append(bytes.Clone(c), 0), cell.ErrAuthentication)
		for column := range uint16(0x400) {
			if column != 3 {
				mustNotOpen(t, "another column", table, column, c, cell.ErrAuthentication)
			}
		}
		mustNotOpen(t, "another table", newTable(t, testKey, [16]byte{}, 7), 3, c, cell.ErrAuthentication)
		mustNotOpen(t, "another key", newTable(t, "another key, too", tableID, 7), 3, c, cell.ErrAuthentication)
		mustNotOpen(t, "another key id", newTable(t, testKey, tableID, 8), 3, c, cell.ErrKeyID)
		relabelled := bytes.Clone(c)
		relabelled[2] = 8
		mustNotOpen(t, "relabelled key id", newTable(t, testKey, tableID, 8), 3, relabelled, cell.ErrAuthentication)
	}
}

// Parts of two cells never make a third.
func TestSplicing(t *testing.T) {
	table := newTable(t, testKey, tableID, 7)
	a, b := table.Seal(nil, 3, []byte("a secret")), table.Seal(nil, 3, []byte("a second"))
	for n := 7; n < len(a); n++ {
		spliced := append(bytes.Clone(a[:n]), b[n:]...)
		if bytes.Equal(spliced, a) || bytes.Equal(spliced, b) {
			continue
		}
		mustNotOpen(t, fmt.Sprintf("spliced at %d", n), table, 3, spliced, cell.ErrAuthentication)
	}
}

func TestKeyIDOf(t *testing.T) {
	c := newTable(t, testKey, tableID, 0xABCD).Seal(nil, 1, nil)
	if id, err := cell.KeyIDOf(c); id != 0xABCD || err != nil {
		t.Errorf("%x, %v", id, err)
	}
	if _, err := cell.KeyIDOf(c[:len(c)-1]); !errors.Is(err, cell.ErrMalformed) {
		t.Error(err)
	}
}

func TestSaltIsRenewed(t *testing.T) {
	table, err := cell.NewTableRandom(secret(t, []byte(testKey)), tableID, 1, randomBytes(1), 100)
	if err != nil {
		t.Fatal(err)
	}
	count := map[uint32]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 250 {
				c := table.Seal(nil, 1, []byte("x"))
				if out, err := table.Open(nil, 1, c); err != nil || string(out) != "x" {
					t.Errorf("%q, %v", out, err)
				}
				mu.Lock()
				count[binary.BigEndian.Uint32(c[3:])]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(count) != 10 {
		t.Errorf("1000 cells have %d salts", len(count))
	}
	for salt, n := range count {
		if n != 100 {
			t.Errorf("salt %08x has %d cells", salt, n)
		}
	}
}

// randomBytes is a source for tests that is safe for concurrent use.
func randomBytes(seed uint64) func([]byte) {
	var mu sync.Mutex
	source := rand.NewChaCha8([32]byte{byte(seed)})
	return func(b []byte) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = source.Read(b)
	}
}

// Many salts, made up or real, keep the cache within its bound and open right all the same.
func TestCacheIsBounded(t *testing.T) {
	table := newTable(t, testKey, tableID, 1)
	c := table.Seal(nil, 1, []byte("x"))
	for i := range uint32(10 * cell.CacheSize) {
		forged := bytes.Clone(c)
		binary.BigEndian.PutUint32(forged[3:], i)
		if _, err := table.Open(nil, 1, forged); err == nil {
			t.Fatal("a forged cell opens")
		}
	}
	if n := cell.CachedSubkeys(table); n != 1 {
		t.Errorf("forged cells left %d subkeys", n)
	}
	many, err := cell.NewTableRandom(secret(t, []byte(testKey)), tableID, 1, randomBytes(2), 1)
	if err != nil {
		t.Fatal(err)
	}
	var cells [][]byte
	for range 5 * cell.CacheSize {
		cells = append(cells, many.Seal(nil, 1, []byte("y")))
	}
	for _, c := range cells {
		if out, err := table.Open(nil, 1, c); err != nil || string(out) != "y" {
			t.Fatalf("%q, %v", out, err)
		}
	}
	for _, table := range []*cell.Table{table, many} {
		if n := cell.CachedSubkeys(table); n > cell.CacheSize || n < cell.CacheSize*9/10 {
			t.Errorf("%d subkeys are kept", n)
		}
	}
}

func TestConcurrent(t *testing.T) {
	table := newTable(t, testKey, tableID, 1)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			var buf, out []byte
			for i := range 500 {
				plaintext := fmt.Appendf(nil, "%d of %d", i, g)
				buf = table.Seal(buf[:0], uint16(g), plaintext)
				var err error
				if out, err = table.Open(out[:0], uint16(g), buf); err != nil || !bytes.Equal(out, plaintext) {
					t.Errorf("%q, %v", out, err)
				}
				if i%50 == 0 {
					cell.ForgetSubkeys(table)
				}
			}
		})
	}
	wg.Wait()
}

func TestKeyMayBeDestroyed(t *testing.T) {
	key := secret(t, []byte(testKey))
	table, err := cell.NewTable(key, tableID, 1)
	if err != nil {
		t.Fatal(err)
	}
	key.Destroy()
	if out, err := table.Open(nil, 1, table.Seal(nil, 1, []byte("x"))); err != nil || string(out) != "x" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := cell.NewTable(key, tableID, 1); !errors.Is(err, keyring.ErrDestroyed) {
		t.Error(err)
	}
	if _, err := cell.NewTokens(key); !errors.Is(err, keyring.ErrDestroyed) {
		t.Error(err)
	}
}

func TestPrintsNothing(t *testing.T) {
	table := newTable(t, testKey, tableID, 1)
	tokens, err := cell.NewTokens(secret(t, []byte(testKey)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{
		table, tokens, *tokens,
		struct{ t *cell.Table }{table}, struct{ t *cell.Tokens }{tokens}, struct{ t cell.Tokens }{*tokens},
	} {
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
		list := strings.Trim(fmt.Sprint([]byte(testKey)), "[]")
		for _, s := range []string{testKey, fmt.Sprintf("%x", testKey), list, strings.ReplaceAll(list, " ", ","), fmt.Sprint(binary.LittleEndian.Uint32([]byte(testKey)))} {
			if strings.Contains(out.String(), s) {
				t.Errorf("%T shows the key: %.300s", v, out.String())
			}
		}
	}
}

// Sealing and opening into buffers that are there allocate nothing.
func TestAllocations(t *testing.T) {
	table := newTable(t, testKey, tableID, 1)
	plaintext := make([]byte, 64)
	sealed, out := make([]byte, 0, 256), make([]byte, 0, 256)
	c := table.Seal(nil, 1, plaintext)
	if n := testing.AllocsPerRun(1000, func() { sealed = table.Seal(sealed[:0], 1, plaintext) }); n >= 1 {
		t.Errorf("Seal allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { out, _ = table.Open(out[:0], 1, c) }); n >= 1 {
		t.Errorf("Open allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { sealed = table.Seal(nil, 1, plaintext) }); n > 2 { // 1; 2 under the race detector
		t.Errorf("Seal into nothing allocates %v times", n)
	}
	tokens, err := cell.NewTokens(secret(t, []byte(testKey)))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { tokens.Token(cell.String, "utf8mb4_general_ci", plaintext) }); n >= 1 {
		t.Errorf("Token allocates %v times", n)
	}
}

// No bytes but the cells of the test vectors open under the vectors' key.
func FuzzOpen(f *testing.F) {
	v := readVectors(f)
	table, err := cell.NewTable(secret(f, v.Table.Key), [16]byte(v.Table.ID), 1)
	if err != nil {
		f.Fatal(err)
	}
	good := map[string]string{}
	for _, c := range v.Cells {
		good[fmt.Sprint(c.Column, " ")+string(c.Cell)] = string(c.Plaintext)
		f.Add(c.Column, []byte(c.Cell))
	}
	for _, c := range v.BadCells {
		f.Add(c.Column, []byte(c.Cell))
	}
	f.Fuzz(func(t *testing.T, column uint16, c []byte) {
		out, err := table.Open(nil, column, c)
		if err == nil {
			if plaintext, ok := good[fmt.Sprint(column, " ")+string(c)]; !ok || plaintext != string(out) {
				t.Errorf("opens as %q", out)
			}
		} else if !errors.Is(err, cell.ErrMalformed) && !errors.Is(err, cell.ErrKeyID) && !errors.Is(err, cell.ErrAuthentication) {
			t.Errorf("unsorted error %v", err)
		}
		if out, err := table.Open(nil, column, table.Seal(nil, column, c)); err != nil || !bytes.Equal(out, c) {
			t.Errorf("does not come back: %v", err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	table := newTable(b, testKey, tableID, 1)
	for _, n := range []int{16, 64, 1024} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			plaintext, buf := make([]byte, n), make([]byte, 0, n+cell.Overhead)
			b.ReportAllocs()
			b.SetBytes(int64(n))
			for b.Loop() {
				buf = table.Seal(buf[:0], 1, plaintext)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	table := newTable(b, testKey, tableID, 1)
	for _, n := range []int{16, 64, 1024} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c, buf := table.Seal(nil, 1, make([]byte, n)), make([]byte, 0, n)
			b.ReportAllocs()
			b.SetBytes(int64(n))
			for b.Loop() {
				buf, _ = table.Open(buf[:0], 1, c)
			}
		})
	}
}

// A salt that is not in the cache costs this much: the derivation of its subkey.
func BenchmarkOpenNewSalt(b *testing.B) {
	table := newTable(b, testKey, tableID, 1)
	c := table.Seal(nil, 1, make([]byte, 64))
	c[3] ^= 1
	b.ReportAllocs()
	for b.Loop() {
		_, _ = table.Open(nil, 1, c)
	}
}

func BenchmarkToken(b *testing.B) {
	tokens, err := cell.NewTokens(secret(b, []byte(testKey)))
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{16, 64, 1024} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			weights := make([]byte, n)
			b.ReportAllocs()
			for b.Loop() {
				tokens.Token(cell.String, "utf8mb4_general_ci", weights)
			}
		})
	}
}

func BenchmarkSealParallel(b *testing.B) {
	table := newTable(b, testKey, tableID, 1)
	b.RunParallel(func(pb *testing.PB) {
		plaintext, buf := make([]byte, 64), make([]byte, 0, 256)
		for pb.Next() {
			buf = table.Seal(buf[:0], 1, plaintext)
		}
	})
}
