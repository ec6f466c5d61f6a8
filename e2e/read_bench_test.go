package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"

	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

var readRows = flag.Int("read.rows", 1_000_000, "rows of BenchmarkRead's table")

// reads are queries that upstream cannot compute over ciphertext.
var reads = []struct{ name, sql string }{
	{"like", "SELECT id, name FROM t WHERE name LIKE '%quick fox%'"},
	{"range", "SELECT id, n FROM t WHERE n < 1000"},
	{"top", "SELECT id, name, n FROM t ORDER BY n LIMIT 10"},
	{"count", "SELECT COUNT(*) FROM t WHERE note = 'note 77'"},
	{"sum", "SELECT SUM(n), AVG(n), COUNT(*) FROM t"},
	{"order", "SELECT id, name, n FROM t ORDER BY n"},
	{"distinct", "SELECT DISTINCT n FROM t"},
	{"distinct_order", "SELECT DISTINCT note, n FROM t ORDER BY n, note"},
	{"groups", "SELECT n, COUNT(*), SUM(id) FROM t GROUP BY n ORDER BY n"},
	{"group", "SELECT note, SUM(n), COUNT(*) FROM t GROUP BY note ORDER BY note"},
}

// BenchmarkRead asks for few rows of many: of an encrypted table through the proxy, and of the same table directly. A proxy of
// another version is measured by TDEPROXY_TEST_BINARY.
func BenchmarkRead(b *testing.B) {
	for _, f := range harness.Flavours() {
		b.Run(string(f), func(b *testing.B) { benchmarkRead(b, f) })
	}
}

func benchmarkRead(b *testing.B, f harness.Flavour) {
	upstream, err := harness.StartServer(f, harness.ServerOptions{Pool: "1G"})
	if err != nil {
		b.Skip(err)
	}
	b.Cleanup(upstream.Remove)
	dir := b.TempDir()
	binary, err := harness.BuildProxy(dir, false)
	if err != nil {
		b.Fatal(err)
	}
	p, err := harness.StartProxy(harness.ProxyOptions{Binary: binary, Upstream: upstream.Address, Flavour: f, Encrypt: []string{"sealed"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Remove)
	for _, way := range []struct{ name, address, database string }{{"direct", upstream.Address, "plain"}, {"proxy", p.Address, "sealed"}} {
		if err := upstream.Exec("CREATE DATABASE " + way.database); err != nil {
			b.Fatal(err)
		}
		c, err := rawmysql.Dial(rawmysql.Config{Address: way.address, Database: way.database, Timeout: 5 * time.Minute})
		if err != nil {
			b.Fatal(err)
		}
		fillRead(b, c)
		for _, q := range reads {
			b.Run(q.name+"/"+way.name, func(b *testing.B) {
				for b.Loop() {
					r, err := c.QueryFunc(q.sql, func([]byte) {})
					if err == nil && r[0].Err != nil {
						err = r[0].Err
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(*readRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
		c.Close()
	}

}

// fillRead makes the table, the same for each way.
func fillRead(b *testing.B, c *rawmysql.Conn) {
	b.Helper()
	const create = "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, n INT, note VARCHAR(20))"
	if err := c.Exec(create); err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the quick brown fox jumps over a lazy dog while nobody looks at it from far away")
	for id := 0; id < *readRows; {
		const sql = "INSERT INTO t VALUES "
		var rows []string
		for range min(2000, *readRows-id) {
			name := make([]string, 6)
			for j := range name {
				name[j] = words[rnd.IntN(len(words))]
			}
			rows = append(rows, fmt.Sprintf("(%d,'%s',%d,'note %d')", id, strings.Join(name, " "), rnd.IntN(1_000_000), rnd.IntN(1000)))
			id++
		}
		if err := c.Exec(sql + strings.Join(rows, ",")); err != nil {
			b.Fatal(err)
		}
	}
}
