package cell_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/cell"
)

// Part tokens are what docs/format.md says, and none is that of a whole value or of another length.
func TestPart(t *testing.T) {
	secret := func() *keyring.Secret {
		s, err := keyring.NewSecret(bytes.Repeat([]byte{7}, 16))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	tokens, err := cell.NewTokens(secret())
	if err != nil {
		t.Fatal(err)
	}
	mac, err := keyring.NewCMAC(secret())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tokens.Part(cell.String, "latin1_bin", 258, []byte("abc")), mac.Sum([]byte("p\x00\x00\x01\x02slatin1_bin\x00abc")); got != want {
		t.Errorf("a part token is %x, not %x", got, want)
	}
	if got, want := tokens.Part(cell.Bytes, "", 3, []byte("abc")), mac.Sum([]byte("p\x00\x00\x00\x03babc")); got != want {
		t.Errorf("a part token of bytes is %x, not %x", got, want)
	}
	seen := map[string]bool{}
	for _, token := range [][16]byte{
		tokens.Token(cell.Bytes, "", []byte("abc")), tokens.Part(cell.Bytes, "", 3, []byte("abc")), tokens.Part(cell.Bytes, "", 4, []byte("abc")),
		tokens.Part(cell.String, "a_bin", 3, []byte("abc")), tokens.Part(cell.String, "b_bin", 3, []byte("abc")), tokens.Token(cell.String, "a_bin", []byte("abc")),
	} {
		seen[hex.EncodeToString(token[:])] = true
	}
	if len(seen) != 6 {
		t.Errorf("of 6 tokens %d differ", len(seen))
	}
}
