package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Link is a record's place in the chain: its number, counted from 1, and the SHA-256 of its line without the newline. Each
// record holds its own number and the hash of the one before.
type Link struct {
	Seq  uint64
	Hash string
}

// headSuffix names the file beside the log that holds the last record's link, so that lines which are cut off at the end are missed.
const headSuffix = ".head"

// headForm has one length, so that it is overwritten in place: a full disk does not matter to it.
const headForm = "%020d %s\n"

func linkOf(seq uint64, line []byte) Link {
	sum := sha256.Sum256(line)
	return Link{seq, hex.EncodeToString(sum[:])}
}

// place reads what of a line says where it belongs. Other lines have number 0.
func place(line []byte) (seq uint64, prev string, whole bool) {
	var p struct {
		Seq  uint64 `json:"seq"`
		Prev string `json:"prev"`
	}
	err := json.Unmarshal(line, &p)
	return p.Seq, p.Prev, err == nil
}

// readHead reads the head file beside the log at path; there is none beside a copy, or before the first record.
func readHead(path string) (head Link, there bool, err error) {
	text, err := os.ReadFile(path + headSuffix)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return Link{}, false, nil
	}
	if err != nil {
		return Link{}, false, fmt.Errorf("the audit log's head: %w", err)
	}
	if n, err := fmt.Sscanf(string(text), "%d %s\n", &head.Seq, &head.Hash); n != 2 || err != nil || len(head.Hash) != 2*sha256.Size {
		return Link{}, false, fmt.Errorf("%s%s is not a head of an audit log", path, headSuffix)
	}
	return head, true, nil
}

// tailSize is more than any record takes.
const tailSize = 1 << 20

// readTail finds the last record in the file at path, and whether the file ends within a line. What is no regular file has none.
func readTail(path string) (tail Link, torn bool, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return Link{}, false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Link{}, false, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-tailSize), tailSize))
	if err != nil {
		return Link{}, false, err
	}
	torn = text[len(text)-1] != '\n'
	lines := bytes.Split(text, []byte{'\n'})
	for i := len(lines) - 1; i >= 0; i-- {
		if seq, _, _ := place(lines[i]); seq > 0 {
			return linkOf(seq, lines[i]), torn, nil
		}
	}
	return Link{}, torn, nil
}

// resume finds where the chain goes on. A file that does not end where its head says is not healed: the next record follows the
// head, so that a verification goes on to see the gap.
func (l *Log) resume() error {
	head, there, err := readHead(l.path)
	if err != nil {
		return err
	}
	tail, torn, err := readTail(l.path)
	if err != nil {
		return fmt.Errorf("reading the audit log's end: %w", err)
	}
	l.torn = torn
	switch {
	case !there && tail.Seq > 1:
		l.gap = "its head is missing: whether records are missing at the end is not known"
		l.last = tail
		return nil
	case tail.Seq == head.Seq+1:
		l.last = tail // the proxy was killed between the two
		return nil
	case tail == head || tail.Seq == 0: // the latter after a rotation
	default:
		l.gap = fmt.Sprintf("the file ends with record %d, but record %d was the last that was written", tail.Seq, head.Seq)
		if tail.Seq == head.Seq {
			l.gap = fmt.Sprintf("the last record, %d, was altered", tail.Seq)
		}
	}
	l.last = head
	return nil
}

// writeHead notes the last record beside the log.
func (l *Log) writeHead() error {
	_, err := fmt.Fprintf(io.NewOffsetWriter(l.head, 0), headForm, l.last.Seq, l.last.Hash)
	return err
}

// Last is the last record's link, and what was found to be wrong with the file's end when it was opened.
func (l *Log) Last() (last Link, gap string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.gap
}
