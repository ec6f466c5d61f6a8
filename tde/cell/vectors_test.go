package cell_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/cell"
)

// hexBytes are bytes that JSON has in hexadecimal.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vectors are testdata/vectors.json, which another implementation made. Released vectors are never changed: cells that
// users have must open for ever.
type vectors struct {
	Table struct{ ID, Key hexBytes }
	Cells []struct {
		About                        string
		KeyID                        uint16 `json:"key_id"`
		Column                       uint16
		Salt, Nonce, Plaintext, Cell hexBytes
	}
	BadCells []struct {
		About, Expect string
		KeyID         uint16 `json:"key_id"`
		Column        uint16
		Cell          hexBytes
	} `json:"bad_cells"`
	TokenKeys []struct {
		Domain string
		Key    hexBytes
	} `json:"token_keys"`
	Tokens []struct {
		About, Domain, Kind, Collation string
		Canonical, Token               hexBytes
	}
	Orders []struct {
		About, Domain, Space string
		Key, Token           hexBytes
	}
	Canonical []struct {
		Kind, Text string
		Canonical  hexBytes
	}
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil || len(v.Cells) == 0 || len(v.BadCells) == 0 || len(v.Tokens) == 0 || len(v.Orders) == 0 || len(v.Canonical) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	return v
}

func TestCellVectors(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Cells {
		drawn := [][]byte{c.Salt, c.Nonce}
		random := func(b []byte) { copy(b, drawn[0]); drawn = drawn[1:] }
		table, err := cell.NewTableRandom(secret(t, v.Table.Key), [16]byte(v.Table.ID), c.KeyID, random, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Seal(nil, c.Column, c.Plaintext); !bytes.Equal(got, c.Cell) {
			t.Errorf("%s: sealed as %x", c.About, got)
		}
		if got, err := table.Open(nil, c.Column, c.Cell); err != nil || !bytes.Equal(got, c.Plaintext) {
			t.Errorf("%s: opened as %x, %v", c.About, got, err)
		}
	}
	for _, c := range v.BadCells {
		table, err := cell.NewTable(secret(t, v.Table.Key), [16]byte(v.Table.ID), c.KeyID)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]error{"malformed": cell.ErrMalformed, "key id": cell.ErrKeyID, "authentication": cell.ErrAuthentication}[c.Expect]
		if out, err := table.Open(nil, c.Column, c.Cell); out != nil || want == nil || !errors.Is(err, want) {
			t.Errorf("%s: %x, %v, want %s", c.About, out, err, c.Expect)
		}
	}
}

func TestTokenVectors(t *testing.T) {
	v := readVectors(t)
	domains := map[string]*cell.Tokens{}
	for _, k := range v.TokenKeys {
		tokens, err := cell.NewTokens(secret(t, k.Key))
		if err != nil {
			t.Fatal(err)
		}
		domains[k.Domain] = tokens
	}
	seen := map[[16]byte]string{}
	for _, k := range v.Tokens {
		got := domains[k.Domain].Token(cell.Kind(k.Kind[0]), k.Collation, k.Canonical)
		if !bytes.Equal(got[:], k.Token) {
			t.Errorf("%s: %x", k.About, got)
		}
		if seen[got] != "" {
			t.Errorf("%s has the token of %s", k.About, seen[got])
		}
		seen[got] = k.About
	}
}

func TestOrderVectors(t *testing.T) {
	v := readVectors(t)
	domains := map[string]*cell.Tokens{}
	for _, k := range v.TokenKeys {
		tokens, err := cell.NewTokens(secret(t, k.Key))
		if err != nil {
			t.Fatal(err)
		}
		domains[k.Domain] = tokens
	}
	for _, o := range v.Orders {
		if got := domains[o.Domain].AppendOrder(nil, o.Space, o.Key); !bytes.Equal(got, o.Token) {
			t.Errorf("%s: %x", o.About, got)
		}
	}
}

func TestCanonicalVectors(t *testing.T) {
	for _, c := range readVectors(t).Canonical {
		got, err := canonical(cell.Kind(c.Kind[0]), c.Text)
		if err != nil || !bytes.Equal(got, c.Canonical) {
			t.Errorf("%s %q: %q, %v", c.Kind, c.Text, got, err)
		}
	}
}

func canonical(kind cell.Kind, text string) ([]byte, error) {
	switch kind {
	case cell.Double:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		return cell.AppendDouble(nil, f)
	case cell.DateTime, cell.Timestamp:
		return cell.AppendDateTime(nil, []byte(text))
	case cell.Time:
		return cell.AppendTime(nil, []byte(text))
	}
	return cell.AppendDecimal(nil, []byte(text))
}
