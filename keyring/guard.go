package keyring

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The cipher objects of Go's standard library hold expanded keys, on the ordinary heap, and nobody wipes them. They are
// plain memory, though: numbers without pointers, and methods that take the address. So each is moved, once it is made,
// into a slot of memory that no core dump holds and that is locked where the system allows it, and its first place is
// wiped. A slot is wiped when its owner says so, or once the garbage collector has seen that nobody can use the cipher any
// more: never under a cipher that is at work.

const (
	cipherSize = 768 // GCM with its table of multiples has 760 bytes, a block cipher 488
	slotSize   = cipherSize + 64
	chunkSize  = 64 << 10
)

// slot holds one cipher object and what else was made of its key.
type slot struct {
	cipher [cipherSize]byte
	rest   [slotSize - cipherSize]byte
}

// slots is the process's guarded memory. It only grows: by chunks, which free slots share out.
type slots struct {
	mu   sync.Mutex
	free []*slot
	used int
}

// expanded is one for the process, as the heap is.
var expanded slots

func (a *slots) take() (*slot, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.free) == 0 {
		if err := a.grow(); err != nil {
			return nil, err
		}
	}
	s := a.free[len(a.free)-1]
	a.free = a.free[:len(a.free)-1]
	a.used++
	return s, nil
}

func (a *slots) grow() error {
	chunk, err := unix.Mmap(-1, 0, chunkSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return fmt.Errorf("mapping memory for expanded keys: %w", err)
	}
	if err := unix.Madvise(chunk, unix.MADV_DONTDUMP); err != nil {
		return errors.Join(fmt.Errorf("keeping expanded keys out of core dumps: %w", err), unix.Munmap(chunk))
	}
	_ = unix.Mlock(chunk) // as with the rest of the process's memory, Swappable tells where it cannot be had
	for at := 0; at+slotSize <= chunkSize; at += slotSize {
		a.free = append(a.free, (*slot)(unsafe.Pointer(&chunk[at])))
	}
	return nil
}

// giveBack wipes a slot that nothing uses.
func (a *slots) giveBack(s *slot) {
	*s = slot{}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.free = append(a.free, s)
	a.used--
}

// Expanded counts the expanded keys in memory.
func Expanded() int {
	expanded.mu.Lock()
	defer expanded.mu.Unlock()
	return expanded.used
}

// Forget waits until every expanded key that nobody can reach is wiped, and gives the memory that is free back to the
// system, which clears it: what a KMS's client left in it goes with it. It says how many expanded keys are still in use
// after that time: 0 where everything that had one is gone.
func Forget(within time.Duration) (left int) {
	scrubSignalFrames()
	for deadline := time.Now().Add(within); ; time.Sleep(time.Millisecond) {
		debug.FreeOSMemory() // collects first
		if left = Expanded(); left == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

// guarded is the slot of an object whose methods use a cipher there.
type guarded struct {
	slot    *slot
	cleanup runtime.Cleanup
}

// guard moves a cipher into a slot that is wiped at the end of owner, which is what the cipher's users keep hold of.
func guard[C, O any](owner *O, c C) (C, guarded, error) {
	from := reflect.ValueOf(c)
	if t := from.Type(); t.Kind() != reflect.Pointer || t.Elem().Size() > cipherSize || hasPointers(t.Elem()) {
		return c, guarded{}, fmt.Errorf("expanded keys cannot be guarded: this Go's %v is not plain memory of %d bytes at most", t, cipherSize)
	}
	s, err := expanded.take()
	if err != nil {
		return c, guarded{}, err
	}
	to := reflect.NewAt(from.Type().Elem(), unsafe.Pointer(s))
	to.Elem().Set(from.Elem())
	from.Elem().SetZero()
	return to.Interface().(C), guarded{s, runtime.AddCleanup(owner, expanded.giveBack, s)}, nil
}

// wipe ends the slot at once. The owner sees to it that nothing uses the cipher, then or later.
func (g *guarded) wipe() {
	if g.slot != nil {
		g.cleanup.Stop()
		expanded.giveBack(g.slot)
		g.slot = nil
	}
}

// hasPointers says whether values of a type refer to other memory.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return hasPointers(t.Elem())
	case reflect.Struct:
		for f := range t.NumField() {
			if hasPointers(t.Field(f).Type) {
				return true
			}
		}
		return false
	}
	return t.Kind() < reflect.Bool || t.Kind() > reflect.Complex128
}
