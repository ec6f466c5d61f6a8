package e2e_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/matrix"
)

// driversTable names a file that TestDrivers writes its table into.
const driversTable = "TDEPROXY_DRIVERS_TABLE"

// TestDrivers has each driver do the same work over a plain server and, through the proxy, over encrypted tables: all that it
// prints must be the same.
func TestDrivers(t *testing.T) {
	table := &driverTable{}
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
		s.healthy(t)
	})
	if path := os.Getenv(driversTable); path != "" {
		must(t, os.WriteFile(path, []byte(table.String()), 0o644))
	}
}

// driverStage is a stage of its own, without logs and tap: they would hold gigabytes, which the canary tests search.
func driverStage(t *testing.T, f harness.Flavour) *stage {
	t.Helper()
	s := &stage{flavour: f, plain: plainServer(t, f)}
	var err error
	s.upstream, err = harness.StartServer(f, harness.ServerOptions{})
	must(t, err)
	t.Cleanup(s.upstream.Remove)
	s.proxy, err = harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.upstream.Address, Flavour: f, Encrypt: []string{"*"}})
	must(t, err)
	t.Cleanup(s.proxy.Remove)
	return s
}

func compareDriver(t *testing.T, s *stage, d matrix.Driver, dir string, table *driverTable) {
	table.entry(d, s.flavour) // also where it fails
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
	order []string
	rows  map[string]*driverRow
}

type driverRow struct {
	driver  matrix.Driver
	version string
	results map[harness.Flavour]string
}

func (d *driverTable) entry(driver matrix.Driver, f harness.Flavour) *driverRow {
	title := driver.Title()
	if d.rows == nil {
		d.rows = map[string]*driverRow{}
	}
	if d.rows[title] == nil {
		d.rows[title] = &driverRow{driver: driver, results: map[harness.Flavour]string{}}
		d.order = append(d.order, title)
	}
	if d.rows[title].results[f] == "" {
		d.rows[title].results[f] = "failed"
	}
	return d.rows[title]
}

func (d *driverTable) result(driver matrix.Driver, f harness.Flavour, plain matrix.Output, differences int) {
	row := d.entry(driver, f)
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

This table is made by `+"`make drivers`"+`.

| Driver | Mode | Version | MariaDB | MySQL |
|---|---|---|---|---|
`, matrix.Steps())
	for _, title := range d.order {
		row := d.rows[title]
		cell := func(f harness.Flavour) string {
			if r := row.results[f]; r != "" {
				return r
			}
			return "cannot log in"
		}
		mode := row.driver.Mode
		if row.driver.Compress {
			mode += ", compressed"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", row.driver.Name, mode, row.version, cell(harness.MariaDB), cell(harness.MySQL))
	}
	return b.String()
}
