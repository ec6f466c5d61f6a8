package e2e_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestBigResult streams 2 GiB through a proxy, which may grow by 64 MiB at
// most, and lets a client stop reading in the middle.
func TestBigResult(t *testing.T) {
	if testing.Short() {
		t.Skip("2 GiB in -short")
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		const rows, size, limit = 8 * 8 * 8 * 4, 1 << 20, 64 << 20
		p := passThrough(t, f, plainServer(t, f).Address, nil)
		c, err := p.Connect(rawmysql.Config{Timeout: 5 * time.Minute})
		must(t, err)
		defer c.Close()
		run(t, c, "DO 1")
		before, err := harness.RSS(p.PID())
		must(t, err)
		const eight = "(SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8)"
		query := fmt.Sprintf("SELECT REPEAT('x', %d) FROM %s a, %[2]s b, %[2]s c, (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) d", size-4, eight)
		var bytes int
		begun := time.Now()
		results, err := c.QueryFunc(query, func(row []byte) { bytes += len(row) })
		must(t, err)
		if results[0].Err != nil || bytes != rows*size {
			t.Errorf("%d bytes came, want %d; error %v", bytes, rows*size, results[0].Err)
		}
		peak, err := harness.PeakRSS(p.PID())
		must(t, err)
		t.Logf("%d MiB in %s, memory grew by %d KiB", bytes>>20, time.Since(begun).Round(time.Millisecond), (peak-before)>>10)
		if peak-before > limit {
			t.Errorf("the proxy grew by %d MiB", (peak-before)>>20)
		}
		slowReader(t, p, query, before+limit)
		checkLog(t, p)
	})
}

// slowReader asks for the result and does not read it: it must wait upstream.
func slowReader(t *testing.T, p *harness.Proxy, query string, limit int64) {
	t.Helper()
	c, err := p.Connect(rawmysql.Config{})
	must(t, err)
	defer c.NetConn().Close()
	_, err = c.NetConn().Write(append([]byte{byte(len(query) + 1), byte((len(query) + 1) >> 8), 0, 0, 3}, query...))
	must(t, err)
	time.Sleep(2 * time.Second)
	rss, err := harness.RSS(p.PID())
	must(t, err)
	if rss > limit {
		t.Errorf("a client that does not read made the proxy hold %d MiB", rss>>20)
	}
}

// TestSearchUsesIndexes wants upstream to find rows by token through an index:
// peers answered one query a second for want of it.
func TestSearchUsesIndexes(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "indexes")})
		run(t, c, "CREATE TABLE i (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), n INT, u VARCHAR(40), KEY (name), KEY nn (n, name), UNIQUE KEY (u))",
			"CREATE TABLE j (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), KEY (name))")
		const rows = 1000
		for at := 0; at < rows; at += 100 {
			values := ""
			for i := at; i < at+100; i++ {
				values += fmt.Sprintf(",('name %d', %d, 'unique %d')", i, i%7, i)
			}
			run(t, c, "INSERT INTO i (name, n, u) VALUES "+values[1:])
		}
		run(t, c, "INSERT INTO j (name) VALUES ('name 5'), ('name 6')")
		must(t, s.upstream.Exec("ANALYZE TABLE indexes.i, indexes.j"))
		for _, query := range []string{
			"SELECT id FROM i WHERE name = 'NAME 77'", "SELECT id FROM i WHERE u = 'unique 5'", "SELECT id FROM i WHERE name IN ('name 1', 'name 2')",
			"SELECT id FROM i WHERE n = 3 AND name = 'name 3'", "SELECT i.id FROM j JOIN i ON i.name = j.name", "SELECT id FROM i WHERE id = 5",
			"UPDATE i SET n = 5 WHERE u = 'unique 9'", "DELETE FROM i WHERE u = 'unique 10'",
		} {
			run(t, c, "FLUSH STATUS")
			run(t, c, query)
			results, err := c.Query("SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read_%'")
			must(t, err)
			read := 0
			for _, row := range results[0].Rows {
				n, err := strconv.Atoi(string(row[1]))
				must(t, err)
				read += n
			}
			if read > 20 {
				t.Errorf("%s: %d index or row reads for a few of %d rows", query, read, rows)
			}
		}
		s.healthy(t)
	})
}
