package mysqltest

import (
	"regexp"
	"strconv"
	"strings"
)

// maxTurns of a loop: the tests' own end long before.
const maxTurns = 5000

// block carries out an if or while whose condition is known here, and passes over any other.
func (r *Reader) block(c *cursor, head string, line int) error {
	start, startLine := c.pos, c.line
	loop := strings.EqualFold(head[:5], "while")
	yes, known := false, false
	for range maxTurns {
		if !r.live() {
			break
		}
		if yes, known = r.condition(c, head, line); !known || !yes {
			break
		}
		c.pos, c.line = start, startLine
		if err := r.commands(c); err != nil || !loop {
			return err
		}
	}
	c.pos, c.line = start, startLine
	mute := r.mute
	r.mute = mute || known && !yes
	r.dead++
	err := r.commands(c)
	r.dead--
	r.mute = mute
	return err
}

var (
	operand   = "(?s:(`[^`]*`|'[^']*'|\"[^\"]*\"|\\$?[\\w.]+))"
	condition = regexp.MustCompile(`^(?i:if|while)\s*\(\s*(!?)\s*` + operand + `\s*(?:(==|!=|<=|>=|<|>)\s*` + operand + `\s*)?\)\s*$`)
)

// condition evaluates what stands between an if's or while's parentheses.
func (r *Reader) condition(c *cursor, head string, line int) (yes, known bool) {
	m := condition.FindStringSubmatch(strings.TrimSpace(head))
	if m == nil {
		return false, false
	}
	left, known := r.operand(c, m[2], line)
	if !known {
		return false, false
	}
	if m[3] == "" {
		return truth(left) != (m[1] == "!"), true
	}
	right, known := r.operand(c, m[4], line)
	return compare(left, m[3], right) != (m[1] == "!"), known
}

func (r *Reader) operand(c *cursor, text string, line int) (string, bool) {
	text, known := r.expand(text)
	if !known {
		return "", false
	}
	if query, ok := quoted(text, '`'); ok {
		return r.row(c, query, line)
	}
	return strings.Trim(text, `'"`), true
}

// truth of a string: a number that is not 0, or any other text.
func truth(s string) bool {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
		return n != 0
	}
	return s != ""
}

func compare(left, operator, right string) bool {
	a, errA := strconv.Atoi(left)
	b, errB := strconv.Atoi(right)
	if errA != nil || errB != nil {
		a, b = strings.Compare(left, right), 0
	}
	switch operator {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	default:
		return a >= b
	}
}
