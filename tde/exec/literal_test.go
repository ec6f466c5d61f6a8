package exec

import (
	"context"
	"database/sql"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

var stringLiterals = []string{
	`'abc'`, `''`, `'it''s'`, `"a""b"`, `'a"b'`, `"a'b"`, `'a\'b'`, `'\0\b\n\r\t\Z\\\%\_\x\q'`, `'a' 'b'`, "'a'\n\t'b' \"c\"",
	`x'4142'`, `X'00ff'`, `0x414`, `0xdeadBEEF`, `b'1'`, `b'101010101'`, `0b11`, `N'n'`, `_utf8mb4'é'`, `_latin1 'abc'`, `_binary'\0\''`,
	`_utf8mb4 x'c3a9'`, `_binary x'00ff'`, `'é'`, `'日本'`,
}

// servers are the scratch servers that the tests were given.
func servers(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, env := range []string{"TDEPROXY_TEST_MARIADB", "TDEPROXY_TEST_MYSQL"} {
		if a := os.Getenv(env); a != "" {
			out[env] = a
		}
	}
	if len(out) == 0 && os.Getenv("TDEPROXY_REQUIRE_SERVERS") == "" {
		t.Skip("no server given in TDEPROXY_TEST_MARIADB or TDEPROXY_TEST_MYSQL")
	}
	if len(out) == 0 {
		t.Fatal("no server given in TDEPROXY_TEST_MARIADB or TDEPROXY_TEST_MYSQL")
	}
	return out
}

func connect(t *testing.T, address string) *sql.Conn {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.TLSConfig, cfg.AllowNativePasswords = "root", "tcp", address, "preferred", true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.ExecContext(context.Background(), "SET NAMES utf8mb4"); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLiteralsAsServers: what a literal is read as is what the server takes it for.
func TestLiteralsAsServers(t *testing.T) {
	for name, address := range servers(t) {
		t.Run(name, func(t *testing.T) {
			c := connect(t, address)
			for _, noBackslash := range []bool{false, true} {
				mode := ""
				if noBackslash {
					mode = "NO_BACKSLASH_ESCAPES"
				}
				if _, err := c.ExecContext(t.Context(), "SET sql_mode = '"+mode+"'"); err != nil {
					t.Fatal(err)
				}
				for _, lit := range stringLiterals {
					compareLiteral(t, c, lit, plan.Mode{NoBackslashEscapes: noBackslash})
				}
			}
		})
	}
}

func compareLiteral(t *testing.T, c *sql.Conn, lit string, mode plan.Mode) {
	t.Helper()
	src := "SELECT HEX(" + lit + ")"
	var l plan.Lexer
	lexErr := l.Lex([]byte(src), mode)
	var want string
	if err := c.QueryRowContext(t.Context(), src).Scan(&want); err != nil {
		if lexErr == nil && len(l.Literals) == 1 && strings.Count(string(l.Template), "?") == 1 && !mode.NoBackslashEscapes {
			t.Errorf("%s: the server refuses it (%v), the lexer does not", lit, err)
		}
		return
	}
	if lexErr != nil || len(l.Literals) != 1 {
		t.Errorf("%s: lexed as %q with %d literals, %v", lit, l.Template, len(l.Literals), lexErr)
		return
	}
	v, err := literalValue([]byte(src), l.Literals[0], mode, "utf8mb4")
	if err != nil {
		t.Errorf("%s: %v", lit, err)
		return
	}
	if got := strings.ToUpper(hex.EncodeToString(v.Bytes)); got != want {
		t.Errorf("%s under %+v: read as %s, the server says %s", lit, mode, got, want)
	}
}

func TestParams(t *testing.T) {
	for _, c := range []struct {
		p    wire.Param
		kind value.Kind
		text string
	}{
		{wire.Param{Type: wire.TypeTiny, Value: []byte{0xff}}, value.Int, "-1"},
		{wire.Param{Type: wire.TypeTiny, Unsigned: true, Value: []byte{0xff}}, value.Int, "255"},
		{wire.Param{Type: wire.TypeLongLong, Value: []byte{0, 0, 0, 0, 0, 0, 0, 0x80}}, value.Int, "-9223372036854775808"},
		{wire.Param{Type: wire.TypeLongLong, Unsigned: true, Value: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, value.Int, "18446744073709551615"},
		{wire.Param{Type: wire.TypeDouble, Value: []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f}}, value.Float, "1.5"},
		{wire.Param{Type: wire.TypeFloat, Value: []byte{0, 0, 0xc0, 0x3f}}, value.Float32, "1.5"},
		{wire.Param{Type: wire.TypeDate, Value: []byte{0xe8, 7, 2, 29}}, value.Date, "2024-02-29"},
		{wire.Param{Type: wire.TypeDatetime, Value: []byte{0xe8, 7, 2, 29, 1, 2, 3, 0x40, 0xe2, 1, 0}}, value.DateTime, "2024-02-29 01:02:03.123456"},
		{wire.Param{Type: wire.TypeTime, Value: []byte{1, 1, 0, 0, 0, 2, 3, 4}}, value.Time, "-26:03:04"},
		{wire.Param{Type: wire.TypeNewDecimal, Value: []byte("1.50")}, value.Decimal, "1.50"},
		{wire.Param{Type: wire.TypeBlob, Value: []byte{0}}, value.Binary, "\x00"},
		{wire.Param{Type: wire.TypeString, Value: []byte("x")}, value.String, "x"},
		{wire.Param{Type: wire.TypeString, Null: true}, value.Null, ""},
	} {
		v, err := paramValue(&c.p, "utf8mb4")
		if err != nil || v.Kind != c.kind || string(v.Bytes) != c.text {
			t.Errorf("%+v: %v %q %v, want %v %q", c.p, v.Kind, v.Bytes, err, c.kind, c.text)
		}
	}
	for _, bad := range []wire.Param{
		{Type: wire.TypeDouble, Value: []byte{1}}, {Type: wire.TypeDate, Value: []byte{1}}, {Type: wire.TypeLongLong, Value: make([]byte, 9)},
		{Type: wire.TypeTime, Value: []byte{1, 2}}, {Type: wire.TypeGeometry},
	} {
		if v, err := paramValue(&bad, "utf8mb4"); err == nil {
			t.Errorf("%+v was read as %v", bad, v.Kind)
		}
	}
}

func TestLocation(t *testing.T) {
	at := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
	for zone, want := range map[string]string{"+02:00": "14:00", "-05:30": "06:30", "UTC": "12:00", "Europe/Berlin": "14:00"} {
		loc := location(zone)
		if loc == nil {
			t.Errorf("%s is unknown", zone)
			continue
		}
		if got := at.In(loc).Format("15:04"); got != want {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
	}
	if loc := location("Nowhere/Land"); loc != nil {
		t.Errorf("an unknown zone became %v", loc)
	}
}

// FuzzLiteral: whatever bytes a literal has, reading it does not panic.
func FuzzLiteral(f *testing.F) {
	for _, lit := range stringLiterals {
		f.Add(lit, uint8(plan.LitString), false)
		f.Add(lit, uint8(plan.LitHex), true)
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8, noBackslash bool) {
		l := plan.Literal{Kind: plan.LiteralKind(kind % 10), End: len(text)}
		_, _ = literalValue([]byte(text), l, plan.Mode{NoBackslashEscapes: noBackslash}, "utf8mb4")
	})
}
