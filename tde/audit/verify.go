package audit

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
)

// Report is what Verify has found.
type Report struct {
	Records     uint64
	First, Last uint64 // their numbers
	Torn        int    // lines of which only a part was written, as on a full disk
	Head        bool   // whether there was a head to compare the end with
	Problems    []string
}

// maxProblems bounds a report.
const maxProblems = 50

// Verify reads the files of a log, oldest first, and tells of records that were removed, altered, put elsewhere, or cut off at the
// end. The last file may be one that a running proxy appends to.
func Verify(paths ...string) (*Report, error) {
	v := &verifier{}
	last := paths[len(paths)-1]
	before, there, err := readHead(last)
	if err != nil {
		return nil, err
	}
	v.head, v.Head = before, there
	for _, path := range paths {
		if err := v.file(path); err != nil {
			return nil, err
		}
	}
	after, _, err := readHead(last)
	if err != nil {
		return nil, err
	}
	if there {
		v.end(last, before, after)
	}
	return &v.Report, nil
}

type verifier struct {
	Report
	head, last Link
	seen       bool // the head's record
}

func (v *verifier) problem(format string, args ...any) {
	if len(v.Problems) < maxProblems {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

func (v *verifier) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSuffix(line, []byte{'\n'}); len(line) > 0 {
			v.line(fmt.Sprintf("%s:%d", path, n), line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("audit log: %w", err)
		}
	}
}

// line takes the next line. After a problem the chain is followed from here.
func (v *verifier) line(at string, line []byte) {
	seq, prev, whole := place(line)
	if !whole {
		v.Torn++
		return
	}
	if seq == 0 {
		v.problem("%s: not a record of an audit log", at)
		return
	}
	switch before := v.last; {
	case v.Records == 0 && (seq > 1 || prev == ""):
	case seq <= before.Seq:
		v.problem("%s: record %d stands after record %d", at, seq, before.Seq)
	case seq > before.Seq+1:
		v.problem("%s: %s missing before it", at, span(before.Seq+1, seq-1))
	case prev != before.Hash:
		v.problem("%s: the record before it, %d, was altered", at, before.Seq)
	}
	if v.Records++; v.Records == 1 {
		v.First = seq
	}
	v.last = linkOf(seq, line)
	v.Last = seq
	if seq == v.head.Seq {
		v.seen = true
		if v.last.Hash != v.head.Hash {
			v.problem("%s: record %d was altered", at, seq)
		}
	}
}

// end compares the file's end with its heads before and after it was read.
func (v *verifier) end(path string, before, after Link) {
	switch {
	case v.Last < before.Seq:
		v.problem("%s: %s missing at the end", path, span(v.Last+1, before.Seq))
	case v.Last > after.Seq+1:
		v.problem("%s: %s at the end that the proxy has not written", path, span(after.Seq+1, v.Last))
	case !v.seen:
		v.problem("%s: record %d is missing", path, before.Seq)
	}
}

func span(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("record %d is", from)
	}
	return fmt.Sprintf("records %d to %d are", from, to)
}
