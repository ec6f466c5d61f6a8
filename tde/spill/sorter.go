package spill

import (
	"container/heap"
	"encoding/binary"
	"slices"
)

// Sizes of what a Sorter keeps in memory, in bytes.
const (
	blockSize = 64 << 10
	// fanIn is how many runs are merged at once: each needs a block.
	fanIn = 64
	// recordOverhead is what a record takes in memory beside its bytes.
	recordOverhead = headSize + 8
	headSize       = 8 // of a record: the sizes of its key and its value
)

// Sorter sorts records, each a key and a value, by their keys; records whose keys are equal stay in the order in which they came. What
// is more than its memory goes to a file. Close frees it.
type Sorter struct {
	dir     *Dir
	compare func(a, b []byte) int
	memory  int // bytes
	file    *file
	arena   []byte
	offsets []int64
	levels  [][]run // of runs that are made of as many others; those that came first are in the last one
	count   uint64
	stop    func() error
}

// run is a sorted list of records in the file, as blocks.
type run []place

// NewSorter makes one that keeps about memory bytes beside what a merge needs, a block for each of at most 64 runs a level. stop, which
// may be nil, is asked from time to time: its error ends the work.
func (d *Dir) NewSorter(compare func(a, b []byte) int, memory int, stop func() error) *Sorter {
	if stop == nil {
		stop = func() error { return nil }
	}
	return &Sorter{dir: d, compare: compare, memory: memory, stop: stop}
}

// Len is how many records there are.
func (s *Sorter) Len() uint64 { return s.count }

// Size is how many bytes the records in memory take.
func (s *Sorter) Size() int { return len(s.arena) + 8*len(s.offsets) }

// Spilled says whether records are in a file.
func (s *Sorter) Spilled() bool { return s.file != nil }

// Add copies a record. An error is a *FullError, or of making the file.
func (s *Sorter) Add(key, value []byte) error {
	if len(s.offsets) > 0 && s.Size()+recordOverhead+len(key)+len(value) > s.memory {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.offsets = append(s.offsets, int64(len(s.arena)))
	s.arena = appendRecord(s.arena, key, value)
	s.count++
	return nil
}

func appendRecord(dst, key, value []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(key)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(value)))
	return append(append(dst, key...), value...)
}

// splitRecord takes the first record off.
func splitRecord(b []byte) (key, value, rest []byte) {
	k := int(binary.LittleEndian.Uint32(b))
	v := int(binary.LittleEndian.Uint32(b[4:]))
	b = b[headSize:]
	return b[:k:k], b[k : k+v : k+v], b[k+v:]
}

// sort orders the records in memory.
func (s *Sorter) sort() {
	slices.SortFunc(s.offsets, func(a, b int64) int {
		ka, _, _ := splitRecord(s.arena[a:])
		kb, _, _ := splitRecord(s.arena[b:])
		if c := s.compare(ka, kb); c != 0 {
			return c
		}
		return int(a - b)
	})
}

// spill makes a run of the records in memory.
func (s *Sorter) spill() error {
	if s.file == nil {
		f, err := s.dir.create()
		if err != nil {
			return err
		}
		s.file = f
	}
	if err := s.stop(); err != nil {
		return err
	}
	s.sort()
	w := runWriter{file: s.file}
	for _, at := range s.offsets {
		key, value, _ := splitRecord(s.arena[at:])
		if err := w.add(key, value); err != nil {
			return err
		}
	}
	r, err := w.end()
	if err != nil {
		return err
	}
	s.arena, s.offsets = s.arena[:0], s.offsets[:0]
	return s.keep(r, 0)
}

// keep notes a run. Many of one level become one of the next, so that each record is written as often as there are levels.
func (s *Sorter) keep(r run, level int) error {
	if level == len(s.levels) {
		s.levels = append(s.levels, nil)
	}
	if s.levels[level] = append(s.levels[level], r); len(s.levels[level]) < fanIn {
		return nil
	}
	w := runWriter{file: s.file}
	if err := s.merge([][]run{s.levels[level]}, w.add); err != nil {
		return err
	}
	merged, err := w.end()
	if err != nil {
		return err
	}
	s.levels[level] = nil
	return s.keep(merged, level+1)
}

