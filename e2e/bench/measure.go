package main

import (
	"fmt"
	"os"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// measure fills a database for each way and runs the loads, interleaved.
func (b *bench) measure() error {
	for i, w := range b.ways {
		if w.err != nil {
			continue
		}
		database := fmt.Sprintf("bench_%d", i)
		if err := b.server.Exec("CREATE DATABASE " + database); err != nil {
			return err
		}
		w.base = harness.Sysbench{Address: w.address, Database: database, Rows: b.rows, Seconds: b.seconds, PSMode: "auto"}
		fmt.Fprintf(os.Stderr, "filling a table through: %s\n", w.name)
		if out, err := w.base.Prepare(); err != nil {
			w.err = fmt.Errorf("sysbench prepare: %w\n%s", err, out)
			fmt.Fprintln(os.Stderr, w.name, w.err)
		}
	}
	total := len(b.loads) * len(b.threads) * b.rounds
	begun, n := time.Now(), 0
	for _, l := range b.loads {
		for _, threads := range b.threads {
			for round := range b.rounds {
				b.round(l, threads)
				n++
				left := time.Since(begun) / time.Duration(n) * time.Duration(total-n)
				fmt.Fprintf(os.Stderr, "%3d of %d  %s, %d threads, round %d; %s left\n", n, total, l.name, threads, round+1, left.Round(time.Second))
			}
		}
	}
	return nil
}

// round runs one load once on each way. A way that fails is left out from
// then on, and the report says so.
func (b *bench) round(l load, threads int) {
	for _, w := range b.ways {
		if w.err != nil {
			continue
		}
		s := w.base
		s.Threads, s.PSMode = threads, l.psMode
		r, err := s.Run(l.script)
		if err == nil && (r.Errors > 0 || r.Reconnects > 0) {
			err = fmt.Errorf("%s: %d errors, %d reconnects", l.name, r.Errors, r.Reconnects)
		}
		if err != nil {
			w.err = err
			fmt.Fprintf(os.Stderr, "%s: %v\n", w.name, err)
			continue
		}
		k := key{l.name, w.name, threads}
		b.results[k] = append(b.results[k], r.TPS)
	}
}

// streamed is what one big result through a way cost.
type streamed struct {
	way     string
	seconds float64
	growth  int64 // bytes of resident memory, at the peak, over before
	known   bool  // growth was measured
	err     error
}

func (b *bench) streamAll() []streamed {
	var all []streamed
	for _, w := range b.ways {
		if w.err != nil {
			continue
		}
		fmt.Fprintf(os.Stderr, "streaming %d MiB: %s\n", b.bigMiB, w.name)
		s, err := b.stream(w)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", w.name, err)
			s.err = err
		}
		all = append(all, s)
	}
	return all
}

// rowSize is the length of one row of the big result.
const rowSize = 1 << 20

// bigResult makes up to 10,000 rows without reading a table.
const bigResult = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT REPEAT('x', %d) FROM n a JOIN n b LIMIT %d"

func (b *bench) stream(w *way) (streamed, error) {
	s := streamed{way: w.name}
	c, err := rawmysql.Dial(rawmysql.Config{Address: w.address, Timeout: 5 * time.Minute})
	if err != nil {
		return s, err
	}
	defer c.Close()
	var before int64
	if s.known = w.pid > 0 && w.pid != os.Getpid(); s.known {
		// 5 resets the kernel's note of the highest resident size.
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", w.pid), []byte("5"), 0); err != nil {
			return s, err
		}
		if before, err = harness.RSS(w.pid); err != nil {
			return s, err
		}
	}
	var bytes int
	begun := time.Now()
	r, err := c.QueryFunc(fmt.Sprintf(bigResult, rowSize-4, b.bigMiB),
		func(row []byte) { bytes += len(row) })
	s.seconds = time.Since(begun).Seconds()
	if err == nil && r[0].Err != nil {
		err = r[0].Err
	}
	if err == nil && bytes != b.bigMiB*rowSize {
		err = fmt.Errorf("%d bytes came, want %d", bytes, b.bigMiB*rowSize)
	}
	if err != nil || !s.known {
		return s, err
	}
	peak, err := harness.PeakRSS(w.pid)
	s.growth = peak - before
	return s, err
}
