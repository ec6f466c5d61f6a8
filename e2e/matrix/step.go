package matrix

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// step is one line of the work.
type step struct {
	line, op, sql string
	width         int // of a batch
	args          []any
	written       []string // the same as in the work
}

// steps reads the work for drivers in this process.
func steps() []step {
	var all []step
	for line := range strings.Lines(work) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		part := strings.Split(line, "\t")
		s := step{line: line, op: part[0]}
		part = part[1:]
		if len(part) > 0 {
			s.sql, part = part[0], part[1:]
		}
		if s.op == "batch" {
			s.width, _ = strconv.Atoi(part[0])
			part = part[1:]
		}
		s.written = part
		for _, a := range part {
			s.args = append(s.args, value(a))
		}
		all = append(all, s)
	}
	return all
}

// value is a parameter; one that cannot be read is a mistake in the work.
func value(arg string) any {
	kind, text, _ := strings.Cut(arg, ":")
	var v any = text
	var err error
	switch kind {
	case "s":
	case "n":
		v = nil
	case "i":
		v, err = strconv.ParseInt(text, 10, 64)
	case "f":
		v, err = strconv.ParseFloat(text, 64)
	case "x":
		v, err = hex.DecodeString(text)
	case "t":
		v, err = time.Parse("2006-01-02 15:04:05.999999", text)
	case "r", "R":
		letter, count, _ := strings.Cut(text, ":")
		n, bad := strconv.Atoi(count)
		all := strings.Repeat(letter, n)
		if v, err = all, bad; kind == "R" {
			v = []byte(all)
		}
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		panic(fmt.Sprintf("matrix: parameter %.40q: %v", arg, err))
	}
	return v
}

// rows of a batch.
func (s step) rows() [][]any {
	var all [][]any
	for i := 0; i < len(s.args); i += s.width {
		all = append(all, s.args[i:i+s.width])
	}
	return all
}

// shown is a value with its Go type; of a long one the digest.
func shown(v any) string {
	switch v := v.(type) {
	case []byte:
		if len(v) > 200 {
			return fmt.Sprintf("%d bytes: %x", len(v), md5.Sum(v))
		}
		return fmt.Sprintf("bytes %q", v)
	case string:
		if len(v) > 200 {
			return fmt.Sprintf("text of %d: %x", len(v), md5.Sum([]byte(v)))
		}
	}
	return fmt.Sprintf("%T %#v", v, v)
}

func shownRow(row []any) string {
	text := make([]string, len(row))
	for i, v := range row {
		text[i] = shown(v)
	}
	return "row " + strings.Join(text, ", ")
}
