package harness

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
)

// Present searches every page of a process that is in memory or swapped out, whatever its protection: also those that
// the process itself cannot read, and those that no core dump holds. It needs root.
func (s *Scanner) Present(pid int) error {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return err
	}
	defer mem.Close()
	pagemap, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
	if err != nil {
		return err
	}
	defer pagemap.Close()
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		if _, err := fmt.Sscanf(line, "%x-%x ", &from, &to); err != nil || strings.Contains(line, "[v") { // vvar, vdso, vsyscall
			continue
		}
		where := fmt.Sprintf("memory of process %d: %s", pid, strings.Join(strings.Fields(line), " "))
		if err := s.presentPages(where, mem, pagemap, from, to); err != nil {
			return err
		}
	}
	return nil
}

// presentPages searches a mapping, run of pages by run.
func (s *Scanner) presentPages(where string, mem, pagemap io.ReaderAt, from, to int64) error {
	const page, most = 4096, 1 << 15 // entries of pagemap read at once
	entries := make([]byte, 8*most)
	for at := from; at < to; at += most * page {
		n := min(most, int((to-at)/page))
		if _, err := pagemap.ReadAt(entries[:8*n], at/page*8); err != nil {
			return fmt.Errorf("pagemap of %s: %w", where, err)
		}
		for i := 0; i < n; {
			begin := i
			for i < n && binary.LittleEndian.Uint64(entries[8*i:])>>62 != 0 { // present or swapped
				i++
			}
			if i == begin {
				i++
				continue
			}
			first := at + int64(begin)*page
			if err := s.Reader(where, &lenient{r: io.NewSectionReader(mem, first, int64(i-begin)*page)}); err != nil {
				return err
			}
		}
	}
	return nil
}
