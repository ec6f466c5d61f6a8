package schema_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// server is a connection to a scratch server, with a database of its own.
type server struct {
	*client.Conn
	db      string
	mariaDB bool
}

// eachServer runs test against every scratch server of the environment.
func eachServer(t *testing.T, test func(t *testing.T, s *server)) {
	for env, mariaDB := range map[string]bool{"TDEPROXY_TEST_MARIADB": true, "TDEPROXY_TEST_MYSQL": false} {
		t.Run(flavour(mariaDB), func(t *testing.T) {
			addr := os.Getenv(env)
			switch {
			case addr == "" && os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "":
				t.Fatalf("%s is not set", env)
			case addr == "":
				t.Skipf("%s is not set", env)
			}
			conn, err := client.Connect(addr, "root", "", "")
			if err != nil {
				t.Fatal(err)
			}
			s := &server{Conn: conn, mariaDB: mariaDB, db: fmt.Sprintf("tde_schema_%d_%d", os.Getpid(), time.Now().UnixNano())}
			s.must(t, "CREATE DATABASE "+s.db)
			t.Cleanup(func() {
				s.must(t, "DROP DATABASE "+s.db)
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
			})
			s.must(t, "USE "+s.db)
			test(t, s)
		})
	}
}

func (s *server) must(t *testing.T, sql string) *mysql.Result {
	t.Helper()
	r, err := s.Execute(sql)
	if err != nil {
		t.Fatalf("%.300s: %v", sql, err)
	}
	return r
}

// fails runs a statement that must fail with one of some codes.
func (s *server) fails(t *testing.T, sql string, codes ...uint16) {
	t.Helper()
	_, err := s.Execute(sql)
	my, ok := errors.AsType[*mysql.MyError](err)
	for _, c := range codes {
		if ok && my.Code == c {
			return
		}
	}
	t.Errorf("%.300s: %v, want one of %v", sql, err, codes)
}

// create makes a table with its metadata, and reads it back.
func (s *server) create(t *testing.T, table *schema.Table) {
	t.Helper()
	table.DB = s.db
	comment, columns, err := schema.Encode(table, sum)
	if err != nil {
		t.Fatal(err)
	}
	sql, err := schema.CreateTable(table, &schema.Physical{MariaDB: s.mariaDB, MaxStored: sizes, Overhead: 35, TableComment: comment, ColumnComments: columns})
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, sql)
	where := " WHERE TABLE_SCHEMA = '" + s.db + "' AND TABLE_NAME = '" + table.Name + "'"
	r := s.must(t, "SELECT TABLE_COMMENT FROM information_schema.TABLES"+where)
	comment, _ = r.GetString(0, 0)
	r = s.must(t, "SELECT COLUMN_COMMENT FROM information_schema.COLUMNS"+where)
	columns = nil
	for i := range r.RowNumber() {
		c, _ := r.GetString(i, 0)
		columns = append(columns, c)
	}
	got, err := schema.Decode(s.db, table.Name, comment, columns, open)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Columns) != len(table.Columns) || got.ID != table.ID {
		t.Errorf("read back %+v", got)
	}
}

// modes are sql_modes that read SQL differently.
var modes = []string{"", "ANSI,STRICT_ALL_TABLES", "NO_BACKSLASH_ESCAPES,TRADITIONAL"}

func TestPhysicalTables(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		for _, mode := range modes {
			s.must(t, "SET sql_mode = '"+mode+"'")
			s.create(t, customers())
			s.create(t, orders())
			testTables(t, s)
			s.must(t, "DROP TABLE orders, customers")
		}
		s.create(t, wide(60))
	})
}

func testTables(t *testing.T, s *server) {
	t.Helper()
	const columns = "(email, hidden, _tde_eq_email, `na``me`, `_tde_eq_na``me`) VALUES "
	s.must(t, "INSERT INTO customers "+columns+"('cell', 'cell', 'token1', NULL, NULL)")
	r := s.must(t, "SELECT * FROM customers")
	var names []string
	for _, f := range r.Fields {
		names = append(names, string(f.Name))
	}
	if got := strings.Join(names, " "); got != "id email na`me note region" {
		t.Errorf("SELECT * shows %s", got)
	}
	if id, _ := r.GetInt(0, 0); id != 100 {
		t.Errorf("AUTO_INCREMENT gave %d", id)
	}
	if region, _ := r.GetString(0, 4); region != `O'\` {
		t.Errorf("default of a clear column: %q", region)
	}
	// 1062 UNIQUE; 1364 no default; 3819 and 4025 CHECK, in MySQL and MariaDB; 1048 NOT NULL.
	s.fails(t, "INSERT INTO customers "+columns+"('cell', 'cell', 'token1', NULL, NULL)", 1062)
	s.fails(t, "INSERT INTO customers (email, hidden) VALUES ('no token', 'cell')", 1364, 3819, 4025)
	s.fails(t, "INSERT INTO customers (email, _tde_eq_email) VALUES ('no hidden cell', 'token2')", 1364, 3819, 4025)
	s.fails(t, "INSERT INTO customers "+columns+"('cell', 'cell', 'token2', 'no token', NULL)", 3819, 4025)
	s.fails(t, "INSERT INTO customers "+columns+"('cell', 'cell', 'token2', NULL, 'no cell')", 3819, 4025)
	s.fails(t, "UPDATE customers SET _tde_eq_email = NULL", 1048, 3819, 4025)

	s.must(t, "INSERT INTO orders (number, _tde_eq_number, customer, mail, _tde_eq_mail) VALUES ('cell', 'n1', 100, 'cell', 'token1')")
	s.fails(t, "INSERT INTO orders (number, _tde_eq_number, mail, _tde_eq_mail) VALUES ('cell', 'n2', 'cell', 'nobody')", 1452)
	s.fails(t, "UPDATE customers SET _tde_eq_email = 'token9' WHERE id = 100", 1451)
	s.must(t, "UPDATE customers SET id = 200 WHERE id = 100")
	r = s.must(t, "SELECT customer FROM orders")
	if id, _ := r.GetInt(0, 0); id != 200 {
		t.Errorf("the clear foreign key did not cascade: %d", id)
	}
	s.must(t, "DELETE FROM customers")
	if r := s.must(t, "SELECT COUNT(*) FROM orders"); func() int64 { n, _ := r.GetInt(0, 0); return n }() != 0 {
		t.Error("the foreign key between tokens did not cascade")
	}
}
