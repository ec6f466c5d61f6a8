package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestMydumper dumps encrypted tables by mydumper, whose files have a table each, and loads them by myloader through the proxy and into a
// plain server. Its threads load tables in no order, so there is no foreign key. Debian's mydumper is older than MySQL 8: it leaves out
// columns that MySQL says DEFAULT_GENERATED of.
func TestMydumper(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		source, back := s.database(t, "mydumper_source"), s.database(t, "mydumper_back")
		fill(t, s, source)
		run(t, s.connect(t, rawmysql.Config{Database: source}), "ALTER TABLE child DROP FOREIGN KEY up", "ALTER TABLE child ALTER made DROP DEFAULT")
		want := readAll(t, s.proxy.Address, source)
		dir := filepath.Join(t.TempDir(), "dump")
		client(t, "mydumper", s.proxy.Address, "", "--database="+source, "--outputdir="+dir, "--threads=2")
		if text := allFiles(t, dir); !strings.Contains(text, "name of row 2999") || strings.Contains(text, "tdeproxy1:") || strings.Contains(text, "_tde_") {
			t.Error("the dump has not the rows, or something physical")
		}
		for _, address := range []string{s.plain.Address, s.proxy.Address} {
			client(t, "myloader", address, "", "--database="+back, "--directory="+dir, "--threads=2", "--overwrite-tables")
			sameDump(t, want, readAll(t, address, back))
		}
		s.healthy(t)
	})
}

// allFiles is the text of all files of a folder.
func allFiles(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var all strings.Builder
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		all.Write(text)
	}
	return all.String()
}
