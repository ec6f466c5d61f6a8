package e2e_test

import (
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// TestConsoleAlters alters a table from the mariadb console, which asks MariaDB for reports of how far that is: they come before the answers
// to what the proxy does for it.
func TestConsoleAlters(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "console")
		out := client(t, "mariadb", s.proxy.Address, `CREATE TABLE reported (id INT PRIMARY KEY, v VARCHAR(20));
			INSERT INTO reported VALUES (1, 'one'), (2, 'two');
			ALTER TABLE reported ADD n INT NOT NULL DEFAULT 7, MODIFY v VARCHAR(30), ADD KEY (v);
			ALTER TABLE reported MODIFY n BIGINT, ALGORITHM=COPY;
			ALTER TABLE reported DROP PRIMARY KEY, ADD PRIMARY KEY (v);
			CREATE TABLE copied SELECT * FROM reported;
			ALTER TABLE copied ENGINE=MyISAM;
			OPTIMIZE TABLE copied;
			SELECT CONCAT(v, n) FROM copied ORDER BY id;`, database)
		if !strings.HasSuffix(out, "CONCAT(v, n)\none7\ntwo7\n") {
			t.Errorf("the console shows %q", out)
		}
		s.healthy(t)
	})
}
