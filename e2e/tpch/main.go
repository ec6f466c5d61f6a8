// Command tpch runs the 22 queries of TPC-H on plaintext tables directly and on encrypted ones through the proxy, over one server, in
// turns; it compares each answer and prints the times and their ratios.
//
//	go run ./e2e/tpch [-server mariadb|mysql] [-share 0.05] [-rounds 3] [-write] [QUERY…]
//
// Data, tables and queries are those of github.com/pingcap/go-tpc, at the version of e2e/tpch/dbgen/go.mod.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// options are the command line.
type options struct {
	server  harness.Flavour
	share   float64
	rounds  int
	write   bool
	timeout time.Duration
	queries []int
}

func main() {
	o := options{}
	server := flag.String("server", "mariadb", "mariadb or mysql (TDEPROXY_TEST_MYSQLD names its mysqld)")
	flag.Float64Var(&o.share, "share", 0.05, "of the rows of scale 1")
	flag.IntVar(&o.rounds, "rounds", 3, "times that each query runs each way; the fastest counts")
	flag.BoolVar(&o.write, "write", false, "put the table into docs/benchmarks.md, too")
	flag.DurationVar(&o.timeout, "timeout", 5*time.Minute, "for one query")
	flag.Parse()
	o.server = harness.Flavour(*server)
	err := o.names(flag.Args())
	if err == nil {
		err = run(&o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tpch:", err)
		os.Exit(1)
	}
}

func (o *options) names(args []string) error {
	for _, a := range args {
		n, err := strconv.Atoi(a)
		if err != nil || n < 1 || n > 22 {
			return fmt.Errorf("%q is no query of TPC-H", a)
		}
		o.queries = append(o.queries, n)
	}
	for n := 1; len(args) == 0 && n <= 22; n++ {
		o.queries = append(o.queries, n)
	}
	return nil
}

// sealedColumns have order tokens: those that queries ask for ranges of.
const sealedColumns = "[[column]]\nname = \"sealed.lineitem.L_SHIPDATE\"\nindex = \"range\"\n" +
	"[[column]]\nname = \"sealed.orders.O_ORDERDATE\"\nindex = \"range\"\n"

// pool is a buffer pool that holds the tables of both ways: at scale 1 the plain ones take 2.4 GB, the encrypted ones 13 GB.
func pool(share float64) string { return fmt.Sprintf("%dM", 512+int(share*20_000)) }

// ways are the two that are compared.
type ways struct{ plain, sealed *rawmysql.Conn }

func run(o *options) error {
	src, err := source()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tpch")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := src.generate(o.share, dir); err != nil {
		return err
	}
	upstream, err := harness.StartServer(o.server, harness.ServerOptions{Pool: pool(o.share)})
	if err != nil {
		return err
	}
	defer upstream.Remove()
	binary := os.Getenv(harness.BinaryEnv)
	if binary == "" {
		if binary, err = harness.BuildProxy(dir, false); err != nil {
			return err
		}
	}
	p, err := harness.StartProxy(harness.ProxyOptions{Binary: binary, Upstream: upstream.Address, Flavour: o.server, Encrypt: []string{"sealed"}, Extra: sealedColumns})
	if err != nil {
		return err
	}
	defer p.Remove()
	w, err := connect(o, upstream, p)
	if err != nil {
		return err
	}
	for _, c := range []*rawmysql.Conn{w.plain, w.sealed} {
		if err := src.fill(c, dir); err != nil {
			return err
		}
	}
	var results []result
	for _, n := range o.queries {
		r := w.measure(n, src.queries[n], o.rounds)
		fmt.Println(r.line())
		results = append(results, r)
	}
	return report(o, upstream, results)
}

func connect(o *options, upstream *harness.Server, p *harness.Proxy) (w ways, err error) {
	if err = upstream.Exec("CREATE DATABASE plain", "CREATE DATABASE sealed"); err != nil {
		return w, err
	}
	if w.plain, err = rawmysql.Dial(rawmysql.Config{Address: upstream.Address, Database: "plain", Timeout: o.timeout}); err != nil {
		return w, err
	}
	w.sealed, err = rawmysql.Dial(rawmysql.Config{Address: p.Address, Database: "sealed", Timeout: o.timeout})
	return w, err
}

// result is what came of a query.
type result struct {
	query         int
	plain, sealed time.Duration // the fastest
	rows          int
	wrong         string // how the answers differ, or the error
}

// measure runs a query each way in turns.
func (w *ways) measure(n int, sql string, rounds int) result {
	r := result{query: n}
	for range rounds {
		plain, took, err := ask(w.plain, sql)
		if err != nil {
			r.wrong = "plain: " + err.Error()
			return r
		}
		if r.plain == 0 || took < r.plain {
			r.plain = took
		}
		sealed, took, err := ask(w.sealed, sql)
		if err != nil {
			r.wrong = err.Error()
			return r
		}
		if r.sealed == 0 || took < r.sealed {
			r.sealed = took
		}
		if r.rows = len(plain); !slices.Equal(plain, sealed) {
			r.wrong = "the answers differ"
			return r
		}
	}
	return r
}

// ask gives a query's rows, each as one text, sorted: what ORDER BY leaves open is no difference.
func ask(c *rawmysql.Conn, sql string) (rows []string, took time.Duration, err error) {
	begun := time.Now()
	results, err := c.Query(sql)
	took = time.Since(begun)
	if err != nil {
		return nil, took, err
	}
	for _, r := range results {
		if r.Err != nil {
			return nil, took, r.Err
		}
		for _, row := range r.Rows {
			rows = append(rows, fmt.Sprintf("%q", row))
		}
	}
	slices.Sort(rows)
	return rows, took, nil
}

func dataFile(dir, table string) string { return filepath.Join(dir, table+".csv") }
