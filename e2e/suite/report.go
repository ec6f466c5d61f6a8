package suite

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
)

// Folder is where Debian's package mariadb-test has the suite's tests.
const Folder = "/usr/share/mysql/mysql-test/main"

// ReadKnown reads a file of "place reason" lines; # starts a comment.
func ReadKnown(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	known := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			place, reason, _ := strings.Cut(line, " ")
			known[place] = cmp.Or(strings.TrimSpace(reason), "two plain servers differ")
		}
	}
	return known, lines.Err()
}

// Report is the results as Markdown.
func Report(results []*Result) string {
	var b strings.Builder
	all := Total(results)
	fmt.Fprintf(&b, "%d files, %d statements; %d more were left out (below).\n\n", len(results), all.Sum().Total, sum(all.Skipped))
	table(&b, "Statements", kindRows(all))
	table(&b, "SELECTs of files", groupRows(results))
	for _, kind := range Kinds() {
		if all.Kinds[kind] != nil {
			counts(&b, fmt.Sprintf("What differs, %s", kind), all.Kinds[kind].What, len(all.Kinds[kind].What))
		}
	}
	counts(&b, "SELECTs with wrong rows", wrong(results), 100)
	for _, kind := range Kinds() {
		counts(&b, fmt.Sprintf("Why refused, %s", kind), refusals(results, kind), mostReasons)
	}
	counts(&b, "Left out", all.Skipped, len(all.Skipped))
	counts(&b, "Files that ended early", notes(results), len(results))
	return b.String()
}

// mostReasons of refusals that a table lists.
const mostReasons = 30

type row struct {
	name  string
	tally *Tally
}

func kindRows(all *Result) []row {
	var rows []row
	for _, k := range Kinds() {
		rows = append(rows, row{string(k), all.Sum(k)})
	}
	return append(rows, row{"all", all.Sum()})
}

// leastFiles that share the first word of their names have a line of their own.
const leastFiles = 5

// groupRows adds SELECTs up by the first word of files' names, or by letter.
func groupRows(results []*Result) []row {
	files := map[string]int{}
	for _, r := range results {
		files[prefix(r.File)]++
	}
	groups := map[string]*Tally{}
	for _, r := range results {
		name := prefix(r.File)
		if files[name] < leastFiles {
			name = name[:1] + "…"
		}
		if groups[name] == nil {
			groups[name] = &Tally{}
		}
		groups[name].Add(r.Sum(Select))
	}
	var rows []row
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		rows = append(rows, row{name, groups[name]})
	}
	return rows
}

func prefix(file string) string {
	end := strings.IndexFunc(file, func(r rune) bool { return r < 'A' || r == '_' || r > 'z' })
	return file[:max(end, 1)]
}

func table(b *strings.Builder, title string, rows []row) {
	fmt.Fprintf(b, "| %s | run | same | of these, failing | of these, by plan | refused | different | rows wrong | same, %% |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n", title)
	for _, r := range rows {
		t := r.tally
		if t.Total > 0 {
			fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d | %d | %.1f |\n", r.name, t.Total, t.Same, t.Failing, t.ByPlan, t.Refused, t.Different, t.What[differ.Rows], 100*float64(t.Same)/float64(t.Total))
		}
	}
	b.WriteByte('\n')
}

// counts prints the largest of named numbers.
func counts(b *strings.Builder, title string, numbers map[string]int, most int) {
	if len(numbers) == 0 {
		return
	}
	names := slices.SortedFunc(maps.Keys(numbers), func(x, y string) int {
		return cmp.Or(numbers[y]-numbers[x], strings.Compare(x, y))
	})
	fmt.Fprintf(b, "| %s | statements |\n|---|--:|\n", title)
	rest := 0
	for i, name := range names {
		if i < most {
			fmt.Fprintf(b, "| %s | %d |\n", strings.ReplaceAll(name, "|", `\|`), numbers[name])
			continue
		}
		rest += numbers[name]
	}
	if rest > 0 {
		fmt.Fprintf(b, "| %d others | %d |\n", len(names)-most, rest)
	}
	b.WriteByte('\n')
}

func refusals(results []*Result, kind Kind) map[string]int {
	reasons := map[string]int{}
	for _, r := range results {
		for _, c := range r.Cases {
			if c.Refusal != "" && c.Kind == kind {
				reasons[c.Refusal]++
			}
		}
	}
	return reasons
}

// wrong lists the files whose SELECTs gave other rows.
func wrong(results []*Result) map[string]int {
	files := map[string]int{}
	for _, r := range results {
		if n := r.Sum(Select).What[differ.Rows]; n > 0 {
			files[r.File] = n
		}
	}
	return files
}

func notes(results []*Result) map[string]int {
	all := map[string]int{}
	for _, r := range results {
		if r.Note != "" {
			all[r.File+": "+r.Note] = r.Skipped[givenUp]
		}
	}
	return all
}

func sum(numbers map[string]int) int {
	n := 0
	for _, v := range numbers {
		n += v
	}
	return n
}
