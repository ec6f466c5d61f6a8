package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// canary is a key that is easy to find.
const canary = "KEYcanaryKEYcana"

func secret(t testing.TB, key string) *keyring.Secret {
	t.Helper()
	s, err := keyring.NewSecret([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Destroy)
	return s
}

// spellings of a key, any of which in a text would give it away.
func spellings(key []byte) []string {
	list := fmt.Sprint(key)
	return []string{
		string(key), hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), base64.StdEncoding.EncodeToString(key),
		strings.Trim(list, "[]"), strings.Trim(strings.ReplaceAll(list, " ", ","), "[]"), fmt.Sprintf("%# x", key),
	}
}

// everyFormat prints v in the ways that a log or an error could.
func everyFormat(v any) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%c", "%U", "%p", "%T"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	fmt.Fprintln(&out, v)
	fmt.Fprintln(&out, errors.Unwrap(fmt.Errorf("%w", fmt.Errorf("%v", v))))
	j, _ := json.Marshal(v)
	out.Write(j)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
	return out.String()
}

func mustNotShow(t *testing.T, text string, keys ...[]byte) {
	t.Helper()
	for _, key := range keys {
		for i, s := range spellings(key) {
			if strings.Contains(text, s) {
				t.Errorf("key shows in spelling %d: %.300s", i, text)
			}
		}
	}
}

func TestSecretPrintsNothing(t *testing.T) {
	s := secret(t, canary)
	type holder struct {
		Key    *keyring.Secret
		Value  keyring.Secret
		hidden *keyring.Secret
		copied keyring.Secret
	}
	h := holder{s, *s, s, *s}
	for _, v := range []any{s, *s, h, &h, []*keyring.Secret{s}, map[string]keyring.Secret{"k": *s}} {
		mustNotShow(t, everyFormat(v), []byte(canary))
	}
	if got := fmt.Sprintf("%v %+v %#v %s %x %d", s, s, s, s, s, *s); strings.ReplaceAll(got, "[redacted]", "") != "     " {
		t.Errorf("a Secret prints as %q", got)
	}
	if j, err := json.Marshal(map[string]any{"k": s}); err != nil || string(j) != `{"k":"[redacted]"}` {
		t.Errorf("JSON %s, %v", j, err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "k", s, "v", *s)
	if strings.Count(log.String(), "[redacted]") != 2 {
		t.Errorf("log %s", log.String())
	}
	if s.String() != "[redacted]" || s.GoString() != "[redacted]" {
		t.Error("String or GoString shows something")
	}
	if text, err := s.MarshalText(); err != nil || string(text) != "[redacted]" {
		t.Errorf("text %s, %v", text, err)
	}
}

// vmFlags are the kernel's flags of the mapping that holds p.
func vmFlags(t *testing.T, p *byte) []string {
	t.Helper()
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(smaps)) {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			at := uintptr(unsafe.Pointer(p))
			inside = from <= at && at < to
		} else if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside {
			return strings.Fields(flags)
		}
	}
	return nil
}

func TestSecretMemory(t *testing.T) {
	s := secret(t, canary)
	flags := map[string]bool{}
	for _, f := range vmFlags(t, &s.Bytes()[0]) {
		flags[f] = true
	}
	if !flags["lo"] || !flags["dd"] || !flags["rd"] || flags["wr"] {
		t.Errorf("the page is not locked, undumped and read-only: %v", flags)
	}
	if string(s.Bytes()) != canary || cap(s.Bytes()) != keyring.KeySize {
		t.Error("the key is another one")
	}
	p := &s.Bytes()[0]
	s.Destroy()
	s.Destroy()
	if s.Bytes() != nil {
		t.Error("a destroyed key has bytes")
	}
	if flags := vmFlags(t, p); len(flags) > 0 {
		t.Errorf("its page is still mapped: %v", flags)
	}
	if _, err := keyring.NewCMAC(s); !errors.Is(err, keyring.ErrDestroyed) {
		t.Errorf("a destroyed key gives %v", err)
	}
}

func TestSecretLength(t *testing.T) {
	for _, n := range []int{0, 15, 17, 32} {
		if s, err := keyring.NewSecret(make([]byte, n)); err == nil || s != nil {
			t.Errorf("%d bytes are no key", n)
		}
	}
	a, err := keyring.RandomSecret()
	if err != nil {
		t.Fatal(err)
	}
	b, err := keyring.RandomSecret()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Bytes(), b.Bytes()) || bytes.Equal(a.Bytes(), make([]byte, keyring.KeySize)) {
		t.Error("random keys are not random")
	}
	a.Destroy()
	b.Destroy()
}

func TestSecretConcurrent(t *testing.T) {
	s := secret(t, canary)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if _, err := keyring.NewCMAC(s); err != nil && !errors.Is(err, keyring.ErrDestroyed) {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(s.Destroy)
	wg.Wait()
}
