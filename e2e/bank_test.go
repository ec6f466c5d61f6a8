package e2e_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// Size of the bank.
const (
	bankClients  = 64
	bankAccounts = 40
	bankOpening  = 1000
	bankTime     = 8 * time.Second
)

// bank is what the clients of TestBankTransfers share.
type bank struct {
	proxy *harness.Proxy
	stop  atomic.Bool
	// done counts acknowledged transfers, undone those that a deadlock or a lock wait ended, cut those whose client was killed or
	// lost the server.
	done, undone, cut atomic.Int64
	mu                sync.Mutex
	strange           []string // errors that no plain server gives
}

// TestBankTransfers lets many clients move money between encrypted balances, by transactions and by single statements, in two
// isolation levels, while clients, proxy and upstream are killed: no money comes or goes.
func TestBankTransfers(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p := ownUpstream(t, f, "bank")
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		run(t, c, "CREATE DATABASE bank", "USE bank",
			"CREATE TABLE account (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner VARCHAR(20) NOT NULL, balance DECIMAL(12,2) NOT NULL, KEY (owner))")
		for i := range bankAccounts {
			run(t, c, fmt.Sprintf("INSERT INTO account VALUES (%d, 'owner%d', %d)", i+1, i+1, bankOpening))
		}
		c.Close()
		b := &bank{proxy: p}
		var clients sync.WaitGroup
		for i := range bankClients {
			clients.Go(func() { b.client(i) })
		}
		for _, kill := range []func() error{
			func() error { p.Kill(); return p.Start() }, func() error { s.Kill(); return s.Start() }, func() error { p.Kill(); return p.Start() },
		} {
			time.Sleep(bankTime / 4)
			must(t, kill())
		}
		time.Sleep(bankTime / 4)
		b.stop.Store(true)
		clients.Wait()
		t.Logf("%d transfers, %d undone by locks, %d cut off", b.done.Load(), b.undone.Load(), b.cut.Load())
		for _, e := range b.strange[:min(len(b.strange), 10)] {
			t.Error(e)
		}
		b.audit(t)
		checkLog(t, p)
	})
}

// audit counts the money.
func (b *bank) audit(t *testing.T) {
	c, err := b.proxy.Connect(rawmysql.Config{Database: "bank"})
	must(t, err)
	defer c.Close()
	want := fmt.Sprintf("%d.00", bankAccounts*bankOpening)
	if got := column(t, c, "SELECT SUM(balance) FROM account"); got[0] != want {
		t.Errorf("the bank holds %s, want %s", got[0], want)
	}
	if got := column(t, c, "SELECT COUNT(*) FROM account WHERE balance <> 1000"); got[0] == "0" {
		t.Error("no balance has changed")
	}
	if b.done.Load() < bankClients {
		t.Errorf("only %d transfers", b.done.Load())
	}
}

// client moves money until it is told to stop, with a new connection after each that is lost.
func (b *bank) client(n int) {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	level := []string{"READ COMMITTED", "REPEATABLE READ"}[n%2]
	for !b.stop.Load() {
		c, err := b.proxy.Connect(rawmysql.Config{Database: "bank", Timeout: 20 * time.Second})
		if err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		for !b.stop.Load() && b.transfer(c, r, level) {
		}
		c.Close()
	}
}

// transfer moves money once; alive says that the connection may be used again.
func (b *bank) transfer(c *rawmysql.Conn, r *rand.Rand, level string) (alive bool) {
	from, to, amount := r.IntN(bankAccounts)+1, r.IntN(bankAccounts)+1, r.IntN(5000)
	if r.IntN(60) == 0 { // the client dies in the middle
		wait := time.Duration(r.IntN(3000)) * time.Microsecond
		go func() {
			time.Sleep(wait)
			_ = c.NetConn().Close()
		}()
	}
	var err error
	switch r.IntN(3) {
	case 0:
		err = inOneStatement(c, from, to, amount)
	case 1:
		err = inTransaction(c, level, func(sign string, id int) error {
			return c.Exec(fmt.Sprintf("UPDATE account SET balance = balance %s %d.%02d WHERE id = %d", sign, amount/100, amount%100, id))
		}, from, to)
	default:
		err = inTransaction(c, level, func(sign string, id int) error { return byOwner(c, sign, id, amount) }, from, to)
	}
	return b.count(c, err)
}

// inOneStatement moves money between two rows under autocommit.
func inOneStatement(c *rawmysql.Conn, from, to, amount int) error {
	if from == to {
		return nil
	}
	return c.Exec(fmt.Sprintf("UPDATE account SET balance = balance + CASE id WHEN %d THEN -%d ELSE %d END WHERE id IN (%d, %d)", from, amount, amount, from, to))
}

// inTransaction moves money in two statements.
func inTransaction(c *rawmysql.Conn, level string, move func(sign string, id int) error, from, to int) error {
	for _, sql := range []string{"SET SESSION TRANSACTION ISOLATION LEVEL " + level, "BEGIN"} {
		if err := c.Exec(sql); err != nil {
			return err
		}
	}
	if err := move("-", from); err != nil {
		return err
	}
	if err := move("+", to); err != nil {
		return err
	}
	return c.Exec("COMMIT")
}

// byOwner changes a balance by a prepared statement.
func byOwner(c *rawmysql.Conn, sign string, id, amount int) error {
	s, err := c.Prepare("UPDATE account SET balance = balance " + sign + " ? WHERE owner = ?")
	if err != nil {
		return err
	}
	defer s.Close()
	results, err := s.Execute(rawmysql.Int(int64(amount)), rawmysql.Text(fmt.Sprintf("OWNER%d", id)))
	if err != nil {
		return err
	}
	if results[0].Err != nil {
		return results[0].Err
	}
	if results[0].AffectedRows != 1 && amount > 0 {
		return fmt.Errorf("%d rows changed", results[0].AffectedRows)
	}
	return nil
}

// count notes how a transfer ended; alive says that the connection may be used again.
func (b *bank) count(c *rawmysql.Conn, err error) (alive bool) {
	if err == nil {
		b.done.Add(1)
		return true
	}
	var e *rawmysql.ServerError
	if !errors.As(err, &e) {
		if strings.Contains(err.Error(), "rows changed") {
			b.report(err)
		}
		b.cut.Add(1)
		return false
	}
	switch e.Code {
	case 1213, 1205:
		b.undone.Add(1)
		return c.Exec("ROLLBACK") == nil
	case 1053, 1159, 1927, 2006, 2013, 4031: // upstream is going
	default:
		if b.serving(e) {
			b.report(err)
		}
	}
	b.cut.Add(1)
	return false
}

// serving says whether an error is not that of a server, or an evaluator, that has just been killed.
func (b *bank) serving(e *rawmysql.ServerError) bool {
	return !strings.Contains(e.Message, "upstream") && !strings.Contains(e.Message, "evaluator") && !strings.Contains(e.Message, "shut") &&
		!strings.Contains(e.Message, "interrupted")
}

func (b *bank) report(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.strange = append(b.strange, err.Error())
}
