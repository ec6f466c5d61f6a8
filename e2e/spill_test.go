package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

const (
	spillRows   = 180_000
	spillCanary = "spilled-canary"
)

// spilled are queries of more than the evaluator may hold, with an order that tells all rows apart.
var spilled = []string{
	"SELECT * FROM big ORDER BY n, id",
	"SELECT id, name, d, pad FROM big ORDER BY name DESC, d, id DESC",
	"SELECT code c, at, pad FROM big WHERE n < 900000 ORDER BY code, at DESC, id LIMIT 10, 150000",
	"SELECT d, pad FROM big WHERE name <> 'x' AND id > 5 ORDER BY d DESC, id",
	"SELECT id, COUNT(*), SUM(n) s, MIN(d), MAX(at), COUNT(DISTINCT code) FROM big GROUP BY id ORDER BY s DESC, id LIMIT 5, 170000",
}

// aggregated are queries over many groups, of which not all are the proxy's own to answer.
var aggregated = []string{
	"SELECT n, COUNT(*) c, AVG(d), COUNT(DISTINCT name) FROM big GROUP BY n HAVING c > 3 ORDER BY n",
	"SELECT COUNT(DISTINCT id), COUNT(DISTINCT code), COUNT(DISTINCT n), SUM(d) FROM big",
	"SELECT DISTINCT n, code, at FROM big",
	"SELECT DISTINCT code, n FROM big ORDER BY n, code",
	"SELECT code, n, SUM(d) FROM big GROUP BY code, n",
}

// TestSpill sorts and groups more than memory is to hold: as a plain server, in bounded memory, and through files that are encrypted,
// have no name, and are gone when the statement is, however it ends.
func TestSpill(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows in -short")
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		tmpdir := t.TempDir()
		p, err := harness.StartProxy(harness.ProxyOptions{
			Binary: plainBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"sealed"}, // its memory is measured
			Settings: map[string]string{"evaluator.memory": `"64MiB"`, "evaluator.tmpdir": `"` + tmpdir + `"`},
		})
		must(t, err)
		t.Cleanup(p.Remove)
		must(t, s.Exec("CREATE DATABASE plain", "CREATE DATABASE sealed"))
		plain, err := rawmysql.Dial(rawmysql.Config{Address: s.Address, Database: "plain", Timeout: 5 * time.Minute})
		must(t, err)
		defer plain.Close()
		sealed, err := p.Connect(rawmysql.Config{Database: "sealed", Timeout: 5 * time.Minute})
		must(t, err)
		defer sealed.Close()
		fillSpill(t, plain)
		fillSpill(t, sealed)
		run(t, sealed, "DO 1")
		before, err := harness.RSS(p.PID())
		must(t, err)
		for _, sql := range spilled {
			compareSpilled(t, sql, plain, sealed)
		}
		for _, sql := range aggregated {
			compareSpilled(t, sql, plain, sealed)
		}
		for _, sql := range []string{spilled[3], spilled[4], aggregated[3]} {
			if want, got := preparedRows(t, plain, sql), preparedRows(t, sealed, sql); got != want {
				t.Errorf("%s, prepared: %s, want %s", sql, got, want)
			}
		}
		peak, err := harness.PeakRSS(p.PID())
		must(t, err)
		t.Logf("the proxy grew by %d MiB", (peak-before)>>20)
		if grown := peak - before; grown > 160<<20 {
			t.Errorf("the proxy grew by %d MiB", grown>>20)
		}
		noSpill(t, p, tmpdir, "queries")
		spillStopped(t, p, tmpdir)
		spillFull(t, s, f)
		checkLog(t, p)
	})
}

func fillSpill(t *testing.T, c *rawmysql.Conn) {
	t.Helper()
	run(t, c, "CREATE TABLE big (id INT PRIMARY KEY, n INT, d DECIMAL(12,2), name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, "+
		"code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, at DATETIME, pad VARCHAR(400))")
	rnd := rand.New(rand.NewPCG(5, 6))
	maybe := func(format string, args ...any) string {
		if rnd.IntN(50) == 0 {
			return "NULL"
		}
		return fmt.Sprintf(format, args...)
	}
	words := strings.Fields("red Red green blue Blue violet Grey grey")
	pad := strings.Repeat("p", 330)
	for id := 0; id < spillRows; {
		var rows []string
		for range 2000 {
			rows = append(rows, fmt.Sprintf("(%d,%s,%s,%s,%s,%s,'%s %d %s')", id, maybe("%d", rnd.IntN(1_000_000)-3), maybe("%d.%02d", rnd.IntN(20000)-10000, rnd.IntN(100)),
				maybe("'%s %d'", words[rnd.IntN(len(words))], rnd.IntN(50000)), maybe("'%x\u00e4'", rnd.IntN(1<<20)), maybe("'2024-05-%02d 10:00:%02d'", 1+rnd.IntN(28), rnd.IntN(60)),
				spillCanary, id, pad))
			id++
		}
		run(t, c, "INSERT INTO big VALUES "+strings.Join(rows, ","))
	}
}

// compareSpilled compares a result by its definitions and rows.
func compareSpilled(t *testing.T, sql string, plain, sealed *rawmysql.Conn) {
	t.Helper()
	var sums [2]string
	for i, c := range []*rawmysql.Conn{plain, sealed} {
		begun, h, n := time.Now(), sha256.New(), 0
		r, err := c.QueryFunc(sql, func(row []byte) {
			h.Write(row)
			n++
		})
		must(t, err)
		if r[0].Err != nil {
			t.Errorf("%s: %v", sql, r[0].Err)
			return
		}
		var columns []string
		for _, c := range r[0].Columns {
			columns = append(columns, fmt.Sprintf("%s %d %d %d", c.Name, c.Type, c.Length, c.Decimals))
		}
		sums[i] = fmt.Sprintf("%d rows %x, %d warnings, %q, FOUND_ROWS() %s", n, h.Sum(nil), r[0].Warnings, columns, column(t, c, "SELECT FOUND_ROWS()"))
		t.Logf("%s: %d rows in %s", sql, n, time.Since(begun).Round(time.Millisecond))
	}
	if sums[0] != sums[1] {
		t.Errorf("%s: %s\nwant %s", sql, sums[1], sums[0])
	}
}

