package config

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a configuration file.
type Fault struct {
	File string // as it was given to Load
	Line int    // from 1; 0 where the file as a whole is meant
	Key  string // section.key; empty where no key is meant
	What string // what is wrong
	Want string // what would be right
}

// String is one line: FILE:LINE: key: what is wrong; what would be right.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	b.WriteString(f.What + "; " + f.Want)
	return strings.Join(strings.Fields(b.String()), " ")
}

// Faults is everything wrong with a configuration file, in file order. It is never empty.
type Faults []Fault

// Error is one line per fault.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// collector gathers faults of one file.
type collector struct {
	file    string
	lines   positions
	faults  Faults
	decoded bool            // checks follow; paths in faulty are not reported again
	faulty  map[string]bool // paths that could not be decoded
}

// add notes a fault of the key at path, such as encrypt[1].tables.
func (c *collector) add(path, what, want string) {
	if c.decoded && c.faulty[path] {
		return
	}
	if !c.decoded {
		c.faulty[path] = true
	}
	c.faults = append(c.faults, Fault{
		File: c.file, Line: c.lines.of(path), Key: withoutIndex(path), What: what, Want: want,
	})
}

// err returns the faults in file order, each line's in the order of discovery.
func (c *collector) err() error {
	if len(c.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(c.faults, func(a, b Fault) int { return a.Line - b.Line })
	return c.faults
}

// withoutIndex turns encrypt[1].tables into encrypt.tables: the line says which one.
func withoutIndex(path string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, "[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, path, _ = strings.Cut(rest, "]")
	}
}

// nearest returns the name that a mistyped one was probably meant to be, or "".
func nearest(typed string, names []string) string {
	best, distance := "", max(1, len(typed)/3)+1
	for _, name := range names {
		if d := editDistance(strings.ToLower(typed), name); d < distance {
			best, distance = name, d
		}
	}
	return best
}

// editDistance is Levenshtein's, with a swap of neighbours counted as one edit.
func editDistance(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