// Each gives the records in order, once. They are gone after it; key and value are valid until yield returns.
func (s *Sorter) Each(yield func(key, value []byte) error) error {
	if s.file == nil {
		s.sort()
		return s.held(yield)
	}
	if len(s.offsets) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.arena, s.offsets = nil, nil
	return s.merge(s.levels, yield)
}

// EachUnsorted gives the records, once, in the order in which they came; sorted where some are in a file.
func (s *Sorter) EachUnsorted(yield func(key, value []byte) error) error {
	if s.file != nil {
		return s.Each(yield)
	}
	return s.held(yield)
}

// held gives the records in memory.
func (s *Sorter) held(yield func(key, value []byte) error) error {
	for i, at := range s.offsets {
		if i%1024 == 0 {
			if err := s.stop(); err != nil {
				return err
			}
		}
		key, value, _ := splitRecord(s.arena[at:])
		if err := yield(key, value); err != nil {
			return err
		}
	}
	return nil
}

// Close frees the memory and the file.
func (s *Sorter) Close() {
	if s == nil {
		return
	}
	clear(s.arena)
	s.arena, s.offsets, s.levels = nil, nil, nil
	if s.file != nil {
		s.file.close()
		s.file = nil
	}
}

// merge gives the records of runs in order, and frees their blocks as they are read.
func (s *Sorter) merge(levels [][]run, yield func(key, value []byte) error) error {
	h := &readers{compare: s.compare}
	for i := len(levels) - 1; i >= 0; i-- {
		for _, r := range levels[i] {
			reader := &runReader{file: s.file, rest: r, age: len(h.list)}
			if ok, err := reader.next(); err != nil {
				return err
			} else if ok {
				h.list = append(h.list, reader)
			}
		}
	}
	heap.Init(h)
	for n := 0; len(h.list) > 0; n++ {
		if n%1024 == 0 {
			if err := s.stop(); err != nil {
				return err
			}
		}
		r := h.list[0]
		if err := yield(r.key, r.value); err != nil {
			return err
		}
		ok, err := r.next()
		switch {
		case err != nil:
			return err
		case ok:
			heap.Fix(h, 0)
		default:
			heap.Pop(h)
		}
	}
	return nil
}

// runWriter writes a run.
type runWriter struct {
	file  *file
	run   run
	block []byte
}

func (w *runWriter) add(key, value []byte) error {
	if len(w.block) > 0 && len(w.block)+headSize+len(key)+len(value) > blockSize {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.block = appendRecord(w.block, key, value)
	return nil
}

func (w *runWriter) flush() error {
	p, err := w.file.write(w.block)
	w.run, w.block = append(w.run, p), w.block[:0]
	return err
}

func (w *runWriter) end() (run, error) {
	if len(w.block) > 0 {
		if err := w.flush(); err != nil {
			return nil, err
		}
	}
	return w.run, nil
}

// runReader reads a run.
type runReader struct {
	file       *file
	rest       run
	age        int // of the run, for those whose keys are equal
	block      []byte
	left       []byte // of block
	key, value []byte
}

// next goes to the next record; ok is false after the last.
func (r *runReader) next() (ok bool, err error) {
	if len(r.left) == 0 {
		if len(r.rest) == 0 {
			return false, nil
		}
		if r.block, err = r.file.read(r.rest[0], r.block); err != nil {
			return false, err
		}
		r.file.free(r.rest[0])
		r.left, r.rest = r.block, r.rest[1:]
	}
	r.key, r.value, r.left = splitRecord(r.left)
	return true, nil
}

// readers are a heap by their keys.
type readers struct {
	compare func(a, b []byte) int
	list    []*runReader
}

// Len implements heap.Interface.
func (h *readers) Len() int { return len(h.list) }

// Less implements heap.Interface.
func (h *readers) Less(i, j int) bool {
	c := h.compare(h.list[i].key, h.list[j].key)
	return c < 0 || c == 0 && h.list[i].age < h.list[j].age
}

// Swap implements heap.Interface.
func (h *readers) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }

// Push implements heap.Interface.
func (h *readers) Push(x any) { h.list = append(h.list, x.(*runReader)) }

// Pop implements heap.Interface.
func (h *readers) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return last
}
