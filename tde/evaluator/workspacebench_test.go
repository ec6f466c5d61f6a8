package evaluator

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// clientVars are a client's session.
var clientVars = []Variable{
	{Name: "sql_mode", Value: "'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"}, {Name: "time_zone", Value: "'+02:00'"},
	{Name: "character_set_client", Value: "'utf8mb4'"}, {Name: "character_set_connection", Value: "'utf8mb4'"},
	{Name: "collation_connection", Value: "'utf8mb4_unicode_ci'"}, {Name: "character_set_results", Value: "'utf8mb4'"},
	{Name: "div_precision_increment", Value: "4"}, {Name: "group_concat_max_len", Value: "1024"}, {Name: "sql_select_limit", Value: "DEFAULT"},
	{Name: "timestamp", Value: "1700000000.5"},
}

// BenchmarkWorkspace measures a statement's way through a workspace, and beside it the same query on a table that is there.
func BenchmarkWorkspace(b *testing.B) {
	benchEach(b, func(b *testing.B, e *Evaluator) {
		table := benchTable(b, e)
		for _, rows := range []int{1, 100, 1000, 5000, 100000} {
			b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
				cycle(b, e, table, rows)
				server, own := cpu(b, e.server.pid), cpu(b, os.Getpid())
				for b.Loop() {
					cycle(b, e, table, rows)
				}
				b.ReportMetric(float64(cpu(b, e.server.pid)-server)/float64(b.N)/1e3, "server-cpu-µs/op")
				b.ReportMetric(float64(cpu(b, os.Getpid())-own)/float64(b.N)/1e3, "own-cpu-µs/op")
			})
		}
		b.Run("plain", func(b *testing.B) {
			w := lend(b, e)
			defer w.Release()
			if err := load(w, table, columnsOf(table), benchRow(0)); err != nil {
				b.Fatal(err)
			}
			if err := w.Set(clientVars); err != nil {
				b.Fatal(err)
			}
			if err := w.Use("shop"); err != nil {
				b.Fatal(err)
			}
			server, own := cpu(b, e.server.pid), cpu(b, os.Getpid())
			defer func() {
				b.ReportMetric(float64(cpu(b, e.server.pid)-server)/float64(b.N)/1e3, "server-cpu-µs/op")
				b.ReportMetric(float64(cpu(b, os.Getpid())-own)/float64(b.N)/1e3, "own-cpu-µs/op")
			}()
			for b.Loop() {
				if _, err := w.ask("SELECT id, name, SUM(n) FROM `lines` WHERE name LIKE '%x%' GROUP BY id, name LIMIT 10"); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// cpu is the time that a process has computed, in nanoseconds: what a busy machine changes least.
func cpu(b testing.TB, pid int) (ns int64) {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range threads {
		if text, err := os.ReadFile(path); err == nil {
			var n int64
			if _, err := fmt.Sscan(string(text), &n); err == nil {
				ns += n
			}
		}
	}
	return ns
}

func benchTable(b *testing.B, e *Evaluator) *schema.Table {
	return describe(b, e, "lines", "CREATE TABLE `lines` (id INT PRIMARY KEY, name VARCHAR(40), n INT NOT NULL, price DECIMAL(12,2), d DATE, at TIMESTAMP NULL, note VARCHAR(100), KEY (name))")
}

func benchRow(i int) [][]byte {
	return [][]byte{number(i), fmt.Appendf(nil, "name %d x", i), number(3), []byte("12.50"), []byte("2024-02-29"), []byte("2024-02-29 10:11:12"), []byte("some note about nothing much")}
}

func cycle(b *testing.B, e *Evaluator, table *schema.Table, rows int) {
	w := lend(b, e)
	defer w.Release()
	l, err := w.Load(table, columnsOf(table))
	if err != nil {
		b.Fatal(err)
	}
	for i := range rows {
		if err := l.Row(benchRow(i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Set(clientVars); err != nil {
		b.Fatal(err)
	}
	if err := w.Use("shop"); err != nil {
		b.Fatal(err)
	}
	got, err := w.ask("SELECT id, name, SUM(n) FROM `lines` WHERE name LIKE '%x%' GROUP BY id, name LIMIT 10")
	if err != nil || len(got) != min(rows, 10) {
		b.Fatal(err, len(got))
	}
}
