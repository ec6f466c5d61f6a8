package harness

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Hit is a needle that was found.
type Hit struct {
	Needle Needle
	Where  string // file, or process memory
	Offset int64
}

// String says what leaked and where.
func (h Hit) String() string {
	return fmt.Sprintf("canary %.60q as %s in %s at offset %d", h.Needle.Canary, h.Needle.Form, h.Where, h.Offset)
}

// Scanner searches streams for many needles at once. One Scanner may be used
// for many sources, one after another.
type Scanner struct {
	Files int   // sources searched
	Bytes int64 // bytes searched
	Hits  []Hit

	byHead  map[uint64][]Needle
	filter  [1 << 13]uint64 // 2^19 bits over the hash of a needle's first bytes
	longest int
	found   map[string]bool // canary, form and source: one hit each
}

// NewScanner prepares a search. Needles shorter than 8 bytes are an error.
func NewScanner(needles []Needle) (*Scanner, error) {
	s := &Scanner{byHead: map[uint64][]Needle{}, found: map[string]bool{}}
	for _, n := range needles {
		if len(n.Bytes) < window {
			return nil, fmt.Errorf("needle of %d bytes is too short to mean anything", len(n.Bytes))
		}
		head := binary.LittleEndian.Uint64(n.Bytes)
		s.byHead[head] = append(s.byHead[head], n)
		h := hash(head)
		s.filter[h>>6] |= 1 << (h & 63)
		s.longest = max(s.longest, len(n.Bytes))
	}
	return s, nil
}

func hash(v uint64) uint64 { return v * 0x9e3779b97f4a7c15 >> (64 - 19) }

// Reader searches one stream.
func (s *Scanner) Reader(where string, r io.Reader) error {
	s.Files++
	const chunk = 1 << 20
	buf := make([]byte, 0, chunk+s.longest)
	var base int64
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		s.Bytes += int64(n)
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return fmt.Errorf("searching %s: %w", where, err)
		}
		s.block(where, base, buf)
		if last {
			return nil
		}
		// A needle may straddle two blocks.
		keep := min(s.longest, len(buf))
		base += int64(len(buf) - keep)
		buf = buf[:copy(buf, buf[len(buf)-keep:])]
	}
}

// block searches one block. It looks at every byte of whole processes: under the race detector that would take minutes, and
// nobody else has the block.
//
//go:norace
func (s *Scanner) block(where string, base int64, b []byte) {
	for i := 0; i+window <= len(b); i++ {
		head := binary.LittleEndian.Uint64(b[i:])
		h := hash(head)
		if s.filter[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, n := range s.byHead[head] {
			if len(b)-i >= len(n.Bytes) && string(b[i:i+len(n.Bytes)]) == string(n.Bytes) {
				s.hit(n, where, base+int64(i))
			}
		}
	}
}

func (s *Scanner) hit(n Needle, where string, offset int64) {
	key := n.Canary + "\x00" + n.Form + "\x00" + where
	if !s.found[key] {
		s.found[key] = true
		s.Hits = append(s.Hits, Hit{Needle: n, Where: where, Offset: offset})
	}
}

// Dir searches every regular file below dir whose name match accepts (nil is
// all). A file that vanishes meanwhile is not an error.
func (s *Scanner) Dir(dir string, match func(name string) bool) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() || match != nil && !match(path) {
			return err
		}
		return s.File(path)
	})
}

// File searches one file.
func (s *Scanner) File(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return s.Reader(path, f)
}

// Link searches recorded streams: as they are, and with MySQL's packet heads
// taken out, so that a value that spans packets is one piece.
func (s *Scanner) Link(dir string) error {
	if err := s.Dir(dir, nil); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return s.Reader(path+" (packet heads removed)", &payloads{r: f})
	})
}

// payloads reads a MySQL packet stream without the 4-byte heads.
type payloads struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (p *payloads) Read(b []byte) (int, error) {
	for p.left == 0 {
		var head [4]byte
		if _, err := io.ReadFull(p.r, head[:]); err != nil {
			return 0, io.EOF
		}
		p.left = int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	}
	n, err := p.r.Read(b[:min(len(b), p.left)])
	p.left -= n
	return n, err
}

// Memory searches the writable memory of a process (Linux, same user or root).
func (s *Scanner) Memory(pid int) error {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return err
	}
	defer mem.Close()
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") || strings.Contains(line, "/dev/") {
			continue
		}
		// A region may be gone or unreadable by now: what cannot be read is skipped.
		region := &lenient{r: io.NewSectionReader(mem, from, to-from)}
		if err := s.Reader(fmt.Sprintf("memory of process %d from %x", pid, from), region); err != nil {
			return err
		}
	}
	return nil
}

// lenient turns read errors into the end of the stream.
type lenient struct{ r io.Reader }

// Read implements io.Reader.
func (l *lenient) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// Report lists hits, a line each, at most limit.
func (s *Scanner) Report(limit int) string {
	sort.SliceStable(s.Hits, func(i, j int) bool { return s.Hits[i].Where < s.Hits[j].Where })
	var b strings.Builder
	for i, h := range s.Hits {
		if i == limit {
			fmt.Fprintf(&b, "… and %d more\n", len(s.Hits)-limit)
			break
		}
		fmt.Fprintln(&b, h)
	}
	return b.String()
}
