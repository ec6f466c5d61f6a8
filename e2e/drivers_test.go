package e2e_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/matrix"
)

// driversTable names a file that TestDrivers writes its table into.
const driversTable = "TDEPROXY_DRIVERS_TABLE"

// TestDrivers has each driver do the same work over a plain server and, through the proxy, over encrypted tables: all that it
// prints must be the same, and upstream has no canary of it.
func TestDrivers(t *testing.T) {
	table := newDriverTable()
	if path := os.Getenv(driversTable); path != "" {
		t.Cleanup(func() { must(t, os.WriteFile(path, []byte(table.String()), 0o644)) })
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := driverStage(t, f)
		dir := t.TempDir()
		must(t, matrix.Prepare(dir))
		for _, d := range matrix.Drivers() {
			if !d.Runs(f) {
				continue
			}
			t.Run(d.Title(), func(t *testing.T) { compareDriver(t, s, d, dir, table) })
		}
		searchDriverStage(t, s)
		s.healthy(t)
	})
}

// driverStage is a stage of its own, without a tap: what is logged here is a gigabyte, which the canary tests would search, too.
func driverStage(t *testing.T, f harness.Flavour) *stage {
	t.Helper()
	s := &stage{flavour: f, plain: plainServer(t, f)}
	var err error
	s.upstream, err = harness.StartServer(f, harness.ServerOptions{Logs: true})
	must(t, err)
	t.Cleanup(s.upstream.Remove)
	o := harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.upstream.Address, Flavour: f, Encrypt: []string{"*"}}
	if os.Getenv(noEncryption) != "" {
		o.Encrypt, o.Evaluator = nil, "off"
	}
	s.proxy, err = harness.StartProxy(o)
	must(t, err)
	t.Cleanup(s.proxy.Remove)
	return s
}

// searchDriverStage looks for what drivers wrote in upstream's files and logs, and in the proxy's log.
func searchDriverStage(t *testing.T, s *stage) {
	t.Helper()
	found, err := harness.Evidence{Server: s.upstream, Logs: []string{s.proxy.Log}}.Search(matrix.Needles())
	must(t, err)
	t.Logf("%d files of %d MiB searched", found.Files, found.Bytes>>20)
	if len(found.Hits) > 0 {
		t.Errorf("what drivers wrote reached upstream: %d places\n%s", len(found.Hits), found.Report(12))
	}
}

func compareDriver(t *testing.T, s *stage, d matrix.Driver, dir string, table *driverTable) {
	database := s.database(t, "matrix")
	var out [2]matrix.Output
	for i, side := range []struct{ address, ca string }{
		{s.plain.Address, s.plain.Certs.CA}, {s.proxy.Address, filepath.Join(s.proxy.Dir, "certs", "ca.pem")},
	} {
		must(t, driverAccount(s, i))
		_, port, err := net.SplitHostPort(side.address)
		must(t, err)
		number, err := strconv.Atoi(port)
		must(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		out[i], err = d.Run(ctx, &matrix.Job{Port: number, User: "matrix_user", Password: "a password", Database: database, CA: side.ca, Dir: dir})
		if err != nil {
			missingDriver(t, s, err)
		}
	}
	if steps := strings.Count("\n"+strings.Join(out[0].Lines, "\n"), "\n> "); steps != matrix.Steps() {
		t.Errorf("%d of %d steps were done", steps, matrix.Steps())
	}
	differences := matrix.Compare(out[0].Lines, out[1].Lines)
	table.result(d, s.flavour, out[0], len(differences))
	for _, line := range differences {
		t.Error(line)
	}
}

// missingDriver skips where a driver is not installed; a program that ran and failed fails the test.
func missingDriver(t *testing.T, s *stage, err error) {
	t.Helper()
	s.healthy(t)
	if matrix.NotInstalled(err) {
		missing(t, err)
	}
	t.Fatal(err)
}

// driverAccount makes the account that drivers log in as on one side's server.
func driverAccount(s *stage, side int) error {
	server := []*harness.Server{s.plain, s.upstream}[side]
	return server.Exec("CREATE USER IF NOT EXISTS matrix_user@'%' IDENTIFIED BY 'a password'", "GRANT ALL ON *.* TO matrix_user@'%'")
}

// driverTable is docs/drivers.md.
type driverTable struct {
	mu   sync.Mutex // both makes of server write
	rows map[string]*driverRow
}

type driverRow struct {
	version string
	results map[harness.Flavour]string
}

// newDriverTable has all drivers failed, until they have a result.
func newDriverTable() *driverTable {
	d := &driverTable{rows: map[string]*driverRow{}}
	for _, driver := range matrix.Drivers() {
		row := &driverRow{results: map[harness.Flavour]string{}}
		for _, f := range harness.Flavours() {
			row.results[f] = "failed"
			if !driver.Runs(f) {
				row.results[f] = "cannot log in"
			}
		}
		d.rows[driver.Title()] = row
	}
	return d
}

func (d *driverTable) result(driver matrix.Driver, f harness.Flavour, plain matrix.Output, differences int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	row := d.rows[driver.Title()]
	row.version = plain.Version
	row.results[f] = fmt.Sprintf("%d lines, the same", len(plain.Lines))
	if differences > 0 {
		row.results[f] = fmt.Sprintf("%d lines, **%d differ**", len(plain.Lines), differences)
	}
}

// String is the document.
func (d *driverTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Drivers

Each driver does the same work of %d steps over TLS, with the server's certificate and name verified: once on a plain server, once through
the proxy over encrypted tables. All that it prints is compared: values with their types in the driver's language, result metadata,
counts, ids, warnings, errors with code and SQLSTATE. The work ([work.txt](../e2e/matrix/work.txt)) has all column types with NULLs and edge values,
transactions, batches, results row by row, LOAD DATA LOCAL INFILE, values of up to 5 MB, and errors. MariaDB is 10.11, MySQL 9.7.
Afterwards, none of the canaries among the values is in upstream's files, logs and binlogs.

The consoles get the work as one script; MySQL's has no login for MariaDB's accounts with a password. One thing that MariaDB's console
prints with --column-type-info is not compared: "format=json", of MariaDB's extended metadata, which the proxy does not offer.

Dumps have tests of their own ([dump_test.go](../e2e/dump_test.go), [mydumper_test.go](../e2e/mydumper_test.go)): those that mariadb-dump, MySQL's
mysqldump and mydumper write through the proxy load through the proxy, encrypted again, and into a plain server, with the same rows; one
written past the proxy is ciphertext, and reads through a proxy with the same keyring in front of another server. mydumper's loader fills
tables in no order, so tables with foreign keys do not load through the proxy.

This table is made by `+"`make drivers`"+`.

| Driver | Mode | Version | MariaDB | MySQL |
|---|---|---|---|---|
`, matrix.Steps())
	for _, driver := range matrix.Drivers() {
		row := d.rows[driver.Title()]
		mode := driver.Mode
		if driver.Compress {
			mode += ", compressed"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", driver.Name, mode, row.version, row.results[harness.MariaDB], row.results[harness.MySQL])
	}
	return b.String()
}
