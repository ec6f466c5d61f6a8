package azurekms

import (
	"bytes"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// A wrapped key is read as it was written, and nothing else is read.
func TestWrapForm(t *testing.T) {
	for _, w := range []wrap{
		{algorithm: azkeys.EncryptionAlgorithmRSAOAEP256, kid: "https://v/keys/k/1", result: make([]byte, 256)},
		{algorithm: azkeys.EncryptionAlgorithmA256GCM, kid: "https://v/keys/k/1", iv: make([]byte, 12), tag: make([]byte, 16), result: make([]byte, 16)},
	} {
		b := w.encode()
		back, ok := decode(b)
		if !ok || back.kid != w.kid || back.algorithm != w.algorithm || !bytes.Equal(back.encode(), b) {
			t.Fatalf("%+v", back)
		}
		for n := range b {
			if _, ok := decode(b[:n]); ok {
				t.Errorf("%d of %d bytes are read", n, len(b))
			}
			for bit := range 8 {
				b[n] ^= 1 << bit
				if _, ok := decode(b); ok {
					t.Errorf("bit %d of byte %d does not matter", bit, n)
				}
				b[n] ^= 1 << bit
			}
		}
	}
}

func TestSplitKID(t *testing.T) {
	for kid, want := range map[string][2]string{
		"https://v.vault.azure.net/keys/k/0a": {"k", "0a"}, "https://v/keys/k": {"k", ""}, "https://v/keys/k/0a/b": {"", ""},
		"": {"", ""}, "https://v/secrets/k/0a": {"", ""},
	} {
		if name, version := splitKID(kid); name != want[0] || version != want[1] {
			t.Errorf("%s: %q %q", kid, name, version)
		}
	}
}
