package session_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

func TestDriver(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		mustExec(t, root, "DROP TABLE IF EXISTS "+scratch+".things")
		f := start(t, srv)
		for _, params := range []string{"", "interpolateParams=true", "clientFoundRows=true&charset=utf8mb4"} {
			db := f.open(t, "root", params+"&multiStatements=true&parseTime=true")
			mustExec(t, db, "CREATE TABLE things (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), at DATETIME(6), n DOUBLE)")
			when := time.Date(2024, 2, 29, 1, 2, 3, 456789000, time.UTC)
			for i := range 20 {
				r := mustExec(t, db, "INSERT INTO things (name, at, n) VALUES (?, ?, ?)", fmt.Sprint("n", i), when, 1.5)
				if id, _ := r.LastInsertId(); id != int64(i+1) {
					t.Fatal(id)
				}
			}
			rows, err := db.Query("SELECT name, at FROM things WHERE id > ? ORDER BY id", 10)
			if err != nil {
				t.Fatal(err)
			}
			n := 10
			for ; rows.Next(); n++ {
				var name string
				var at time.Time
				if err := rows.Scan(&name, &at); err != nil || name != fmt.Sprint("n", n) || !at.Equal(when) {
					t.Fatal(name, at, err)
				}
			}
			if n != 20 || rows.Err() != nil {
				t.Fatal(n, rows.Err())
			}
			_, err = db.Exec("INSERT INTO things (id) VALUES (1)")
			wantCode(t, err, 1062)
			several, err := db.Query("SELECT 1; INSERT INTO things (name) VALUES ('x'); SELECT 2 UNION SELECT 3; DROP TABLE things")
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for more := true; more; more = several.NextResultSet() {
				for several.Next() {
					var v int
					if err := several.Scan(&v); err != nil {
						t.Fatal(err)
					}
					got = append(got, v)
				}
			}
			if fmt.Sprint(got) != "[1 2 3]" || several.Err() != nil {
				t.Fatal(got, several.Err())
			}
		}
	})
}

func TestLocalInfile(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		mustExec(t, root, "DROP TABLE IF EXISTS "+scratch+".lines")
		f := start(t, srv)
		db := f.open(t, "root", "")
		mustExec(t, db, "CREATE TABLE `lines` (a INT, b VARCHAR(100))")
		defer mustExec(t, root, "DROP TABLE "+scratch+".lines")
		var file bytes.Buffer
		for i := range 50000 {
			fmt.Fprintf(&file, "%d\t%s\n", i, strings.Repeat("b", i%97))
		}
		content := file.Bytes()
		mysql.RegisterReaderHandler("lines", newReader(content))
		r := mustExec(t, db, "LOAD DATA LOCAL INFILE 'Reader::lines' INTO TABLE `lines`")
		if n, _ := r.RowsAffected(); n != 50000 {
			t.Error(n)
		}
		mysql.RegisterReaderHandler("empty", newReader(nil))
		mustExec(t, db, "LOAD DATA LOCAL INFILE 'Reader::empty' INTO TABLE `lines`")
		_, err := db.Exec("LOAD DATA LOCAL INFILE 'Reader::lines' INTO TABLE nowhere")
		wantCode(t, err, 1146)
		var n int
		if err := db.QueryRow("SELECT COUNT(*) FROM `lines`").Scan(&n); err != nil || n != 50000 {
			t.Error(n, err)
		}
	})
}

// eachCaps runs test with and without EOF packets, query attributes and session tracking.
func eachCaps(t *testing.T, srv server, test func(t *testing.T, c *rawClient)) {
	f := start(t, srv)
	for _, caps := range []wire.Capability{0, wire.DeprecateEOF, wire.SessionTrack, wire.QueryAttributes,
		wire.DeprecateEOF | wire.SessionTrack | wire.QueryAttributes, wire.MariaDBBulkOperations | wire.MariaDBExtendedTypeInfo} {
		t.Run(fmt.Sprintf("%x", uint64(caps)), func(t *testing.T) {
			if caps>>32 != 0 && !srv.mariadb() || caps.Has(wire.QueryAttributes) && srv.mariadb() {
				t.Skip("not of this server")
			}
			c := f.raw(t, caps)
			test(t, c)
			c.send(wire.ComPing, "") // nothing may be left in the way
			c.mustOK(c.read())
		})
	}
}

