package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestGoDriver uses tables as applications do, in both protocols.
func TestGoDriver(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		for _, interpolate := range []bool{true, false} {
			t.Run(fmt.Sprintf("interpolate=%t", interpolate), func(t *testing.T) {
				db := open(t, s.proxy.Address, s.database(t, "godriver"), interpolate)
				driverRoundTrip(t, s, db)
			})
		}
	})
}

func driverRoundTrip(t *testing.T, s *stage, db *sql.DB) {
	var a harness.Canaries
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := db.ExecContext(ctx, "CREATE TABLE g (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), bin BLOB, n BIGINT, f DOUBLE, at DATETIME(6), ok BOOL, KEY (name))")
	must(t, err)
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)
	name, bin, n, f := a.Text("name", 40), a.Binary(300), a.Int(), a.Double()
	r, err := db.ExecContext(ctx, "INSERT INTO g (name, bin, n, f, at, ok) VALUES (?, ?, ?, ?, ?, ?), (?, NULL, NULL, NULL, NULL, NULL)", name, bin, n, f, at, true, "second")
	must(t, err)
	if count, _ := r.RowsAffected(); count != 2 {
		t.Errorf("affected rows %d, want 2", count)
	}
	if id, _ := r.LastInsertId(); id != 1 {
		t.Errorf("last insert id %d, want 1", id)
	}
	var gotName string
	var gotBin []byte
	var gotN int64
	var gotF float64
	var gotAt time.Time
	var gotOK bool
	must(t, db.QueryRowContext(ctx, "SELECT name, bin, n, f, at, ok FROM g WHERE name = ?", name).Scan(&gotName, &gotBin, &gotN, &gotF, &gotAt, &gotOK))
	if gotName != name || !bytes.Equal(gotBin, bin) || gotN != n || gotF != f || !gotAt.Equal(at) || !gotOK {
		t.Errorf("read back %q %x %d %v %v %v", gotName, gotBin, gotN, gotF, gotAt, gotOK)
	}
	tx, err := db.BeginTx(ctx, nil)
	must(t, err)
	_, err = tx.ExecContext(ctx, "UPDATE g SET name = ? WHERE id = ?", a.Text("renamed", 40), 2)
	must(t, err)
	must(t, tx.Rollback())
	var second string
	must(t, db.QueryRowContext(ctx, "SELECT name FROM g WHERE id = 2").Scan(&second))
	if second != "second" {
		t.Errorf("after rollback: %q", second)
	}
	s.absent(t, a.Needles())
}

// TestCommandLineClient pipes statements through the mariadb client.
func TestCommandLineClient(t *testing.T) {
	path, err := harness.Tool("mariadb")
	if err != nil {
		missing(t, err)
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "cli")
		var a harness.Canaries
		name := a.Text("cli", 40)
		host, port, _ := strings.Cut(s.proxy.Address, ":")
		file := filepath.Join(t.TempDir(), "rows.tsv")
		must(t, os.WriteFile(file, []byte("7\tnot stored\n"), 0o600))
		cli := func(sql string) string {
			cmd := exec.Command(path, "--no-defaults", "--skip-ssl", "--local-infile=1", "-h", host, "-P", port, "-u", "root", "--batch", database)
			cmd.Stdin = strings.NewReader(sql)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return string(out)
		}
		cli("CREATE TABLE l (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60)); INSERT INTO l VALUES (1, '" + name + "'), (2, NULL);\n")
		if got, want := cli("SELECT * FROM l ORDER BY id;"), "id\tname\n1\t"+name+"\n2\tNULL\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		s.absent(t, a.Needles())
	})
}

// TestCursor reads an encrypted result by COM_STMT_FETCH.
func TestCursor(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "cursors"), Drop: rawmysql.ClientDeprecateEOF})
		run(t, c, "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50))")
		for i := range 25 {
			run(t, c, fmt.Sprintf("INSERT INTO k VALUES (%d, 'value %d')", i+1, i))
		}
		stmt, err := c.Prepare("SELECT id, v FROM k ORDER BY id")
		must(t, err)
		r, err := stmt.Open()
		must(t, err)
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		rows := r.Rows
		for r.Status&rawmysql.StatusCursorExists != 0 && r.Status&rawmysql.StatusLastRowSent == 0 {
			r, err = stmt.Fetch(10)
			must(t, err)
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			rows = append(rows, r.Rows...)
		}
		if len(rows) != 25 {
			t.Fatalf("%d rows", len(rows))
		}
		for i, row := range rows {
			if want := fmt.Sprintf("value %d", i); string(row[1]) != want {
				t.Errorf("row %d: %q, want %q", i, row[1], want)
			}
		}
	})
}

