package plan

import (
	"regexp"
	"strconv"
	"strings"
)

// ShowWarnings is SHOW WARNINGS after a statement that the evaluator answered.
type ShowWarnings struct {
	Errors        bool // SHOW ERRORS
	Offset, Limit uint64
}

func (*ShowWarnings) plan() {}

// String implements Plan.
func (p *ShowWarnings) String() string { return "ShowWarnings" }

// askable is one thing that askedOf finds.
const askable = `(?:@@(?:session\.)?(?:warning_count|error_count)|row_count\(\)|found_rows\(\))(?:\s+(?:as\s+)?\w+)?`

var (
	showWarnings    = regexp.MustCompile(`(?i)^\s*show\s+(warnings|errors)(?:\s+limit\s+(\d+)(?:\s*,\s*(\d+))?)?\s*;?\s*$`)
	countWarnings   = regexp.MustCompile(`(?i)^\s*show\s+(count\s*\(\s*\*\s*\)\s*(warnings|errors))\s*;?\s*$`)
	asksDiagnostics = regexp.MustCompile(`(?i)^\s*get\s+(?:current\s+|stacked\s+)?diagnostics\s`)
	askedOf         = regexp.MustCompile(`(?i)^\s*select\s+(` + askable + `(?:\s*,\s*` + askable + `)*)\s*;?\s*$`)
	askedItem       = regexp.MustCompile(`(?i)^\s*(@@(?:session\.)?(?:warning_count|error_count)|row_count\(\)|found_rows\(\))(?:\s+(?:as\s+)?(\w+))?\s*$`)
	selects         = regexp.MustCompile(`(?i)^\s*select\s`)
	asksBefore      = regexp.MustCompile(`(?i)\b(?:found_rows|row_count)\s*\(|@@\s*(?:session\s*\.\s*)?(?:warning|error)_count`)
)

// Diagnose plans a statement that asks about the one before, which the evaluator has answered, so that upstream does not
// know; nil where it is another statement.
func Diagnose(src []byte) Plan {
	if len(src) > 4096 {
		return nil
	}
	if m := showWarnings.FindSubmatch(src); m != nil {
		p := &ShowWarnings{Errors: strings.EqualFold(string(m[1]), "errors"), Limit: ^uint64(0)}
		first, err1 := strconv.ParseUint(string(m[2]), 10, 64)
		second, err2 := strconv.ParseUint(string(m[3]), 10, 64)
		switch {
		case err1 == nil && err2 == nil:
			p.Offset, p.Limit = first, second
		case err1 == nil:
			p.Limit = first
		}
		return p
	}
	if m := countWarnings.FindSubmatch(src); m != nil {
		kind := strings.TrimSuffix(strings.ToLower(string(m[2])), "s")
		return asked([]string{"@@session." + kind + "_count"})
	}
	if asksDiagnostics.Match(src) {
		if p := diagnosesBefore(src); p != nil {
			return p
		}
		return refuse("diagnostics", "this form of GET DIAGNOSTICS of a statement that upstream did not compute is not supported; SHOW WARNINGS is")
	}
	if m := askedOf.FindSubmatch(src); m != nil {
		return asked(strings.Split(string(m[1]), ","))
	}
	return nil
}

// AsksBefore says whether a text could ask about the statement before, in whatever words.
func AsksBefore(src []byte) bool { return len(src) <= 4096 && asksBefore.Match(src) }

// AsksPlainly says whether a query asks about the statement before by items of its select list alone, not within expressions.
func AsksPlainly(src []byte) bool {
	list := selects.ReplaceAllString(string(src), "")
	for item := range strings.SplitSeq(list, ",") {
		if asksBefore.MatchString(item) && !askedItem.MatchString(strings.TrimRight(item, "; \t\r\n")) {
			return false
		}
	}
	return list != string(src)
}

// asked is SELECT of things that the session knows.
func asked(items []string) Plan {
	p := &Split{Asks: true, Text: []Part{{Text: "SELECT "}}}
	for i, item := range items {
		m := askedItem.FindStringSubmatch(item)
		key, name := strings.ToUpper(m[1]), m[2]
		if strings.HasPrefix(key, "@@") {
			key = "@@" + strings.ToLower(strings.TrimPrefix(key[2:], "SESSION."))
		}
		if name == "" {
			name = m[1]
		}
		if i > 0 {
			p.Text = append(p.Text, Part{Text: ", "})
		}
		p.Text = append(p.Text, Part{Kind: PartSession, Text: key}, Part{Text: " AS " + quote(name)})
	}
	return p
}
