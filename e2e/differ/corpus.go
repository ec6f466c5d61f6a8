// Package differ runs statement corpora on a plain server and through the
// proxy, and compares everything that a client can see.
package differ

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// Statement is one statement of a corpus with what its directives say.
//
// A corpus is text: statements end with ";" at a line's end, "# …" lines are
// comments, "#! key: value" lines are directives for the next statement:
//
//	args: 5 'abc' NULL x'00ff' 1.5 d'2024-01-02 03:04:05'   values of the ? marks
//	only: mariadb | mysql        run on this flavour only
//	mode: text | binary          run by this protocol only
//	conn: NAME                   which connection runs it ("" is the first)
//	order: any | exact           how rows compare; exact by default where ORDER BY is present
//	known: info | warnings       what may differ; docs/architecture.md, "Known limits", says why
type Statement struct {
	SQL   string
	Args  []Arg
	Only  string
	Mode  string
	Conn  string
	Order string
	Known string
	Line  int
}

// Arg is a value for a ? mark: as literal text, and as a bound parameter.
type Arg struct {
	Literal string
	Param   rawmysql.Param
}

// Load reads a corpus file.
func Load(path string) ([]Statement, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []Statement
	var current Statement
	var sql strings.Builder
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		trimmed := strings.TrimRight(line, " \t\n")
		if sql.Len() == 0 {
			if directive, ok := strings.CutPrefix(trimmed, "#!"); ok {
				if err := current.directive(directive); err != nil {
					return nil, fmt.Errorf("%s:%d: %w", path, number, err)
				}
				continue
			}
			if trimmed == "" || strings.HasPrefix(trimmed, "#") {
				continue
			}
			current.Line = number
		}
		body, end := strings.CutSuffix(trimmed, ";")
		sql.WriteString(body)
		if !end {
			sql.WriteByte('\n')
			continue
		}
		current.SQL = sql.String()
		all = append(all, current)
		current = Statement{}
		sql.Reset()
	}
	if sql.Len() > 0 {
		return nil, fmt.Errorf("%s: last statement has no ; at a line's end", path)
	}
	return all, nil
}

func (s *Statement) directive(text string) error {
	key, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(key) {
	case "args":
		args, err := parseArgs(value)
		s.Args = args
		return err
	case "only":
		s.Only = value
	case "mode":
		s.Mode = value
	case "conn":
		s.Conn = value
	case "order":
		s.Order = value
	case "known":
		s.Known = value
	default:
		return fmt.Errorf("unknown directive %q", key)
	}
	return nil
}

// Text is the statement with its arguments as literals.
func (s *Statement) Text() string {
	if len(s.Args) == 0 {
		return s.SQL
	}
	var b strings.Builder
	rest := s.SQL
	for _, a := range s.Args {
		before, after, ok := strings.Cut(rest, "?")
		if !ok {
			break
		}
		b.WriteString(before + a.Literal)
		rest = after
	}
	return b.String() + rest
}

func (s *Statement) params() []rawmysql.Param {
	var params []rawmysql.Param
	for _, a := range s.Args {
		params = append(params, a.Param)
	}
	return params
}

func parseArgs(text string) ([]Arg, error) {
	var args []Arg
	for text != "" {
		word, rest, err := nextArg(text)
		if err != nil {
			return nil, err
		}
		a, err := parseArg(word)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
		text = strings.TrimLeft(rest, " ")
	}
	return args, nil
}

func nextArg(text string) (word, rest string, err error) {
	quote := strings.IndexByte(text, '\'')
	space := strings.IndexByte(text, ' ')
	if quote < 0 || space >= 0 && space < quote {
		word, rest, _ = strings.Cut(text, " ")
		return word, rest, nil
	}
	end := strings.IndexByte(text[quote+1:], '\'')
	if end < 0 {
		return "", "", fmt.Errorf("unclosed quote in %q", text)
	}
	end += quote + 2
	return text[:end], text[end:], nil
}

func parseArg(word string) (Arg, error) {
	quoted := func(prefix string) (string, bool) {
		v, ok := strings.CutPrefix(word, prefix+"'")
		return strings.TrimSuffix(v, "'"), ok
	}
	if strings.EqualFold(word, "NULL") {
		return Arg{"NULL", rawmysql.Null(6)}, nil
	}
	if v, ok := quoted(""); ok {
		return Arg{word, rawmysql.Text(v)}, nil
	}
	if v, ok := quoted("x"); ok {
		b, err := hex.DecodeString(v)
		p := rawmysql.Text(string(b))
		p.Type = 252
		return Arg{word, p}, err
	}
	if v, ok := quoted("d"); ok {
		return dateArg(v)
	}
	if v, err := strconv.ParseInt(word, 10, 64); err == nil {
		return Arg{word, rawmysql.Int(v)}, nil
	}
	v, err := strconv.ParseFloat(word, 64)
	return Arg{word, rawmysql.Param{Type: 5, Value: binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))}}, err
}

func dateArg(text string) (Arg, error) {
	t, err := time.Parse("2006-01-02 15:04:05.999999", text)
	if err != nil {
		return Arg{}, err
	}
	b := []byte{11, byte(t.Year()), byte(t.Year() >> 8), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())}
	b = binary.LittleEndian.AppendUint32(b, uint32(t.Nanosecond()/1000))
	return Arg{"'" + text + "'", rawmysql.Param{Type: 12, Value: b}}, nil
}

func equalRows(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if (a[i] == nil) != (b[i] == nil) || !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
