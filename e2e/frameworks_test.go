//go:build frameworks

package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/frameworks"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/matrix"
)

// frameworksTable names a file that TestFrameworks writes its table into.
const frameworksTable = "TDEPROXY_FRAMEWORKS_TABLE"

// TestFrameworks has frameworks work over a plain server and, through the proxy, over encrypted tables: each step and test must have the
// same result, but for those that are listed with a reason.
func TestFrameworks(t *testing.T) {
	table := &frameworkTable{results: map[string]string{}, versions: map[string]string{}, differ: map[string][]string{}}
	if path := os.Getenv(frameworksTable); path != "" {
		t.Cleanup(func() { must(t, os.WriteFile(path, []byte(table.String()), 0o644)) })
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := driverStage(t, f)
		dir := t.TempDir()
		must(t, frameworks.Prepare(dir))
		for _, framework := range frameworks.All() {
			t.Run(framework.Title(), func(t *testing.T) { compareFramework(t, s, framework, dir, table) })
		}
		s.healthy(t)
	})
}

func compareFramework(t *testing.T, s *stage, f frameworks.Framework, dir string, table *frameworkTable) {
	table.set(f, s.flavour, "failed", "", nil)
	database := s.database(t, "framework")
	for _, name := range f.Databases {
		s.database(t, name)
	}
	var out [2]matrix.Output
	for i, side := range []struct{ address, ca string }{
		{s.plain.Address, s.plain.Certs.CA}, {s.proxy.Address, filepath.Join(s.proxy.Dir, "certs", "ca.pem")},
	} {
		must(t, driverAccount(s, i))
		_, port, err := net.SplitHostPort(side.address)
		must(t, err)
		number, err := strconv.Atoi(port)
		must(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		out[i], err = f.Run(ctx, &matrix.Job{Port: number, User: "matrix_user", Password: "a password", Database: database, CA: side.ca, Dir: dir})
		if err != nil {
			missingDriver(t, s, err)
		}
	}
	var unknown int
	var listed []string
	plain, proxy := frameworkSteps(out[0].Lines), frameworkSteps(out[1].Lines)
	for _, name := range stepNames(plain, proxy) {
		if plain[name] == proxy[name] {
			continue
		}
		if why := f.Known(name); why != "" {
			t.Logf("listed: %s\nplain: %s\nproxy: %s", name, plain[name], proxy[name])
			listed = append(listed, fmt.Sprintf("%s: %s", name, why))
			continue
		}
		unknown++
		t.Errorf("%s\nplain: %s\nproxy: %s", name, plain[name], proxy[name])
	}
	result := fmt.Sprintf("%d, all the same", len(plain))
	if len(listed)+unknown > 0 {
		result = fmt.Sprintf("%d, %d differ", len(plain), len(listed)+unknown)
	}
	table.set(f, s.flavour, result, out[0].Version, listed)
}

// frameworkSteps are what was printed of each step or test, by its name. A step that is done several times counts on.
func frameworkSteps(lines []string) map[string]string {
	steps, name := map[string]string{}, ""
	for _, line := range lines {
		if step, begins := strings.CutPrefix(line, "> "); begins {
			name = step
			for n := 2; steps[name] != ""; n++ {
				name = fmt.Sprintf("%s, time %d", step, n)
			}
		}
		steps[name] += line + "\n"
	}
	return steps
}

func stepNames(steps ...map[string]string) []string {
	all := map[string]bool{}
	for _, s := range steps {
		for name := range s {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// frameworkTable is docs/frameworks.md.
type frameworkTable struct {
	mu       sync.Mutex
	results  map[string]string
	versions map[string]string
	differ   map[string][]string
}

func (f *frameworkTable) set(framework frameworks.Framework, flavour harness.Flavour, result, version string, differ []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.results[framework.Title()+string(flavour)] = result
	f.differ[framework.Title()+string(flavour)] = differ
	if version != "" {
		f.versions[framework.Title()] = version
	}
}

// String is the document.
func (f *frameworkTable) String() string {
	var b strings.Builder
	b.WriteString(`# Frameworks

What applications are built on does the same work twice, on a plain server and through the proxy over encrypted tables (all tables of all
databases are designated). The result of each step or test is compared. MariaDB is 10.11, MySQL 9.7.

- GORM and Django: programs by all means that they have, with the schema that they make ([e2e/gorm](../e2e/gorm),
  [django_work.py](../e2e/frameworks/programs/django_work.py)). All that they print is compared, SHOW CREATE TABLE and what they find out of the schema among it.
- go-sql-driver: the tests that its module has, but for ` + "`TestConnectorReturnsTimeout`" + `, which dials a public address. Passed, failed and skipped are compared.
- SQLAlchemy: the suite that it ships for dialects. Passed, failed and errors are compared, and the number of those that were skipped. Its
  reflection tests, which make an index of a temporary table before each test, ran once more without temporary tables.

This page is made by ` + "`make frameworks`" + `, which takes some minutes and is no part of ` + "`make test`" + `.

| What | Version | MariaDB | MySQL |
|---|---|---|---|
`)
	for _, framework := range frameworks.All() {
		t := framework.Title()
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", t, f.versions[t], f.results[t+string(harness.MariaDB)], f.results[t+string(harness.MySQL)])
	}
	b.WriteString("\n## What differs\n\nEach of these fails on the plain server, or through the proxy, but not on both.\n")
	for _, framework := range frameworks.All() {
		for _, flavour := range harness.Flavours() {
			for i, line := range f.differ[framework.Title()+string(flavour)] {
				if i == 0 {
					fmt.Fprintf(&b, "\n%s on %s:\n\n", framework.Title(), flavour)
				}
				fmt.Fprintf(&b, "- %s\n", line)
			}
		}
	}
	return b.String()
}
