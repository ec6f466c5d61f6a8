package value

import (
	"encoding/hex"
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
	name    string
	mariadb bool
}

// eachServer runs test against every scratch server of the environment.
func eachServer(t *testing.T, test func(t *testing.T, s *server)) {
	for _, v := range []struct {
		env, name string
	}{{"TDEPROXY_TEST_MARIADB", "mariadb"}, {"TDEPROXY_TEST_MYSQL", "mysql"}} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			addr := os.Getenv(v.env)
			switch {
			case addr == "" && os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "":
				t.Fatalf("%s is not set", v.env)
			case addr == "":
				t.Skipf("%s is not set", v.env)
			}
			conn, err := client.Connect(addr, "root", "", "", func(c *client.Conn) error {
				c.UnsetCapability(mysql.CLIENT_DEPRECATE_EOF) // with it, the client drops the count of warnings
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s := &server{Conn: conn, name: v.name, mariadb: v.name == "mariadb"}
			db := fmt.Sprintf("tde_value_%d_%d", os.Getpid(), time.Now().UnixNano())
			s.must(t, "CREATE DATABASE "+db+" CHARACTER SET utf8mb4")
			t.Cleanup(func() {
				s.must(t, "DROP DATABASE "+db)
				conn.Close()
			})
			s.must(t, "USE "+db)
			if r := s.must(t, "SELECT CAST('x' AS SIGNED)"); r.Warnings != 1 {
				t.Fatal("the client does not see warnings")
			}
			s.must(t, "SET NAMES utf8mb4")
			test(t, s)
		})
	}
}

// must runs a statement that cannot fail.
func (s *server) must(t *testing.T, sql string, args ...any) *mysql.Result {
	t.Helper()
	r, err := s.Execute(sql, args...)
	if err != nil {
		t.Fatalf("%s: %.200s: %v", s.name, sql, err)
	}
	return r
}

// column is the first column of a query's rows.
func (s *server) column(t *testing.T, sql string) []string {
	t.Helper()
	r := s.must(t, sql)
	out := make([]string, r.RowNumber())
	for i := range out {
		out[i], _ = r.GetString(i, 0)
	}
	return out
}

// warnings are the texts of SHOW WARNINGS.
func (s *server) warnings(t *testing.T) []string {
	t.Helper()
	r := s.must(t, "SHOW WARNINGS")
	out := make([]string, r.RowNumber())
	for i := range out {
		code, _ := r.GetString(i, 1)
		text, _ := r.GetString(i, 2)
		out[i] = code + " " + text
	}
	return out
}

// literal is a value as SQL text or as a parameter, beside what the proxy makes of it.
type literal struct {
	sql string
	arg any // of a "?"
	v   Value
}

func (l literal) args() []any {
	if l.arg == nil {
		return nil
	}
	return []any{l.arg}
}

func (l literal) String() string {
	if l.arg != nil {
		return fmt.Sprintf("param %T %v", l.arg, l.arg)
	}
	return l.sql
}

// quote writes a string literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\x00", `\0`).Replace(s) + "'"
}

// numbers makes literals of numbers: with a point Decimal, with an exponent Float.
func numbers(texts ...string) (out []literal) {
	for _, s := range texts {
		k := Int
		if strings.ContainsAny(s, "eE") {
			k = Float
		} else if strings.Contains(s, ".") {
			k = Decimal
		}
		out = append(out, literal{sql: s, v: Value{Kind: k, Bytes: []byte(s)}})
	}
	return out
}

// strs makes literals of strings, as text and as parameters.
func strs(texts ...string) (out []literal) {
	for _, s := range texts {
		v := Value{Kind: String, Bytes: []byte(s), Charset: "utf8mb4"}
		out = append(out, literal{sql: quote(s), v: v}, literal{sql: "?", arg: s, v: Value{Kind: String, Bytes: v.Bytes, Charset: v.Charset, Param: true}})
	}
	return out
}

// blobs makes literals of bytes: hexadecimal in two ways, _binary, and a BLOB parameter.
func blobs(hexes ...string) (out []literal) {
	for _, h := range hexes {
		b, err := hex.DecodeString(h)
		if err != nil {
			panic(err)
		}
		out = append(out,
			literal{sql: "x'" + h + "'", v: Value{Kind: Hex, Bytes: b}},
			literal{sql: "_binary" + quote(string(b)), v: Value{Kind: Binary, Bytes: b}},
			literal{sql: "?", arg: mysql.TypedBytes{Type: mysql.MYSQL_TYPE_BLOB, Bytes: b}, v: Value{Kind: Binary, Bytes: b}})
		if h != "" {
			out = append(out, literal{sql: "0x" + h, v: Value{Kind: Hex, Bytes: b, Number: true}})
		}
	}
	return out
}

// params makes parameters of Go numbers.
func params(args ...any) (out []literal) {
	for _, a := range args {
		v := Value{Kind: Int, Bytes: fmt.Append(nil, a)}
		switch f := a.(type) {
		case float64:
			v = Value{Kind: Float, Bytes: appendShortest(f, 64)}
		case float32:
			v = Value{Kind: Float32, Bytes: appendShortest(float64(f), 32)}
		}
		out = append(out, literal{sql: "?", arg: a, v: v})
	}
	return out
}

// temporals makes binary-protocol parameters of a type's values, from canonical texts.
func temporals(typ byte, kind Kind, texts ...string) (out []literal) {
	for _, s := range texts {
		var wire []byte
		if m, ok := parseTime([]byte(s)); ok && kind == Time {
			wire = m.binaryTime(nil)
		} else if m, ok := parseMoment([]byte(s)); ok {
			wire = m.binaryDate(nil)
		} else {
			panic(s)
		}
		out = append(out, literal{sql: "?", arg: mysql.TypedBytes{Type: typ, Bytes: wire[1:]}, v: Value{Kind: kind, Bytes: []byte(s)}})
	}
	return out
}

// bools are TRUE and FALSE.
func bools() []literal {
	return []literal{
		{sql: "TRUE", v: Value{Kind: Bool, Bytes: []byte("1")}},
		{sql: "FALSE", v: Value{Kind: Bool, Bytes: []byte("0")}},
	}
}

// column is a column under test.
type column struct {
	sql string
	schema.Column
}

// rowValue cuts the value out of a row packet of one column: text or binary protocol.
func rowValue(packet []byte, binaryRow bool) []byte {
	if binaryRow {
		return packet[2:]
	}
	v, _, _, err := mysql.LengthEncodedString(packet)
	if err != nil {
		panic(err)
	}
	return v
}

// raw fetches a query of one column in both protocols, as the bytes of its rows.
func (s *server) raw(t *testing.T, sql string) (text, bin [][]byte) {
	t.Helper()
	for _, row := range s.must(t, sql).RowDatas {
		text = append(text, rowValue(row, false))
	}
	st, err := s.Prepare(sql)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	r, err := st.Execute()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.RowDatas {
		bin = append(bin, rowValue(row, true))
	}
	return text, bin
}
