package suite

import (
	"regexp"
	"slices"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/mysqltest"
)

// described are differences of what is said of columns, and of nothing else.
var described = []string{differ.Types, differ.Metadata, differ.KeyFlag}

var (
	// selects finds the SELECT that a statement begins with.
	selects = regexp.MustCompile(`(?i)^\s*select\b`)
	// unrepeatable is what a query changes, or would give otherwise the next time.
	unrepeatable = regexp.MustCompile(`(?i):=|\binto\b|\bnextval\b|\bnext\s+value\b|\bsetval\b|\blast_insert_id\b|_lock\s*\(|\brand\s*\(|\bprocedure\b|;`)
)

// byPlan says whether answers that tell the same rows of other columns are both a plain server's: what is said of columns (NOT NULL and
// key flags, lengths, the original name) depends on where the server's plan has a temporary table, and options of SELECT
// give it another plan. The one side's answer must be, in all that it says, the other's with such an option.
func (f *fileRun) byPlan(s mysqltest.Step, plain, proxy answer, details []differ.Detail) bool {
	if KindOf(s.SQL) != Select || !selects.MatchString(s.SQL) || unrepeatable.MatchString(s.SQL) {
		return false
	}
	if slices.ContainsFunc(details, func(d differ.Detail) bool { return !slices.Contains(described, d.What) }) {
		return false
	}
	at := selects.FindStringIndex(s.SQL)[1]
	return slices.ContainsFunc(planned, func(option string) bool {
		sql := s.SQL[:at] + " " + option + s.SQL[at:]
		return len(compare(s, f.plain.run(s.Conn, sql, f.options.Mode), proxy, false)) == 0 ||
			len(compare(s, plain, f.proxy.run(s.Conn, sql, f.options.Mode), false)) == 0
	})
}

// planned are options of SELECT that give a query a temporary table, for its result or its groups, or none for these.
var planned = []string{"SQL_BUFFER_RESULT", "SQL_SMALL_RESULT", "SQL_BIG_RESULT"}
