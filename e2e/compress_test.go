package e2e_test

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// TestCompression writes and reads values over a compressed connection, in both protocols, and measures that it is one.
func TestCompression(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "compression")
		dir := t.TempDir()
		tap, err := harness.StartTap(s.proxy.Address, dir)
		must(t, err)
		defer tap.Close()
		c := mysql.NewConfig()
		c.User, c.Net, c.Addr, c.DBName = "root", "tcp", tap.Address, database
		must(t, c.Apply(mysql.EnableCompression(true)))
		connector, err := mysql.NewConnector(c)
		must(t, err)
		db := sql.OpenDB(connector)
		_, err = db.Exec("CREATE TABLE c (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)")
		must(t, err)
		sent := 0
		for _, size := range []int{10, 5000, 100_000, 3_000_000} {
			value := strings.Repeat("compressible ", size/13+1)[:size]
			_, err := db.Exec("INSERT INTO c (v) VALUES (?)", value)
			must(t, err)
			_, err = db.Exec("INSERT INTO c (v) VALUES (UPPER('" + value + "'))")
			must(t, err)
			sent += 2 * size
			var plain, upper string
			must(t, db.QueryRow("SELECT a.v, b.v FROM c a, c b WHERE a.id = b.id - 1 ORDER BY a.id DESC LIMIT 1").Scan(&plain, &upper))
			if plain != value || upper != strings.ToUpper(value) {
				t.Errorf("%d bytes came back as %d and %d others", size, len(plain), len(upper))
			}
			sent += 2 * size
		}
		must(t, db.Close())
		if n := recorded(t, dir); n == 0 || n > int64(sent)/20 {
			t.Errorf("%d bytes went over the connection, %d of values", n, sent)
		}
		s.healthy(t)
	})
}

// recorded is how many bytes a tap has recorded.
func recorded(t *testing.T, dir string) (n int64) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	}))
	return n
}