// prepare prepares sql and reads the whole answer.
func (c *rawClient) prepare(sql string) wire.PrepareOK {
	c.t.Helper()
	c.send(wire.ComStmtPrepare, sql)
	p := c.read()
	c.mustOK(p)
	ok, err := wire.DecodePrepareOK(p)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, n := range []uint16{ok.Params, ok.Columns} {
		for range n {
			c.read()
		}
		if n > 0 && !c.caps.Has(wire.DeprecateEOF) {
			c.read()
		}
	}
	return ok
}

func statement(id uint32, more ...byte) string {
	return string(append(binary.LittleEndian.AppendUint32(nil, id), more...))
}

func TestCursor(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		eachCaps(t, srv, func(t *testing.T, c *rawClient) {
			stmt := c.prepare("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3")
			c.ResetSequence()
			e := wire.Execute{StatementID: stmt.StatementID, Flags: wire.CursorReadOnly, Iterations: 1}
			c.write(e.Append(nil, c.caps))
			if n, _ := wire.Int(c.read()); n != 1 {
				t.Fatal(n)
			}
			var column wire.Column
			if err := column.Decode(c.read(), c.caps); err != nil {
				t.Fatal(err)
			}
			end, err := wire.DecodeEnd(c.read(), c.caps)
			if err != nil || end.Status&wire.StatusCursorExists == 0 {
				t.Fatal(end, err)
			}
			var got []byte
			for {
				c.send(wire.ComStmtFetch, statement(stmt.StatementID, 2, 0, 0, 0))
				var last bool
				for {
					p := c.read()
					c.mustOK(p)
					if wire.IsEnd(p, c.caps) {
						end, err := wire.DecodeEnd(p, c.caps)
						if err != nil {
							t.Fatal(err)
						}
						last = end.Status&wire.StatusLastRowSent != 0
						break
					}
					row := wire.NewBinaryRow(p, 1)
					v, ok := row.Next(column.Type)
					if !ok {
						t.Fatal(row.Err())
					}
					got = append(got, v[0])
				}
				if last {
					break
				}
			}
			if string(got) != "\x01\x02\x03" {
				t.Error(got)
			}
			c.send(wire.ComStmtReset, statement(stmt.StatementID))
			c.mustOK(c.read())
			c.send(wire.ComStmtClose, statement(stmt.StatementID))
			c.send(wire.ComStmtFetch, statement(stmt.StatementID, 2, 0, 0, 0))
			c.mustError(1243)
		})
	})
}

func TestLongData(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		eachCaps(t, srv, func(t *testing.T, c *rawClient) {
			stmt := c.prepare("SELECT LENGTH(?), UPPER(?), ?")
			for range 20 {
				c.send(wire.ComStmtSendLongData, statement(stmt.StatementID, 0, 0)+strings.Repeat("x", 100000))
			}
			c.ResetSequence()
			e := wire.Execute{StatementID: stmt.StatementID, Iterations: 1, Bound: true, Params: []wire.Param{
				{Type: wire.TypeBlob, Long: true}, {Type: wire.TypeVarString, Value: []byte("y")}, {Type: wire.TypeLong, Value: []byte{7, 0, 0, 0}}}}
			p := e.Append(nil, c.caps)
			var back wire.Execute
			back.Params = []wire.Param{{Long: true}, {}, {}}
			if err := back.Decode(p, 3, c.caps); err != nil || string(back.Params[1].Value) != "y" {
				t.Fatal(back, err)
			}
			c.write(p)
			c.mustOK(c.read())
			var columns []wire.Column
			for range 3 {
				var col wire.Column
				if err := col.Decode(c.read(), c.caps); err != nil {
					t.Fatal(err)
				}
				columns = append(columns, col.Clone())
			}
			if !c.caps.Has(wire.DeprecateEOF) {
				c.read()
			}
			row := wire.NewBinaryRow(c.read(), 3)
			length, _ := row.Next(columns[0].Type)
			sum, _ := row.Next(columns[1].Type)
			n, _ := row.Next(columns[2].Type)
			if binary.LittleEndian.Uint32(length) != 2000000 || string(sum) != "Y" || n[0] != 7 {
				t.Error(length, string(sum), n, row.Err())
			}
			c.read()
		})
	})
}

