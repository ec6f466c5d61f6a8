package clients

import (
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"sync"
	"time"
)

// session is one connection of a client that is written in Go.
type session interface {
	// ask runs a statement with values for its question marks and returns the only column of its rows.
	ask(sql string, args ...string) ([]string, error)
	close() error
}

// opener makes sessions.
type opener struct {
	version string
	open    func() (session, error)
}

// sessions is the load of a client that is written in Go: one goroutine for each connection, and one that opens new
// ones.
type sessions struct {
	load  *Load
	kind  Kind
	open  func() (session, error)
	ready chan struct{}
	done  chan struct{}
	kill  chan struct{}
	once  sync.Once

	mu     sync.Mutex
	report Report
}

func startSessions(l *Load, k Kind, o opener) *sessions {
	s := &sessions{load: l, kind: k, open: o.open, report: Report{Version: o.version},
		ready: make(chan struct{}), done: make(chan struct{}), kill: make(chan struct{})}
	go s.run()
	return s
}

// Ready implements Client.
func (s *sessions) Ready() <-chan struct{} { return s.ready }

// Kill implements Client.
func (s *sessions) Kill() { s.once.Do(func() { close(s.kill) }) }

// Report implements Client.
func (s *sessions) Report(timeout time.Duration) (Report, error) {
	select {
	case <-s.done:
		return s.report, nil
	case <-time.After(timeout):
		return Report{}, fmt.Errorf("did not end within %s", timeout)
	}
}

func (s *sessions) run() {
	defer close(s.done)
	var all []session
	for range s.kind.Connections {
		one, err := s.open()
		if err != nil {
			s.failed("connecting", err)
			break
		}
		all = append(all, one)
	}
	close(s.ready)
	var wait sync.WaitGroup
	for i, one := range all {
		wait.Go(func() { s.stay(one, fmt.Sprint(i)) })
	}
	if len(all) == s.kind.Connections {
		wait.Go(s.comeAndGo)
	}
	wait.Wait()
}

// stopped waits for a while; it says whether the load shall end.
func (s *sessions) stopped(pause time.Duration) bool {
	select {
	case <-s.kill:
		return true
	case <-time.After(pause):
	}
	_, err := os.Stat(s.load.Stop)
	return err == nil
}

func (s *sessions) count(change func(*Report)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.report)
}

func (s *sessions) failed(what string, err error) {
	s.count(func(r *Report) {
		r.Failed++
		if len(r.Failures) < 20 {
			r.Failures = append(r.Failures, what+": "+err.Error())
		}
	})
}

// stay keeps one connection; it must be the same one at the end.
func (s *sessions) stay(one session, who string) {
	defer one.close()
	ids, err := one.ask("SELECT CONNECTION_ID()")
	for n := 1; err == nil && !s.stopped(s.load.Pace); n++ {
		err = s.work(one, who, n)
	}
	if err == nil {
		err = want(one, strings.Join(ids, " "), "SELECT CONNECTION_ID()")
	}
	if err != nil {
		s.failed("connection "+who, err)
		return
	}
	s.count(func(r *Report) { r.Kept++ })
}

func (s *sessions) comeAndGo() {
	for n := 1; !s.stopped(s.kind.New); n++ {
		if err := s.visit(n); err != nil {
			s.failed(fmt.Sprintf("new connection %d", n), err)
			continue
		}
		s.count(func(r *Report) { r.Opened++ })
	}
}

func (s *sessions) visit(n int) error {
	one, err := s.open()
	if err != nil {
		return err
	}
	defer one.close()
	return s.work(one, "new", n)
}

// work is one select, and at every fifth step an insert that is read back.
func (s *sessions) work(one session, who string, n int) error {
	i := (int(crc32.ChecksumIEEE([]byte(who))) + n) % s.load.People
	if err := want(one, fmt.Sprintf("note %d", i), "SELECT note FROM people WHERE name = ?", fmt.Sprintf("person %d", i)); err != nil {
		return err
	}
	s.count(func(r *Report) { r.Queries++ })
	if n%5 != 0 {
		return nil
	}
	tag := fmt.Sprintf("%s-%s-%d", s.kind.Name, who, n)
	if _, err := one.ask("INSERT INTO visits (tag, text) VALUES (?, ?)", tag, "text of "+tag); err != nil {
		return err
	}
	s.count(func(r *Report) { r.Queries++; r.Inserts++ })
	if err := want(one, "text of "+tag, "SELECT text FROM visits WHERE tag = ?", tag); err != nil {
		return err
	}
	s.count(func(r *Report) { r.Queries++ })
	return nil
}

func want(one session, value, sql string, args ...string) error {
	got, err := one.ask(sql, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	if len(got) != 1 || got[0] != value {
		return fmt.Errorf("%s: got %q, want %q", sql, got, value)
	}
	return nil
}
