package e2e_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// dumpTables are what is dumped. A dump is in the order of names: a table to which a foreign key points must come first.
var dumpTables = []string{
	"CREATE TABLE above (code VARCHAR(20) PRIMARY KEY, note TEXT COMMENT 'what''s up') COMMENT='those above'",
	`CREATE TABLE child (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20), name VARCHAR(200) NOT NULL DEFAULT 'none', raw BLOB, n BIGINT,
		d DECIMAL(20,4), e ENUM('a','b'), b BIT(9), made TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP, j JSON, UNIQUE KEY names (name), KEY (n),
		CONSTRAINT up FOREIGN KEY (code) REFERENCES above (code))`,
	"CREATE TABLE marked (id INT PRIMARY KEY, v VARCHAR(40)) ENCRYPTION='Y'",
	"CREATE VIEW looks AS SELECT a.code, CONCAT(a.note, ' seen') AS note, (SELECT COUNT(*) FROM child) AS children FROM above a WHERE a.code <> 'not seen'",
	"INSERT INTO above VALUES ('p''1', 'first \\\\ \"q\"'), ('p2', NULL)",
	"INSERT INTO marked VALUES (1, 'one'), (2, NULL)",
}

// dumpRows is how many rows child has: more than one INSERT of a dump takes.
const dumpRows = 3000

// dumpReads read all of it.
var dumpReads = []string{
	"SELECT code, note FROM above ORDER BY code", "SELECT id, v FROM marked ORDER BY id",
	"SELECT code, note, children FROM looks ORDER BY code",
	"SELECT id, code, name, HEX(raw), n, d, e, b + 0, made, j FROM child ORDER BY id",
}

// dumper is a program that writes dumps, with options.
type dumper struct {
	name, program string
	options       []string
	only          harness.Flavour // empty: both
}

var dumpers = []dumper{
	{name: "consistent", program: "mariadb-dump", options: []string{"--single-transaction", "--routines", "--triggers", "--events"}},
	{name: "locked", program: "mariadb-dump", options: []string{"--lock-tables", "--hex-blob", "--complete-insert"}},
	{name: "mysqldump", program: "mysqldump", options: []string{"--set-gtid-purged=OFF", "--single-transaction", "--routines", "--events"}, only: harness.MySQL},
	{name: "mysqldump_locked", program: "mysqldump", options: []string{"--set-gtid-purged=OFF", "--lock-tables", "--hex-blob", "--skip-extended-insert"}, only: harness.MySQL},
}

// path of the program: MySQL's lie beside its server.
func (d dumper) path(t *testing.T) string {
	t.Helper()
	if d.only != harness.MySQL {
		return d.program
	}
	server, err := harness.MySQL.Binary()
	must(t, err)
	return filepath.Join(filepath.Dir(server), d.program)
}

// TestDump dumps encrypted tables through the proxy, and loads the dump through the proxy and into a plain server.
func TestDump(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		source := s.database(t, "dump_source")
		fill(t, s, source)
		want := readAll(t, s.proxy.Address, source)
		for _, d := range dumpers {
			if d.only != "" && d.only != f {
				continue
			}
			t.Run(d.name, func(t *testing.T) {
				dump := dumpOf(t, d.path(t), s.proxy.Address, append(slices.Clone(d.options), source)...)
				for _, mark := range []string{"_tde_", "tdeproxy1:", "tdeproxyview1:"} {
					if strings.Contains(dump, mark) {
						at := strings.Index(dump, mark)
						t.Errorf("the dump has %q: %s", mark, dump[max(0, at-200):at+100])
					}
				}
				if !strings.Contains(dump, "name of row 2999") {
					t.Error("the dump has not the rows")
				}
				back := s.database(t, "dump_back_"+d.name)
				for _, address := range []string{s.plain.Address, s.proxy.Address} {
					load(t, address, back, dump)
					sameDump(t, want, readAll(t, address, back))
				}
				direct, err := s.upstream.Connect(rawmysql.Config{})
				must(t, err)
				defer direct.Close()
				stored := column(t, direct,
					"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '"+back+"' AND TABLE_COMMENT LIKE 'tdeproxy1:%'")
				if stored[0] != "3" {
					t.Errorf("%s encrypted tables are stored of 3", stored[0])
				}
			})
		}
		t.Run("past the proxy", func(t *testing.T) {
			dump := dumpOf(t, "mariadb-dump", s.upstream.Address, "--single-transaction", "--hex-blob", source)
			if strings.Contains(dump, "not seen") || strings.Contains(dump, "name of row") || strings.Contains(dump, fmt.Sprintf("%X", "name of row")) {
				t.Fatal("a dump of what is stored has plaintext")
			}
			other, err := harness.StartServer(f, harness.ServerOptions{})
			must(t, err)
			t.Cleanup(other.Remove)
			must(t, other.Exec("CREATE DATABASE "+source))
			load(t, other.Address, source, dump)
			keys := map[string]string{"keyring.kms": fmt.Sprintf("%q", kmsOf(t, s.proxy))}
			for setting, name := range map[string]string{"keyring.file": "keyring.json", "sslcert.dir": "certs"} {
				keys[setting] = fmt.Sprintf("%q", filepath.Join(s.proxy.Dir, name))
			}
			p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: other.Address, Flavour: f, Encrypt: []string{"*"}, Settings: keys})
			must(t, err)
			t.Cleanup(p.Remove)
			sameDump(t, want, readAll(t, p.Address, source))
		})
	})
}