func TestCommands(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		mustExec(t, root, "DROP TABLE IF EXISTS "+scratch+".listed")
		mustExec(t, root, "CREATE TABLE "+scratch+".listed (a INT DEFAULT 5, b VARCHAR(10) NOT NULL, c INT)")
		defer mustExec(t, root, "DROP TABLE "+scratch+".listed")
		eachCaps(t, srv, func(t *testing.T, c *rawClient) {
			c.send(wire.ComInitDB, scratch)
			c.mustOK(c.read())
			c.send(wire.ComStatistics, "")
			if p := c.read(); !bytes.HasPrefix(p, []byte("Uptime: ")) {
				t.Errorf("%q", p)
			}
			c.send(wire.ComFieldList, "listed\x00%")
			names := ""
			for p := c.read(); !wire.IsEnd(p, c.caps); p = c.read() {
				c.mustOK(p)
				var col wire.Column
				if err := col.Decode(p, c.caps); err != nil || !col.List {
					t.Fatal(col, err)
				}
				names += string(col.Name)
			}
			if names != "abc" {
				t.Error(names)
			}
			c.send(wire.ComDebug, "")
			c.mustOK(c.read())
			c.send(wire.ComSetOption, "\x01\x00")
			c.mustOK(c.read())
			c.query("SELECT 1; SELECT 2")
			c.mustError(1064)
			c.send(wire.ComSetOption, "\x00\x00")
			c.mustOK(c.read())
			c.query("SELECT 1; SELECT 2")
			_, end := c.rows()
			rows, last := c.rows()
			if end.Status&wire.StatusMoreResults == 0 || last.Status&wire.StatusMoreResults != 0 || rows[0] != "2" {
				t.Error(end, last, rows)
			}
			for _, command := range []wire.Command{wire.ComSleep, wire.ComBinlogDump, wire.ComBinlogDumpGTID,
				wire.ComRegisterSlave, wire.ComClone, wire.ComTableDump, wire.ComDaemon, wire.ComSubscribeGroup, 0x77, 0xff} {
				c.send(command, "rest")
				c.mustError(1047)
			}
			c.send(wire.ComBinlogDump, strings.Repeat("x", 100000))
			c.mustError(1047)
			c.ResetSequence()
			c.write(nil)
			c.mustError(1047)
			c.query("DO 1")
			c.rows()
			c.send(wire.ComProcessKill, "\xff\xff\xff\x7f")
			if e, err := wire.DecodeError(c.read()); err != nil || e.Code != 1094 && e.Code != 1047 { // MySQL 9 knows it no more
				t.Error(e, err)
			}
		})
	})
}

func TestProcedures(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		mustExec(t, root, "DROP PROCEDURE IF EXISTS "+scratch+".twice")
		mustExec(t, root, "CREATE PROCEDURE "+scratch+".twice(IN a INT, OUT b INT) BEGIN SELECT a; SELECT a + 1; SET b = 2 * a; END")
		defer mustExec(t, root, "DROP PROCEDURE "+scratch+".twice")
		eachCaps(t, srv, func(t *testing.T, c *rawClient) {
			c.query("CALL " + scratch + ".twice(4, @b)")
			first, _ := c.rows()
			second, _ := c.rows()
			_, end := c.rows()
			if first[0] != "4" || second[0] != "5" || end.Status&wire.StatusMoreResults != 0 {
				t.Error(first, second, end)
			}
			stmt := c.prepare("CALL " + scratch + ".twice(?, ?)")
			c.ResetSequence()
			e := wire.Execute{StatementID: stmt.StatementID, Iterations: 1, Bound: true, Params: []wire.Param{
				{Type: wire.TypeLong, Value: []byte{4, 0, 0, 0}}, {Type: wire.TypeLong, Null: true}}}
			c.write(e.Append(nil, c.caps))
			results := 0
			for {
				results++
				n, end := c.rows()
				if len(n) == 0 && end.Status&wire.StatusMoreResults == 0 {
					break
				}
			}
			if results != 4 { // two of SELECT, one of OUT parameters, one OK
				t.Error(results)
			}
		})
	})
}