// preparedRows is what a prepared statement's rows come to.
func preparedRows(t *testing.T, c *rawmysql.Conn, sql string) string {
	t.Helper()
	st, err := c.Prepare(sql)
	must(t, err)
	r, err := st.Execute()
	must(t, err)
	must(t, st.Close())
	h := sha256.New()
	for _, row := range r[0].Rows {
		fmt.Fprintf(h, "%q", row)
	}
	return fmt.Sprintf("%d rows %x, %v", len(r[0].Rows), h.Sum(nil), r[0].Err)
}

// spillFiles are the temporary files that the proxy has open, as paths that can be read.
func spillFiles(t *testing.T, p *harness.Proxy, tmpdir string) (files []string) {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.PID()))
	must(t, err)
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, tmpdir) {
			files = append(files, l)
		}
	}
	return files
}

// noSpill waits until the proxy has no temporary file open, and none has a name.
func noSpill(t *testing.T, p *harness.Proxy, tmpdir, after string) {
	t.Helper()
	for range 100 {
		if len(spillFiles(t, p, tmpdir)) == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if files := spillFiles(t, p, tmpdir); len(files) > 0 {
		t.Errorf("after %s %d temporary files are open", after, len(files))
	}
	if list, err := os.ReadDir(tmpdir); err != nil || len(list) > 0 {
		t.Errorf("after %s: %v, %v", after, list, err)
	}
}

// awaitSpill waits for a temporary file and gives what it holds.
func awaitSpill(t *testing.T, p *harness.Proxy, tmpdir string) []byte {
	t.Helper()
	for range 600 {
		for _, f := range spillFiles(t, p, tmpdir) {
			if data, err := os.ReadFile(f); err == nil && len(data) > 1<<20 {
				return data
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("no temporary file")
	return nil
}

// spillStopped ends statements in the middle: by KILL QUERY, and by a client that goes away while it is sent rows.
func spillStopped(t *testing.T, p *harness.Proxy, tmpdir string) {
	t.Helper()
	admin, err := p.Connect(rawmysql.Config{Timeout: time.Minute})
	must(t, err)
	defer admin.Close()
	for _, sql := range spilled[:4] {
		c, err := p.Connect(rawmysql.Config{Database: "sealed", Timeout: 5 * time.Minute})
		must(t, err)
		id := column(t, c, "SELECT CONNECTION_ID()")[0]
		failed, killed := make(chan error, 1), make(chan struct{})
		go func() {
			r, err := c.QueryFunc(sql, func([]byte) { <-killed }) // so that it cannot end before
			if err == nil && r[0].Err != nil {
				err = r[0].Err
			}
			failed <- err
		}()
		if data := awaitSpill(t, p, tmpdir); bytes.Contains(data, []byte(spillCanary)) || bytes.Contains(data, []byte("pppppppp")) {
			t.Errorf("%s: plaintext in the temporary file", sql)
		}
		run(t, admin, "KILL QUERY "+id)
		close(killed)
		var my *rawmysql.ServerError
		if err := <-failed; !errors.As(err, &my) || my.Code != 1317 {
			t.Errorf("%s, killed: %v", sql, err)
		}
		noSpill(t, p, tmpdir, "KILL QUERY of "+sql)
		c.Close()
	}
	c, err := p.Connect(rawmysql.Config{Database: "sealed"})
	must(t, err)
	sql := spilled[0]
	_, err = c.NetConn().Write(append([]byte{byte(len(sql) + 1), 0, 0, 0, 3}, sql...))
	must(t, err)
	awaitSpill(t, p, tmpdir)
	must(t, c.NetConn().Close())
	noSpill(t, p, tmpdir, "the client's end")
}

// spillFull has no room for temporary files.
func spillFull(t *testing.T, s *harness.Server, f harness.Flavour) {
	t.Helper()
	tmpdir := t.TempDir()
	p, err := harness.StartProxy(harness.ProxyOptions{
		Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"sealed2"},
		Settings: map[string]string{"evaluator.max_tmp_space": `"8MiB"`, "evaluator.tmpdir": `"` + tmpdir + `"`},
	})
	must(t, err)
	defer p.Remove()
	must(t, s.Exec("CREATE DATABASE sealed2"))
	c, err := p.Connect(rawmysql.Config{Database: "sealed2", Timeout: 5 * time.Minute})
	must(t, err)
	defer c.Close()
	run(t, c, "CREATE TABLE few (id INT PRIMARY KEY, v VARCHAR(1000), n INT)")
	for id := 0; id < 30_000; id += 1000 {
		var rows []string
		for i := range 1000 {
			rows = append(rows, fmt.Sprintf("(%d,REPEAT('%d ', 150),%d)", id+i, id+i, -id-i))
		}
		run(t, c, "INSERT INTO few VALUES "+strings.Join(rows, ","))
	}
	for range 2 {
		wantError(t, "no room", c.Exec("SELECT * FROM few ORDER BY n"), 1114)
		noSpill(t, p, tmpdir, "error 1114")
	}
	if got := column(t, c, "SELECT id FROM few WHERE v LIKE '29%' ORDER BY v LIMIT 1")[0]; got != "29" {
		t.Error(got)
	}
	checkLog(t, p)
}
