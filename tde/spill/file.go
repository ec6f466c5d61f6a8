// Package spill sorts more records than memory is to hold, in temporary files that nobody else can read.
//
// A file holds ciphertext alone: blocks of AES-128-GCM under a random key that is in memory and nowhere else, and is wiped when the
// file is closed. It has no name in its folder, so the system frees it when the process ends, however it ends.
package spill

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// Dir is where files are made, and bounds what all of them take. It is safe for concurrent use.
type Dir struct {
	path string
	max  int64 // bytes
	used atomic.Int64
	open atomic.Int64
}

// NewDir makes files in path, or where that is empty where TMPDIR says, or else in /tmp. They take no more than max bytes together.
func NewDir(path string, max int64) *Dir {
	if path == "" {
		path = os.TempDir()
	}
	return &Dir{path: path, max: max}
}

// Used is how many bytes the files take.
func (d *Dir) Used() int64 { return d.used.Load() }

// Open is how many files there are.
func (d *Dir) Open() int64 { return d.open.Load() }

// FullError says that there is no room for more.
type FullError struct {
	Dir string
	Max int64 // bytes that all files may take; 0: the file system is full
	Err error // the system's, where that is full
}

// Error implements error.
func (e *FullError) Error() string {
	if e.Max > 0 {
		return fmt.Sprintf("tde/spill: temporary files take %d bytes, which is all that they may", e.Max)
	}
	return fmt.Sprintf("tde/spill: writing a temporary file in %s: %v", e.Dir, e.Err)
}

// Unwrap gives the system's error.
func (e *FullError) Unwrap() error { return e.Err }

// file is an encrypted temporary file without a name.
type file struct {
	dir    *Dir
	f      *os.File
	gcm    *keyring.GCM
	size   int64 // bytes written
	held   int64 // bytes that count as used
	blocks uint64
	sealed []byte
}

// nonceSize and tagSize are GCM's, in bytes.
const (
	nonceSize = 12
	tagSize   = 16
)

func (d *Dir) create() (*file, error) {
	f, err := d.unnamed()
	if err != nil {
		return nil, &FullError{Dir: d.path, Err: err}
	}
	key := make([]byte, keyring.KeySize)
	defer clear(key)
	if _, err := rand.Read(key); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	gcm, err := keyring.NewGCM(key)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	d.open.Add(1)
	return &file{dir: d, f: f, gcm: gcm}, nil
}

// unnamed makes a file without a name; on a file system that has none of these, one whose name is taken away at once.
func (d *Dir) unnamed() (*os.File, error) {
	fd, err := unix.Open(d.path, unix.O_TMPFILE|unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), d.path+"/#tdeproxy"), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EINVAL) {
		return nil, err
	}
	f, err := os.CreateTemp(d.path, "tdeproxy-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// place is where a block lies.
type place struct {
	at    int64
	size  int32 // as it is sealed
	block uint64
}

// room is what a block takes of the file system, which gives back whole pages alone.
func (p place) room() int64 { return (int64(p.size) + pageSize - 1) &^ (pageSize - 1) }

const pageSize = 4096

// write appends a block. A block's number is its nonce: it is written once, under a key of this file alone.
func (f *file) write(plain []byte) (p place, err error) {
	p = place{at: f.size, size: int32(len(plain) + tagSize), block: f.blocks}
	if f.dir.used.Add(p.room()) > f.dir.max {
		f.dir.used.Add(-p.room())
		return p, &FullError{Dir: f.dir.path, Max: f.dir.max}
	}
	f.held += p.room()
	f.sealed = f.gcm.Seal(f.sealed[:0], nonce(p.block), plain, nil)
	if _, err := f.f.WriteAt(f.sealed, p.at); err != nil {
		return p, &FullError{Dir: f.dir.path, Err: err}
	}
	f.size += p.room()
	f.blocks++
	return p, nil
}

// read gives a block's plaintext in buf.
func (f *file) read(p place, buf []byte) ([]byte, error) {
	f.sealed = append(f.sealed[:0], make([]byte, p.size)...)
	if _, err := f.f.ReadAt(f.sealed, p.at); err != nil {
		return nil, fmt.Errorf("tde/spill: reading a temporary file in %s: %w", f.dir.path, err)
	}
	buf, err := f.gcm.Open(buf[:0], nonce(p.block), f.sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("tde/spill: a temporary file in %s has been changed: %w", f.dir.path, err)
	}
	return buf, nil
}

// free gives the room of a block back where the file system can.
func (f *file) free(p place) {
	const punch = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	if unix.Fallocate(int(f.f.Fd()), punch, p.at, p.room()) == nil {
		f.held -= p.room()
		f.dir.used.Add(-p.room())
	}
}

func (f *file) close() {
	f.dir.used.Add(-f.held)
	f.dir.open.Add(-1)
	f.gcm.Destroy()
	_ = f.f.Close() // it has no name, so nobody will miss what was not written
}

func nonce(block uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, nonceSize-8, nonceSize), block)
}
