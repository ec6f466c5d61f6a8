package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// report prints all tables as Markdown.
func (b *bench) report(stream []streamed) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s, %s, %d cores (%s), %s; %d rows, medians of %d interleaved rounds of %d s.\nTransactions a second; in parentheses the ratio to direct.\n",
		b.version(), time.Now().Format("2006-01-02"), runtime.NumCPU(), cpuModel(), runtime.Version(), b.rows, b.rounds, b.seconds)
	for _, l := range b.loads {
		fmt.Fprintf(&s, "\n### %s\n\n| threads |", l.name)
		for _, w := range b.ways {
			fmt.Fprintf(&s, " %s |", w.name)
		}
		s.WriteString("\n|---|" + strings.Repeat("---|", len(b.ways)) + "\n")
		for _, threads := range b.threads {
			b.line(&s, l, threads)
		}
	}
	for _, w := range b.ways {
		if w.err != nil {
			fmt.Fprintf(&s, "\nNot measured to the end: %s: %.300s\n", w.name, firstLine(w.err))
		}
	}
	if len(stream) > 0 {
		b.streamTable(&s, stream)
	}
	return s.String()
}

func (b *bench) line(s *strings.Builder, l load, threads int) {
	fmt.Fprintf(s, "| %d |", threads)
	direct := median(b.results[key{l.name, "direct", threads}])
	for _, w := range b.ways {
		tps := median(b.results[key{l.name, w.name, threads}])
		switch {
		case tps == 0:
			s.WriteString(" – |")
		case w.name == "direct":
			fmt.Fprintf(s, " %.0f |", tps)
		default:
			fmt.Fprintf(s, " %.0f (%.2f) |", tps, tps/direct)
		}
	}
	s.WriteString("\n")
}

func (b *bench) streamTable(s *strings.Builder, stream []streamed) {
	fmt.Fprintf(s, "\n### one result of %d MiB\n\n| way | MiB/s | growth of resident memory |\n|---|---|---|\n", b.bigMiB)
	for _, r := range stream {
		if r.err != nil {
			fmt.Fprintf(s, "| %s | – | %s |\n", r.way, firstLine(r.err))
			continue
		}
		growth := "–"
		if r.known {
			growth = fmt.Sprintf("%.1f MiB", float64(r.growth)/(1<<20))
		}
		fmt.Fprintf(s, "| %s | %.0f | %s |\n", r.way, float64(b.bigMiB)/r.seconds, growth)
	}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func (b *bench) version() string {
	c, err := b.server.Connect(rawmysql.Config{})
	if err != nil {
		return string(b.options.server)
	}
	defer c.Close()
	r, err := c.Query("SELECT @@version")
	if err != nil || r[0].Err != nil {
		return string(b.options.server)
	}
	name := map[bool]string{true: "MariaDB ", false: "MySQL "}[b.options.server == "mariadb"]
	return name + string(r[0].Rows[0][0])
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// writeDocument replaces the part between this server's markers.
func writeDocument(path, server, report string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := fmt.Sprintf("<!-- bench %s -->\n", server), fmt.Sprintf("<!-- end %s -->", server)
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no markers %q and %q", path, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(path, []byte(head+begin+report+end+tail), 0o644)
}
