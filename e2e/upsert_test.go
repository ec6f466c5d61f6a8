package e2e_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// Size of the counting.
const (
	upsertClients = 8
	upsertRounds  = 12
)

// TestUpsertsCount lets clients count by ON DUPLICATE KEY UPDATE, by statements of their own and in transactions of both isolation
// levels, rows that are not there at first among them: nothing is counted twice or lost, and only transactions see a deadlock.
func TestUpsertsCount(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		config := rawmysql.Config{Database: s.database(t, "upserts")}
		run(t, s.connect(t, config), "CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20) NOT NULL UNIQUE, n INT NOT NULL, last INT)")
		var clients sync.WaitGroup
		failed := make(chan error, upsertClients)
		for n := range upsertClients {
			c := s.connect(t, config)
			clients.Go(func() {
				defer c.Close()
				if err := countWords(c, n); err != nil {
					failed <- fmt.Errorf("client %d: %w", n, err)
				}
			})
		}
		clients.Wait()
		close(failed)
		for err := range failed {
			t.Error(err)
		}
		c := s.connect(t, config)
		defer c.Close()
		want := strconv.Itoa(upsertClients * upsertRounds)
		for _, q := range []string{"SELECT n FROM counted WHERE word = 'all'", "SELECT SUM(n) FROM counted WHERE word LIKE 'some%'"} {
			if got := column(t, c, q); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %q, want %s", q, got, want)
			}
		}
		s.healthy(t)
	})
}

// countWords counts one word that all clients count and one of several. Every third client does so in transactions.
func countWords(c *rawmysql.Conn, n int) error {
	level := []string{"READ COMMITTED", "REPEATABLE READ"}[n%2]
	if err := c.Exec("SET SESSION TRANSACTION ISOLATION LEVEL " + level); err != nil {
		return err
	}
	for i := range upsertRounds {
		statements := []string{
			fmt.Sprintf("INSERT INTO counted (word, n, last) VALUES ('all', 1, %d) ON DUPLICATE KEY UPDATE n = n + VALUES(n), last = %d", n, n),
			fmt.Sprintf("INSERT INTO counted (word, n) VALUES ('some%d', 1) ON DUPLICATE KEY UPDATE n = n + 1", (n+i)%5),
		}
		if n%3 == 0 {
			statements = slices.Concat([]string{"BEGIN"}, statements, []string{"COMMIT"})
		}
		if err := untilDone(c, statements, n%3 == 0); err != nil {
			return err
		}
	}
	return nil
}

// untilDone repeats a transaction that a deadlock ends.
func untilDone(c *rawmysql.Conn, statements []string, transaction bool) error {
	for {
		var err error
		for _, q := range statements {
			if err = c.Exec(q); err != nil {
				break
			}
		}
		var e *rawmysql.ServerError
		if err == nil || !transaction || !errors.As(err, &e) || e.Code != 1213 && e.Code != 1205 {
			return err
		}
		if err := c.Exec("ROLLBACK"); err != nil {
			return err
		}
	}
}
