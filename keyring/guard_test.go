package keyring_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/tdeproxy/tdeproxy/keyring"
)

func newGCM(t testing.TB, key string) *keyring.GCM {
	t.Helper()
	g, err := keyring.NewGCM([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Its results are those of Go's own.
func TestGCM(t *testing.T) {
	g := newGCM(t, canary)
	defer g.Destroy()
	block, err := aes.NewCipher([]byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 12)
	for n := range 200 {
		text, aad := bytes.Repeat([]byte{byte(n)}, n), bytes.Repeat([]byte{1}, n/2)
		sealed := g.Seal(nil, nonce, text, aad)
		if !bytes.Equal(sealed, plain.Seal(nil, nonce, text, aad)) {
			t.Fatalf("%d bytes are sealed otherwise", n)
		}
		if back, err := g.Open(nil, nonce, sealed, aad); err != nil || !bytes.Equal(back, text) {
			t.Fatalf("%d bytes do not come back: %v", n, err)
		}
		sealed[n] ^= 1
		if _, err := g.Open(nil, nonce, sealed, aad); err == nil {
			t.Fatalf("%d bytes changed open", n)
		}
	}
	for _, n := range []int{0, 15, 17, 24, 32} {
		if _, err := keyring.NewGCM(make([]byte, n)); err == nil {
			t.Errorf("%d bytes are a key", n)
		}
	}
}

func TestGuardedMemory(t *testing.T) {
	g := newGCM(t, canary)
	slot := keyring.SlotOf(g)
	if !bytes.Contains(slot, []byte(canary)) {
		t.Error("the expanded key is elsewhere")
	}
	flags := vmFlags(t, &slot[0])
	if f := strings.Join(flags, " "); !strings.Contains(f, "dd") {
		t.Errorf("a core dump would hold it: %s", f)
	}
	before := keyring.Expanded()
	g.Destroy()
	g.Destroy()
	if !bytes.Equal(slot, make([]byte, len(slot))) {
		t.Error("Destroy left something")
	}
	if keyring.Expanded() != before-1 {
		t.Errorf("%d expanded keys after %d", keyring.Expanded(), before)
	}
	defer func() {
		if recover() == nil {
			t.Error("a destroyed cipher seals")
		}
	}()
	g.Seal(nil, make([]byte, 12), nil, nil)
}

// What is garbage is wiped, and what is used is not, whatever the collector does meanwhile.
func TestGuardedGarbage(t *testing.T) {
	kept := newGCM(t, canary)
	nonce := make([]byte, 12)
	want := kept.Seal(nil, nonce, []byte("text"), nil)
	begin := keyring.Expanded()
	stop := make(chan struct{})
	var collector, users sync.WaitGroup
	collector.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	for range 4 {
		users.Go(func() {
			for range 300 { // the ciphers are dropped in their last use
				if got := newGCM(t, canary).Seal(nil, nonce, []byte("text"), nil); !bytes.Equal(got, want) {
					t.Error("sealed under another key")
				}
				mac, err := keyring.NewCMAC(secretOnce(t))
				if err != nil {
					t.Error(err)
					return
				}
				if mac.Sum([]byte("text")) != rfcOnce(t) {
					t.Error("another MAC")
				}
			}
		})
	}
	users.Wait()
	close(stop)
	collector.Wait()
	for deadline := time.Now().Add(10 * time.Second); keyring.Expanded() > begin && time.Now().Before(deadline); {
		keyring.Forget(0)
		time.Sleep(time.Millisecond)
	}
	if left := keyring.Expanded(); left > begin {
		t.Errorf("%d expanded keys of garbage are left", left-begin)
	}
	if got := kept.Seal(nil, nonce, []byte("text"), nil); !bytes.Equal(got, want) {
		t.Error("a cipher in use was wiped")
	}
	kept.Destroy()
}

// secretOnce is a Secret of canary that is destroyed when the test ends.
func secretOnce(t testing.TB) *keyring.Secret { return secret(t, canary) }

// rfcOnce is the MAC of "text" under canary, by Go's own cipher: one block that is not full.
func rfcOnce(t testing.TB) (sum [16]byte) {
	t.Helper()
	block, err := aes.NewCipher([]byte(canary))
	if err != nil {
		t.Error(err)
	}
	var k [16]byte
	block.Encrypt(k[:], k[:])
	for range 2 { // K2
		carry := byte(0)
		for i := 15; i >= 0; i-- {
			k[i], carry = k[i]<<1|carry, k[i]>>7
		}
		k[15] ^= carry * 0x87
	}
	copy(sum[:], "text\x80")
	for i := range sum {
		sum[i] ^= k[i]
	}
	block.Encrypt(sum[:], sum[:])
	return sum
}

// The first place of a cipher is cleared, and one whose memory refers to other memory is refused.
func TestGuardClears(t *testing.T) {
	block, err := aes.NewCipher([]byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	if err := keyring.Guard(block); err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(block)
	if first := unsafe.Slice((*byte)(v.UnsafePointer()), v.Elem().Type().Size()); !bytes.Equal(first, make([]byte, len(first))) {
		t.Error("the expanded key is still in its first place")
	}
	for _, c := range []any{&struct{ p *int }{}, &struct{ s []byte }{}, &struct{ a [2]func() }{}, &[1024]byte{}, 1, struct{}{}} {
		if err := keyring.Guard(c); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%T: %v", c, err)
		}
	}
}

func TestGCMPrintsNothing(t *testing.T) {
	g := newGCM(t, canary)
	defer g.Destroy()
	mustNotShow(t, everyFormat(g)+everyFormat(struct{ g *keyring.GCM }{g}), []byte(canary))
	if s := fmt.Sprintf("%v %+v %#v %x", g, g, g, g); strings.ReplaceAll(s, "[redacted]", "") != "   " {
		t.Error(s)
	}
}

func TestDeriveGCM(t *testing.T) {
	mac := rfcMAC(t)
	g, err := mac.DeriveGCM("label", []byte("context"))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Destroy()
	nonce := make([]byte, 12)
	want, err := keyring.NewGCM(unhex(t, "08df8fc1e233ac226f2455e12e9e4f5a")) // as TestDeriveVectors has it
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.Seal(nil, nonce, nil, nil), want.Seal(nil, nonce, nil, nil)) {
		t.Error("another key")
	}
	failure := errors.New("no use")
	if err := mac.Derive("label", nil, func([]byte) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("Derive gives %v", err)
	}
	mac.Destroy()
	mac.Destroy()
	defer func() {
		if recover() == nil {
			t.Error("a destroyed MAC derives")
		}
	}()
	mac.Sum(nil)
}

func BenchmarkClearVectors(b *testing.B) {
	for b.Loop() {
		keyring.ClearVectors()
	}
}
