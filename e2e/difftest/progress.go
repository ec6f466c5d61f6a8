package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/suite"
)

// progress is a bar on a terminal, and a line for each file elsewhere.
type progress struct {
	files, ended      int
	statements, wrong int
	terminal          bool
	start             time.Time
}

func newProgress(files int) *progress {
	info, err := os.Stderr.Stat()
	return &progress{files: files, start: time.Now(), terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// barWidth in characters.
const barWidth = 30

func (p *progress) done(r *suite.Result, verbose bool) {
	p.ended++
	sum := r.Sum()
	p.statements += sum.Total
	p.wrong += sum.What[differ.Rows]
	if verbose {
		p.clear()
		printCases(r)
	}
	if !p.terminal {
		fmt.Fprintf(os.Stderr, "%3d/%d %-40s %s in %.1f s %s\n", p.ended, p.files, r.File, summary(sum), r.Seconds, r.Note)
		return
	}
	full := barWidth * p.ended / p.files
	left := time.Duration(0)
	if p.ended > 0 {
		left = time.Since(p.start) / time.Duration(p.ended) * time.Duration(p.files-p.ended)
	}
	fmt.Fprintf(os.Stderr, "\r[%s%s] %d/%d files, %d statements, %d with wrong rows, %s left \x1b[K", strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
		p.ended, p.files, p.statements, p.wrong, left.Round(time.Second))
}

func summary(t *suite.Tally) string {
	return fmt.Sprintf("%d same, %d refused, %d different of %d", t.Same, t.Refused, t.Different, t.Total)
}

func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}

func (p *progress) end() {
	if p.terminal {
		fmt.Fprintln(os.Stderr)
	}
}

func printCases(r *suite.Result) {
	for _, c := range r.Cases {
		if c.What == "" {
			continue
		}
		after := ""
		if c.After != "" {
			after = " (after " + c.After + ")"
		}
		fmt.Printf("%s: %s%s: %s\n    %s\n", c.Place, c.What, after, c.SQL, strings.Join(c.Details, "\n    "))
	}
}