// TestLongData reads back what COM_STMT_SEND_LONG_DATA wrote, and NULL bound
// as each type.
func TestLongData(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "longdata")})
		run(t, c, "CREATE TABLE l (id INT AUTO_INCREMENT PRIMARY KEY, t LONGTEXT, n INT)")
		stmt, err := c.Prepare("INSERT INTO l VALUES (?, ?, ?)")
		must(t, err)
		var a harness.Canaries
		var whole string
		for range 5 {
			piece := a.Text("piece", 100_000)
			a.AddText(piece, piece[:60])
			whole += piece
			must(t, stmt.SendLongData(1, []byte(piece)))
		}
		results, err := stmt.Execute(rawmysql.Int(1), rawmysql.Long(), rawmysql.Null(3))
		must(t, err)
		if results[0].Err != nil {
			t.Fatal(results[0].Err)
		}
		if got := column(t, c, "SELECT t FROM l WHERE id = 1"); len(got) != 1 || got[0] != whole {
			t.Error("the long value did not come back as it was sent")
		}
		for i, typ := range []byte{1, 2, 3, 5, 6, 8, 12, 253} {
			results, err := stmt.Execute(rawmysql.Int(int64(10+i)), rawmysql.Null(typ), rawmysql.Null(typ))
			must(t, err)
			if results[0].Err != nil {
				t.Errorf("NULL as type %d: %v", typ, results[0].Err)
			}
		}
		s.absent(t, a.Needles())
	})
}

// TestConnectionCommands sends the commands around statements to the proxy.
func TestConnectionCommands(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "commands")
		must(t, s.upstream.Exec("DROP USER IF EXISTS someone@'%'", "CREATE USER someone@'%' IDENTIFIED BY 'pass word'", "GRANT ALL ON "+database+".* TO someone@'%'"))
		c := s.connect(t, rawmysql.Config{Extra: rawmysql.ClientMultiStatements | rawmysql.ClientSessionTrack | rawmysql.ClientDeprecateEOF})
		for name, command := range map[string]struct {
			code byte
			body string
			want byte
		}{
			"ping": {rawmysql.ComPing, "", 0}, "statistics": {rawmysql.ComStatistics, "", 'U'}, "init db": {rawmysql.ComInitDB, database, 0},
			"unknown db": {rawmysql.ComInitDB, "nosuch", 0xff}, "reset": {rawmysql.ComResetConnection, "", 0}, "unknown command": {0x77, "", 0xff},
		} {
			p, err := c.Command(command.code, []byte(command.body))
			must(t, err)
			if p[0] != command.want {
				t.Errorf("%s: answer %#x, want %#x: %q", name, p[0], command.want, p)
			}
		}
		results, err := c.Query("SELECT 1; SELECT 2; DO 1; SELECT 3")
		must(t, err)
		if len(results) != 4 || string(results[3].Rows[0][0]) != "3" {
			t.Errorf("multi-statement: %d results", len(results))
		}
		must(t, c.ChangeUser("someone", "pass word", database))
		if got := column(t, c, "SELECT CONCAT(SUBSTRING_INDEX(USER(), '@', 1), '/', DATABASE())"); got[0] != "someone/"+database {
			t.Errorf("after COM_CHANGE_USER: %q", got)
		}
		wantError(t, "COM_CHANGE_USER with a wrong password", c.ChangeUser("someone", "wrong", ""), 1045)
	})
}

// TestPasswords logs in as upstream accounts with each authentication way,
// clear and by TLS, first (full) and again (cached).
func TestPasswords(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		identified := map[harness.Flavour]string{
			harness.MariaDB: "VIA mysql_native_password USING PASSWORD('geheim')", harness.MySQL: "WITH caching_sha2_password BY 'geheim'",
		}[f]
		must(t, s.upstream.Exec("DROP USER IF EXISTS pw@'%'", "CREATE USER pw@'%' IDENTIFIED "+identified))
		for _, secure := range []bool{true, true, false} {
			c := rawmysql.Config{User: "pw", Password: "geheim"}
			if secure {
				c.TLS = insecureTLS()
			}
			conn := s.connect(t, c)
			if got := column(t, conn, "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)"); got[0] != "pw" {
				t.Errorf("logged in as %q", got)
			}
		}
		for _, config := range []rawmysql.Config{{User: "pw", Password: "wrong"}, {User: "pw"}, {User: "nobody", Password: "x"}, {User: "pw", Password: "wrong", TLS: insecureTLS()}} {
			_, err := s.proxy.Connect(config)
			wantError(t, "wrong password", err, 1045)
		}
		s.healthy(t)
	})
}

// TestBigPackets sends a statement over 16 MiB and reads a value as long.
func TestBigPackets(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		p := passThrough(t, f, plainServer(t, f).Address, map[string]string{"listen.max_allowed_packet": `"128MiB"`})
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer c.Close()
		for _, size := range []int{1<<24 - 20, 1<<24 - 1, 1 << 24, 35_000_000} {
			value := strings.Repeat("x", size)
			results, err := c.Query("SELECT '" + value + "', LENGTH('" + value + "')")
			must(t, err)
			if r := results[0]; r.Err != nil || len(r.Rows) != 1 || string(r.Rows[0][0]) != value {
				t.Errorf("%d bytes: wrong answer, error %v", size, r.Err)
			}
		}
	})
}
