package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// BenchmarkOneRow asks for one row: directly, through the proxy where upstream does it all, through a kernel, and through the evaluator. The ways
// take turns; medians are printed, since a busy machine spoils means.
func BenchmarkOneRow(b *testing.B) {
	for _, f := range harness.Flavours() {
		b.Run(string(f), func(b *testing.B) { benchmarkOneRow(b, f) })
	}
}

func benchmarkOneRow(b *testing.B, f harness.Flavour) {
	upstream, err := harness.StartServer(f, harness.ServerOptions{Pool: "256M"})
	if err != nil {
		b.Skip(err)
	}
	b.Cleanup(upstream.Remove)
	binary, err := harness.BuildProxy(b.TempDir(), false)
	if err != nil {
		b.Fatal(err)
	}
	p, err := harness.StartProxy(harness.ProxyOptions{Binary: binary, Upstream: upstream.Address, Flavour: f, Encrypt: []string{"sealed"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Remove)
	ways := []*oneRow{
		{name: "direct-text", address: upstream.Address, database: "plain", sql: "SELECT UPPER(c) FROM t WHERE id = %d"},
		{name: "direct-prepared", address: upstream.Address, database: "plain", sql: "SELECT UPPER(c) FROM t WHERE id = ?"},
		{name: "rewritten-prepared", address: p.Address, database: "sealed", sql: "SELECT c FROM t WHERE id = ?"},
		{name: "rewritten-text", address: p.Address, database: "sealed", sql: "SELECT c FROM t WHERE id = %d"},
		{name: "kernel-text", address: p.Address, database: "sealed", sql: "SELECT UPPER(c) FROM t WHERE id = %d"},
		{name: "kernel-prepared", address: p.Address, database: "sealed", sql: "SELECT UPPER(c) FROM t WHERE id = ?"},
		{name: "evaluator-text", address: p.Address, database: "sealed", sql: "SELECT REVERSE(c) FROM t WHERE id = %d"},
		{name: "evaluator-prepared", address: p.Address, database: "sealed", sql: "SELECT REVERSE(c) FROM t WHERE id = ?"},
	}
	filled := map[string]bool{}
	for _, w := range ways {
		w.open(b, upstream, !filled[w.database])
		filled[w.database] = true
	}
	for i := range 50 {
		for _, w := range ways {
			w.ask(b, i)
		}
	}
	for _, w := range ways {
		w.times = w.times[:0]
	}
	n := 0
	for b.Loop() {
		for _, w := range ways {
			w.ask(b, n%1000)
		}
		n++
	}
	for _, w := range ways {
		slices.Sort(w.times)
		b.ReportMetric(float64(w.times[len(w.times)/2].Nanoseconds())/1e3, w.name+"-µs")
	}
}

// oneRow is one way to ask.
type oneRow struct {
	name, address, database, sql string
	conn                         *rawmysql.Conn
	stmt                         *rawmysql.Stmt
	times                        []time.Duration
}

func (w *oneRow) open(b *testing.B, upstream *harness.Server, fill bool) {
	b.Helper()
	if fill {
		if err := upstream.Exec("CREATE DATABASE " + w.database); err != nil {
			b.Fatal(err)
		}
	}
	var err error
	if w.conn, err = rawmysql.Dial(rawmysql.Config{Address: w.address, Database: w.database}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { w.conn.Close() })
	if fill {
		if err := w.conn.Exec("CREATE TABLE t (id INT PRIMARY KEY, c VARCHAR(120) COLLATE utf8mb4_general_ci)"); err != nil {
			b.Fatal(err)
		}
		for i := range 1000 {
			if err := w.conn.Exec(fmt.Sprintf("INSERT INTO t VALUES (%d, 'some words of row %d that are neither many nor few')", i, i)); err != nil {
				b.Fatal(err)
			}
		}
	}
	if w.sql[len(w.sql)-1] == '?' {
		if w.stmt, err = w.conn.Prepare(w.sql); err != nil {
			b.Fatal(err)
		}
	}
}

func (w *oneRow) ask(b *testing.B, id int) {
	b.Helper()
	begun := time.Now()
	var r []*rawmysql.Result
	var err error
	if w.stmt != nil {
		r, err = w.stmt.Execute(rawmysql.Int(int64(id)))
	} else {
		r, err = w.conn.Query(fmt.Sprintf(w.sql, id))
	}
	if err != nil || r[0].Err != nil || len(r[0].Rows) != 1 {
		b.Fatal(w.name, err, r)
	}
	w.times = append(w.times, time.Since(begun))
}
