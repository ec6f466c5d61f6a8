package harness

import (
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strconv"
)

// Sysbench is one table of sysbench's OLTP loads and how to run them.
type Sysbench struct {
	Address   string // host:port
	Database  string
	Rows      int
	Threads   int
	Seconds   int
	PSMode    string // --db-ps-mode: disable or auto
	Secondary bool   // let prepare send CREATE INDEX
	Tables    int    // 1 when 0
}

// SysbenchResult is what a run printed.
type SysbenchResult struct {
	TPS        float64
	Errors     int
	Reconnects int
	P95        float64 // milliseconds
	Output     string
}

func (s Sysbench) command(load, verb string) *exec.Cmd {
	host, port, _ := net.SplitHostPort(s.Address)
	secondary := "off"
	if s.Secondary {
		secondary = "on"
	}
	return exec.Command("sysbench", load, "--mysql-host="+host, "--mysql-port="+port, "--mysql-user=root", "--mysql-db="+s.Database,
		"--mysql-ssl=off", "--tables="+strconv.Itoa(max(s.Tables, 1)), "--table-size="+strconv.Itoa(s.Rows), "--threads="+strconv.Itoa(s.Threads),
		"--time="+strconv.Itoa(s.Seconds), "--db-ps-mode="+s.PSMode, "--create_secondary="+secondary, verb)
}

// Prepare creates and fills the tables.
func (s Sysbench) Prepare() (string, error) {
	s.Threads = 1
	out, err := s.command("oltp_point_select", "prepare").CombinedOutput()
	return string(out), err
}

// Run runs a load, for example oltp_insert.
func (s Sysbench) Run(load string) (SysbenchResult, error) {
	out, err := s.command(load, "run").CombinedOutput()
	r := SysbenchResult{Output: string(out)}
	if err != nil {
		return r, fmt.Errorf("sysbench %s: %w\n%s", load, err, lastLines(r.Output, 12))
	}
	values := make([]float64, len(sysbenchLines))
	for i, re := range sysbenchLines {
		m := re.FindStringSubmatch(r.Output)
		if m == nil {
			return r, fmt.Errorf("sysbench %s: no %q in its output\n%s", load, re, r.Output)
		}
		if values[i], err = strconv.ParseFloat(m[1], 64); err != nil {
			return r, err
		}
	}
	r.TPS, r.Errors, r.Reconnects, r.P95 = values[0], int(values[1]), int(values[2]), values[3]
	return r, nil
}

// sysbenchLines find tps, errors, reconnects and the 95th percentile.
var sysbenchLines = []*regexp.Regexp{
	regexp.MustCompile(`transactions: +\d+ +\(([\d.]+) per sec`),
	regexp.MustCompile(`ignored errors: +(\d+)`),
	regexp.MustCompile(`reconnects: +(\d+)`),
	regexp.MustCompile(`95th percentile: +([\d.]+)`),
}
