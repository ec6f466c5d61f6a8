package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/suite"
)

// serverSuite are files of the MariaDB server's own regression suite that a
// run of all tests takes along; docs/difftest.md has the result of all.
var serverSuite = []string{"select.test", "subselect.test", "func_math.test", "func_group.test", "group_by.test", "union.test", "win.test",
	"cte_nonrecursive.test", "order_by.test", "join.test", "derived.test"}

// leastSame is how many of a hundred SELECTs of serverSuite must be answered
// as a plain server does; 97.1 were when this was written.
const leastSame = 96

// TestServerSuite runs part of the server's own regression suite: no SELECT
// may give other rows, and few may be refused.
func TestServerSuite(t *testing.T) {
	if _, err := os.Stat(suite.Folder); err != nil {
		missing(t, err)
	}
	if _, err := harness.MariaDB.Binary(); err != nil {
		missing(t, err)
	}
	known, err := suite.ReadKnown("difftest/known.txt")
	must(t, err)
	stage, err := suite.Start(suite.StageOptions{Flavour: harness.MariaDB, Binary: plainBinary(t)})
	must(t, err)
	t.Cleanup(stage.Remove)
	var results []*suite.Result
	for _, file := range serverSuite {
		r, err := stage.Run(filepath.Join(suite.Folder, file), suite.Options{Mode: differ.Text, Statement: time.Minute, File: 5 * time.Minute, Known: known})
		must(t, err)
		results = append(results, r)
		for _, c := range r.Cases {
			if c.Known == "" && c.After == "" && (c.What == differ.Rows || c.What == differ.Order) {
				t.Errorf("%s: %s: %s\n\t%s", c.Place, c.What, c.SQL, strings.Join(c.Details, "\n\t"))
			}
		}
		if r.Note != "" {
			t.Errorf("%s: %s", file, r.Note)
		}
	}
	selects := suite.Total(results).Sum(suite.Select)
	if selects.Same*100 < selects.Total*leastSame {
		t.Errorf("%d of %d SELECTs are answered as by a plain server, fewer than %d of a hundred", selects.Same, selects.Total, leastSame)
	}
	t.Logf("\n%s", suite.Report(results))
	checkLog(t, stage.Proxy())
}
