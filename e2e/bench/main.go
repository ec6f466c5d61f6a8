// Command bench compares ways to a server: direct, HAProxy in TCP mode, a bare
// byte-copying forwarder, the proxy with nothing encrypted, and the proxy with
// everything encrypted. One run interleaves all ways, round by round, so that
// a noisy machine is noisy for all; medians of the rounds are printed.
//
//	go run ./e2e/bench [-write] [-server mariadb|mysql] [-seconds 3] [-rounds 3]
//
// It needs sysbench and haproxy (Debian's packages) and ends by itself.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// options are the command line.
type options struct {
	server  harness.Flavour
	seconds int // of one sysbench run
	rounds  int
	rows    int
	threads []int
	loads   []load
	bigMiB  int // size of the streamed result
	write   string
}

// load is one column group of the table.
type load struct {
	name, script, psMode string
}

// allLoads are the loads by the names that -loads takes.
var allLoads = []load{
	{"point select (prepared)", "oltp_point_select", "auto"},
	{"point select (text)", "oltp_point_select", "disable"},
	{"insert", "oltp_insert", "auto"},
	{"update non-index", "oltp_update_non_index", "auto"},
	{"delete", "oltp_delete", "auto"},
}

func main() {
	o, err := parse()
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse() (options, error) {
	server := flag.String("server", "mariadb", "mariadb or mysql (TDEPROXY_TEST_MYSQLD names its mysqld)")
	seconds := flag.Int("seconds", 3, "length of one sysbench run")
	rounds := flag.Int("rounds", 3, "how often each way runs each load")
	rows := flag.Int("rows", 100_000, "rows of the table")
	threads := flag.String("threads", "1,4,16", "client threads, comma separated")
	big := flag.Int("big", 2048, "MiB of the streamed result, 0 for none")
	only := flag.String("loads", "", "only loads whose name contains this")
	write := flag.Bool("write", false, "put the tables into docs/benchmarks.md, too")
	flag.Parse()
	o := options{server: harness.Flavour(*server), seconds: *seconds, rounds: *rounds, rows: *rows, bigMiB: *big}
	if flag.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	for s := range strings.SplitSeq(*threads, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-threads: %q is no number of threads", s)
		}
		o.threads = append(o.threads, n)
	}
	for _, l := range allLoads {
		if strings.Contains(l.name, *only) {
			o.loads = append(o.loads, l)
		}
	}
	if *write {
		o.write = "docs/benchmarks.md"
	}
	return o, nil
}

func run(o options) error {
	for _, tool := range []string{"sysbench", "haproxy"} {
		if _, err := harness.Tool(tool); err != nil {
			return fmt.Errorf("%w (apt-get install %s)", err, tool)
		}
	}
	b, err := start(o)
	if err != nil {
		return err
	}
	defer b.stop()
	if err := b.measure(); err != nil {
		return err
	}
	var stream []streamed
	if o.bigMiB > 0 {
		stream = b.streamAll()
	}
	report := b.report(stream)
	fmt.Print("\n", report)
	if o.write == "" {
		return nil
	}
	return writeDocument(o.write, string(o.server), report)
}