func TestQueryAttributes(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		if srv.mariadb() {
			t.Skip("MariaDB has none")
		}
		direct(t, srv)
		f := start(t, srv)
		c := f.raw(t, wire.QueryAttributes)
		c.query("INSTALL COMPONENT 'file://component_query_attributes'")
		c.read()
		attribute := wire.Param{Name: []byte("trace"), Type: wire.TypeVarString, Value: []byte("abc")}
		q := wire.Query{SQL: []byte("SELECT mysql_query_attribute_string('trace')"), Attributes: []wire.Param{attribute}}
		c.ResetSequence()
		c.write(q.Append(nil, c.caps))
		if rows, _ := c.rows(); rows[0] != "abc" {
			t.Error(rows)
		}
		stmt := c.prepare("SELECT ?, mysql_query_attribute_string('trace')")
		for _, flags := range []uint8{wire.ParameterCountAvailable, 0} {
			e := wire.Execute{StatementID: stmt.StatementID, Flags: flags, Iterations: 1, Bound: true, Params: []wire.Param{
				{Type: wire.TypeLong, Value: []byte{4, 0, 0, 0}}}}
			if flags != 0 {
				e.Params = append(e.Params, attribute)
			}
			c.ResetSequence()
			c.write(e.Append(nil, c.caps))
			if rows, _ := c.rows(); len(rows) != 1 {
				t.Error(flags, rows)
			}
		}
	})
}

func TestLargePackets(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		var limit int
		if err := root.QueryRow("SELECT @@GLOBAL.max_allowed_packet").Scan(&limit); err != nil {
			t.Fatal(err)
		}
		if limit < 64<<20 {
			mustExec(t, root, "SET GLOBAL max_allowed_packet = 67108864")
			defer mustExec(t, root, "SET GLOBAL max_allowed_packet = ?", limit)
		}
		for name, change := range map[string]func(*options){"plain": func(*options) {}, "guarded": watched(new(watch))} {
			t.Run(name, func(t *testing.T) {
				f := start(t, srv, change)
				c := f.raw(t, wire.DeprecateEOF)
				const max = 1<<24 - 1
				for _, size := range []int{20000, 1 << 20, max - 16, max - 14, max - 13, max - 12, max, 2*max - 16, 2*max - 12, 40 << 20} {
					// COM_QUERY and "SELECT LENGTH(''),''" around the value: sizes around the packet boundary
					value := strings.Repeat("x", size)
					c.query("SELECT '" + value + "'")
					rows, _ := c.rows()
					if len(rows) != 1 || rows[0] != value {
						t.Fatal(size, len(rows))
					}
				}
			})
		}
	})
}

func TestSessionTracking(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		f := start(t, srv)
		c := f.raw(t, wire.SessionTrack|wire.DeprecateEOF)
		c.query("SET SESSION session_track_schema = ON")
		c.rows()
		c.query("USE " + scratch)
		_, ok := c.rows()
		if ok.Status&wire.StatusSessionStateChanged == 0 || !strings.Contains(string(ok.SessionState), scratch) {
			t.Errorf("%+v", ok)
		}
	})
}

func TestKillQuery(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		f := start(t, srv)
		db := f.open(t, "root", "")
		conn, err := db.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var id int
		if err := conn.QueryRowContext(context.Background(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		began := time.Now()
		go func() {
			_, err := conn.ExecContext(context.Background(), "SELECT COUNT(*) + SLEEP(60) AS killable FROM information_schema.tables a, information_schema.tables b")
			done <- err
		}()
		eventually(t, "the query to run", func() bool { return processes(t, root, "%killable%") > 0 })
		mustExec(t, f.open(t, "root", ""), fmt.Sprint("KILL QUERY ", id))
		if err := <-done; time.Since(began) > 30*time.Second {
			t.Errorf("killed after %v: %v", time.Since(began), err)
		}
		if err := conn.PingContext(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
