package keyring_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rfcMAC is AES-CMAC under the key of RFC 4493's examples.
func rfcMAC(t testing.TB) *keyring.CMAC {
	t.Helper()
	key, err := keyring.NewSecret(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	if err != nil {
		t.Fatal(err)
	}
	mac, err := keyring.NewCMAC(key)
	if err != nil {
		t.Fatal(err)
	}
	key.Destroy() // the MAC goes on
	return mac
}

// RFC 4493, section 4.
func TestCMACVectors(t *testing.T) {
	message := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"+
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	mac := rfcMAC(t)
	for length, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		if got := mac.Sum(message[:length]); hex.EncodeToString(got[:]) != want {
			t.Errorf("%d bytes: %x, want %s", length, got, want)
		}
	}
}

// However a message is cut into parts, its MAC is the same.
func TestCMACParts(t *testing.T) {
	mac := rfcMAC(t)
	message := bytes.Repeat([]byte("0123456789"), 7)
	for n := range len(message) + 1 {
		want := mac.Sum(message[:n])
		for cut := range n + 1 {
			if mac.Sum(message[:cut], nil, message[cut:n]) != want {
				t.Fatalf("%d bytes cut at %d differ", n, cut)
			}
		}
		if mac.Sum(slices.Collect(slices.Chunk(message[:n], 1))...) != want {
			t.Fatalf("%d single bytes differ", n)
		}
	}
}

// Made with OpenSSL's KBKDF (mode counter, MAC CMAC-AES128, r = 32 bits before the fixed input, L = 128).
func TestDeriveVectors(t *testing.T) {
	mac := rfcMAC(t)
	for _, v := range []struct {
		label   string
		context []byte
		want    string
	}{
		{"label", []byte("context"), "08df8fc1e233ac226f2455e12e9e4f5a"},
		{"tdeproxy cell v1", []byte{0, 0, 0, 1}, "5e4f1d7899c07112e5789305c584ac60"},
		{"x", nil, "3de6d49d72a4e304f55deeee92d3686c"},
		{"a label of many bytes, more than one block", []byte(strings.Repeat("c", 40)), "97644a72705d6447a299cb99ff406af1"},
	} {
		_ = mac.Derive(v.label, v.context, func(got []byte) error {
			if hex.EncodeToString(got) != v.want {
				t.Errorf("%q: %x, want %s", v.label, got, v.want)
			}
			return nil
		})
	}
}

func TestCMACAllocates(t *testing.T) {
	mac := rfcMAC(t)
	head, message := []byte("n"), make([]byte, 100)
	if n := testing.AllocsPerRun(1000, func() { mac.Sum(head, message) }); n >= 1 {
		t.Errorf("Sum allocates %v times", n)
	}
}

func TestCMACPrintsNothing(t *testing.T) {
	if s := fmt.Sprintf("%v %+v %#v %x", rfcMAC(t), rfcMAC(t), rfcMAC(t), rfcMAC(t)); strings.ReplaceAll(s, "[redacted]", "") != "   " {
		t.Error(s)
	}
	hidden := everyFormat(struct{ mac *keyring.CMAC }{rfcMAC(t)}) + everyFormat(struct{ mac keyring.CMAC }{*rfcMAC(t)})
	// The expanded key begins with the key, which Go keeps as words of either byte order; K1 as RFC 4493 has it.
	k1 := unhex(t, "fbeed618357133667c85e08f7236a8de")
	mustNotShow(t, hidden, unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"), k1)
	for _, word := range []uint32{0x2b7e1516, 0x16157e2b} {
		if strings.Contains(hidden, fmt.Sprint(word)) {
			t.Errorf("the expanded key shows: %.300s", hidden)
		}
	}
}

func BenchmarkCMAC(b *testing.B) {
	mac := rfcMAC(b)
	for _, n := range []int{16, 64, 1024} {
		message := make([]byte, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(n))
			for b.Loop() {
				mac.Sum(message)
			}
		})
	}
}
