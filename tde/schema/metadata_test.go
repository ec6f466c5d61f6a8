package schema_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// sum and unsum stand for a cell: they authenticate, and hide nothing.
func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return append(s[:], b...)
}

func unsum(b []byte) ([]byte, error) {
	if len(b) < 32 || !bytes.Equal(sum(b[32:]), b) {
		return nil, errors.New("not authentic")
	}
	return b[32:], nil
}

func open(schema.Header) (func([]byte) ([]byte, error), error) { return unsum, nil }

// wide is a table whose definition does not compress: it takes many comments.
func wide(columns int) *schema.Table {
	t := customers()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range columns {
		var comment strings.Builder
		for range 200 {
			comment.WriteByte(byte('!' + r.IntN(90)))
		}
		t.Columns = append(t.Columns, schema.Column{
			ID: uint16(100 + i), Name: fmt.Sprintf("c%d", i), Kind: schema.KindVarChar, SQLType: "varchar(20)", Length: 20,
			Charset: "utf8mb4", Collation: "utf8mb4_bin", Comment: comment.String(), Default: schema.DefaultNull,
		})
	}
	return t
}

func encode(t *testing.T, table *schema.Table) (string, []string) {
	t.Helper()
	comment, columns, err := schema.Encode(table, sum)
	if err != nil {
		t.Fatal(err)
	}
	if len(comment) > 2048 {
		t.Errorf("table comment of %d characters", len(comment))
	}
	for _, c := range columns {
		if len(c) > 1024 {
			t.Errorf("column comment of %d characters", len(c))
		}
	}
	return comment, columns
}

func TestMetadata(t *testing.T) {
	for _, table := range []*schema.Table{customers(), wide(1), wide(60)} {
		comment, columns := encode(t, table)
		t.Logf("%d columns: %d characters and %d further comments", len(table.Columns), len(comment), len(columns))
		// The order of columns may change, and columns may have other comments.
		mixed := append([]string{"", "of the DBA"}, columns...)
		rand.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		got, err := schema.Decode(table.DB, table.Name, comment, mixed, open)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, table) {
			t.Errorf("decoded\n%+v\nwant\n%+v", got, table)
		}
		h, protected, err := schema.ParseHeader(comment)
		if err != nil || !protected || h.ID != table.ID || h.KeyID != table.KeyID || !bytes.Equal(h.WrappedKey, table.WrappedKey) {
			t.Errorf("header %+v, %t, %v", h, protected, err)
		}
	}
}

func TestMetadataDamaged(t *testing.T) {
	table := wide(60)
	comment, columns := encode(t, table)
	if len(columns) < 3 {
		t.Fatalf("only %d pieces", len(columns))
	}
	flipped := func(s string, i int) string {
		b := []byte(s)
		if b[i] = 'A'; s[i] == 'A' {
			b[i] = 'B'
		}
		return string(b)
	}
	other := wide(60)
	other.ID[0]++
	otherComment, _ := encode(t, other)
	for name, c := range map[string]struct {
		comment string
		columns []string
	}{
		"piece missing":    {comment, columns[1:]},
		"last missing":     {comment, columns[:len(columns)-1]},
		"all missing":      {comment, nil},
		"piece twice":      {comment, append([]string{columns[0]}, columns...)},
		"piece of another": {comment, append([]string{flipped(columns[0], 40)}, columns[1:]...)},
		"cut off":          {comment[:len(comment)-4], columns},
		"altered":          {flipped(comment, len(comment)-9), columns},
		"other header":     {otherComment[:60] + comment[60:], columns},
		"no header":        {"tdeproxy1:", columns},
		"no mark":          {"", columns},
		"number":           {comment, append([]string{"tdeproxy1:9999." + columns[0]}, columns[1:]...)},
	} {
		if got, err := schema.Decode(table.DB, table.Name, c.comment, c.columns, open); !errors.Is(err, schema.ErrMetadata) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := schema.Decode(table.DB, "orders", comment, columns, open); !errors.Is(err, schema.ErrMetadata) {
		t.Errorf("of another table: %v", err)
	}
	broken := errors.New("no such key")
	_, err := schema.Decode(table.DB, table.Name, comment, columns, func(schema.Header) (func([]byte) ([]byte, error), error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("key that does not open: %v", err)
	}
	if _, protected, err := schema.ParseHeader("a customer"); protected || err != nil {
		t.Errorf("plaintext table: %t, %v", protected, err)
	}
}

func TestMetadataTooLong(t *testing.T) {
	table := customers()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		table.Comment += string(rune('!' + r.IntN(90)))
	}
	_, _, err := schema.Encode(table, sum)
	if u, ok := errors.AsType[*schema.UnsupportedError](err); !ok {
		t.Errorf("%v (%v)", err, u)
	}
	table = customers()
	table.WrappedKey = make([]byte, 4000)
	if _, _, err := schema.Encode(table, sum); err == nil {
		t.Error("a wrapped key of 4,000 bytes fits")
	}
}

func FuzzDecode(f *testing.F) {
	for _, n := range []int{0, 1, 60} {
		comment, columns, err := schema.Encode(wide(n), sum)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(comment, strings.Join(columns, "\n"))
	}
	f.Fuzz(func(t *testing.T, comment, columns string) {
		// What is not authentic never reaches the decoder; here everything is, so that it does.
		lax := func(schema.Header) (func([]byte) ([]byte, error), error) {
			return func(b []byte) ([]byte, error) { return b[min(32, len(b)):], nil }, nil
		}
		table, err := schema.Decode("shop", "customers", comment, strings.Split(columns, "\n"), lax)
		if (table == nil) == (err == nil) {
			t.Errorf("%v, %v", table, err)
		}
		if err == nil {
			if _, _, err := schema.ParseHeader(comment); err != nil {
				t.Errorf("decoded without a header: %v", err)
			}
		}
	})
}
