package plan

import (
	"bytes"
	"strings"
	"testing"
)

func TestConcernsTLS(t *testing.T) {
	for text, want := range map[string]bool{
		"ALTER INSTANCE RELOAD TLS":                        true,
		" /* a; */ -- b\n# c\n alter instance reload tls;": true,
		"/*!80000 ALTER INSTANCE RELOAD */ TLS":            true,
		"BEGIN; ALTER INSTANCE RELOAD TLS":                 true,
		"FLUSH SSL":                                        true,
		"sHOW\nStatus":                                     true,
		"show variables where 1":                           true,
		"SELECT @@GLOBAL.SSL_CA":                           true,
		"(SELECT @@tls_version)":                           true,
		"WITH a AS (SELECT 1) SELECT @@have_ssl":           true,
		"SET GLOBAL REQUIRE_SECURE_TRANSPORT = ON":         true,
		"PREPARE s FROM 'flush ssl'":                       true,
		"INSERT INTO t VALUES ('x'); SHOW STATUS":          true,
		"":  false,
		";": false,
		"SELECT status, variables FROM t WHERE a = @b":  false,
		"INSERT INTO tls VALUES ('ssl', 'show status')": false,
		"UPDATE t SET status = 1; DELETE FROM t":        false,
		"SHOW TABLES":                                   false,
		"COMMIT":                                        false,
		"/* open":                                       false,
		"-- only a comment":                             false,
	} {
		if ConcernsTLS([]byte(text)) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

func TestSpliceTLS(t *testing.T) {
	value := func(name, text string) string { return "<" + name + "|" + text + ">" }
	for sql, want := range map[string]string{
		"SELECT @@ssl_ca": "SELECT <ssl_ca|@@ssl_ca> AS `@@ssl_ca`",
		"SELECT /* x */ @@ssl_ca a, 'it''s' , 0x41":                    "SELECT   <ssl_ca|@@ssl_ca> a, 'it''s' , 0x41",
		"select  lower( @@Global.TLS_version ) , 1":                    "select  lower( <tls_version|@@Global.TLS_version> ) AS `lower( @@Global.TLS_version )` , 1",
		"SELECT 1 FROM t WHERE @@have_ssl = 'YES' LIMIT 1":             "SELECT 1 FROM t WHERE <have_ssl|@@have_ssl> = 'YES' LIMIT 1",
		"SELECT (SELECT @@ssl_key)":                                    "SELECT (SELECT <ssl_key|@@ssl_key> AS `@@ssl_key`) AS `(SELECT @@ssl_key)`",
		"(SELECT @@ssl_key) UNION SELECT @@session.ssl_ca AS `x``y`; ": "(SELECT <ssl_key|@@ssl_key> AS `@@ssl_key`) UNION SELECT @@session.ssl_ca AS `x``y`",
		"SELECT '@@ssl_ca', @ssl_ca, `@@ssl_ca` FROM t":                "SELECT '@@ssl_ca', @ssl_ca, `@@ssl_ca` FROM t",
		"SELECT @@ssl_ca, @@ssl_ca, @@ssl_crl":                         "SELECT <ssl_ca|@@ssl_ca> AS `@@ssl_ca`, <ssl_ca|@@ssl_ca> AS `@@ssl_ca`, <ssl_crl|@@ssl_crl> AS `@@ssl_crl`",
	} {
		got, ok := SpliceTLS([]byte(sql), Mode{Version: 90704}, value)
		if !ok || got != want {
			t.Errorf("%s\ngot  %q %t\nwant %q", sql, got, ok, want)
		}
	}
	if _, ok := SpliceTLS([]byte("SELECT @@ssl_ca FROM"), Mode{}, value); ok {
		t.Error("read what cannot be parsed")
	}
}

func BenchmarkConcernsTLS(b *testing.B) {
	text := []byte("INSERT INTO t VALUES " + strings.Repeat("(1, 'some text; values', 'show me'),", 30000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if ConcernsTLS(bytes.TrimSpace(text)) {
			b.Fatal("it does not")
		}
	}
}