// kmsOf is the KMS in a proxy's configuration.
func kmsOf(t *testing.T, p *harness.Proxy) string {
	t.Helper()
	text, err := os.ReadFile(p.Config)
	must(t, err)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "kms"); ok {
			return strings.Trim(value, " =\"")
		}
	}
	t.Fatal("the proxy's configuration names no KMS")
	return ""
}

// fill makes the tables that are dumped.
func fill(t *testing.T, s *stage, database string) {
	t.Helper()
	c := s.connect(t, rawmysql.Config{Address: s.proxy.Address, Database: database})
	run(t, c, dumpTables...)
	for from := 0; from < dumpRows; from += 500 {
		var rows []string
		for i := from; i < from+500; i++ {
			rows = append(rows, fmt.Sprintf(`('p2', 'name of row %d é', x'%08x00ff27', %d, %d.25, 'b', b'1%08b', '2024-05-06 07:08:09', '{"k": %d}')`, i, i, -i, i, i%256, i))
		}
		run(t, c, "INSERT INTO child (code, name, raw, n, d, e, b, made, j) VALUES "+strings.Join(rows, ","))
	}
}

func readAll(t *testing.T, address, database string) (all []string) {
	t.Helper()
	c, err := rawmysql.Dial(rawmysql.Config{Address: address, Database: database})
	must(t, err)
	defer c.Close()
	for _, q := range dumpReads {
		results, err := c.Query(q)
		must(t, err)
		if results[0].Err != nil {
			t.Fatalf("%s: %v", q, results[0].Err)
		}
		for _, row := range results[0].Rows {
			all = append(all, fmt.Sprintf("%q", row))
		}
	}
	return all
}

func sameDump(t *testing.T, want, got []string) {
	t.Helper()
	if len(want) != len(got) || len(got) < dumpRows {
		t.Errorf("%d rows, want %d", len(got), len(want))
		return
	}
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("row %d is %s, want %s", i, got[i], want[i])
			return
		}
	}
}

// dumpOf runs a program that writes a dump.
func dumpOf(t *testing.T, program, address string, args ...string) string {
	t.Helper()
	return client(t, program, address, "", append([]string{"--default-character-set=utf8mb4"}, args...)...)
}

// load runs a dump in a database.
func load(t *testing.T, address, database, dump string) {
	t.Helper()
	client(t, "mariadb", address, dump, "--default-character-set=utf8mb4", database)
}

// client runs one of MariaDB's or MySQL's programs.
func client(t *testing.T, name, address, input string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, err)
	}
	host, port, err := net.SplitHostPort(address)
	must(t, err)
	options := []string{"--user=root", "--host=" + host, "--port=" + port}
	if name != "mydumper" && name != "myloader" { // these read no files of options
		options = append([]string{"--no-defaults", "--protocol=tcp"}, options...)
	}
	cmd := exec.Command(path, append(options, args...)...)
	cmd.Stdin = strings.NewReader(input)
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, complaints.String())
	}
	return out.String()
}
