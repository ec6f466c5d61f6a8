package wire

import (
	"math/bits"
	"sync"
)

const (
	baseBuffer  = 16 << 10  // what a connection always has for reading
	relayBuffer = 128 << 10 // what a large response is relayed through
	smallClass  = 16        // 1<<16 bytes, the smallest pooled buffer
	largeClass  = 25        // 1<<25 bytes, the largest; greater ones are left to the garbage collector
)

// pools keeps read buffers of 1<<(smallClass+i) bytes. Pointers are kept because putting a slice header into an
// interface would allocate.
var pools [largeClass - smallClass + 1]sync.Pool

// getBuffer returns a buffer of at least n bytes.
func getBuffer(n int) *[]byte {
	class := max(bits.Len(uint(n-1)), smallClass)
	if class > largeClass {
		b := make([]byte, n)
		return &b
	}
	if b, ok := pools[class-smallClass].Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 1<<class)
	return &b
}

// putBuffer gives a buffer of getBuffer back.
func putBuffer(b *[]byte) {
	if class := bits.Len(uint(len(*b) - 1)); class <= largeClass && len(*b) == 1<<class && class >= smallClass {
		pools[class-smallClass].Put(b)
	}
}
