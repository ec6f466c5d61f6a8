package filekms_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring/filekms"
)

func FuzzParse(f *testing.F) {
	seed, err := os.ReadFile("testdata/v1/master.key")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, text []byte) {
		err := filekms.Parse(text)
		if err == nil && !strings.Contains(string(text), "aes128:") {
			t.Errorf("a key in %q", text)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("more than a line: %v", err)
		}
	})
}
