package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

func (r *result) ratio() float64 { return r.sealed.Seconds() / r.plain.Seconds() }

// line is the result as a row of the table.
func (r *result) line() string {
	if r.wrong != "" {
		return fmt.Sprintf("| %d | %.3f | | | %s |", r.query, r.plain.Seconds(), r.wrong)
	}
	return fmt.Sprintf("| %d | %.3f | %.3f | %.2f | %d, equal |", r.query, r.plain.Seconds(), r.sealed.Seconds(), r.ratio(), r.rows)
}

// report prints the table, and puts it into the document.
func report(o *options, upstream *harness.Server, results []result) error {
	c, err := upstream.Connect(rawmysql.Config{})
	if err != nil {
		return err
	}
	defer c.Close()
	version, err := c.Query("SELECT VERSION()")
	if err != nil {
		return err
	}
	var b strings.Builder
	name := map[harness.Flavour]string{"mariadb": "MariaDB", "mysql": "MySQL"}[o.server]
	fmt.Fprintf(&b, "%s %s, %s, %d cores, %s; %g of the rows of scale 1, the fastest of %d interleaved rounds.\n\n", name, version[0].Rows[0][0],
		time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), o.share, o.rounds)
	b.WriteString("| query | plain, s | encrypted, s | ratio | rows |\n|---|---|---|---|---|\n")
	var ratios []float64
	wrong := 0
	for i := range results {
		b.WriteString(results[i].line() + "\n")
		if results[i].wrong != "" {
			wrong++
			continue
		}
		ratios = append(ratios, results[i].ratio())
	}
	slices.Sort(ratios)
	if len(ratios) > 0 {
		fmt.Fprintf(&b, "\nMedian ratio %.2f of %d queries.\n", (ratios[(len(ratios)-1)/2]+ratios[len(ratios)/2])/2, len(ratios))
	}
	fmt.Print("\n", b.String())
	if o.write {
		err = writeDocument(string(o.server), b.String())
	}
	if wrong > 0 {
		err = errors.Join(err, fmt.Errorf("%d queries have not been answered as on plaintext", wrong))
	}
	return err
}

// writeDocument puts the table between its marks.
func writeDocument(server, table string) error {
	const path = "docs/benchmarks.md"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := fmt.Sprintf("<!-- tpch %s -->\n", server), fmt.Sprintf("<!-- end tpch %s -->", server)
	head, rest, ok1 := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no marks for %s", path, server)
	}
	return os.WriteFile(path, []byte(head+begin+table+end+tail), 0o644)
}
