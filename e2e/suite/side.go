package suite

import (
	"errors"
	"fmt"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/mysqltest"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// latin1 is the collation with which the tests' own runner connects.
const latin1 = 8

// sessionStart holds the clock and the seeds still, in every session.
const sessionStart = "SET timestamp=1700000000, rand_seed1=1, rand_seed2=2"

// side is one of the two that are compared: a server, or the proxy before one.
type side struct {
	address string
	timeout time.Duration
	conns   map[string]*rawmysql.Conn // by the test's names
}

// answer is all that came for a statement.
type answer struct {
	results []*rawmysql.Result
	lost    error // the connection broke, or the time was up
}

// err is the error that ended the statement, nil for none.
func (a answer) err() *rawmysql.ServerError {
	if n := len(a.results); n > 0 {
		return a.results[n-1].Err
	}
	return nil
}

func failedWith(e *rawmysql.ServerError) answer {
	return answer{results: []*rawmysql.Result{{Err: e}}}
}

// connect opens a session under a name.
func (s *side) connect(name string, l mysqltest.Login) answer {
	s.disconnect(name)
	c, err := rawmysql.Dial(rawmysql.Config{Address: s.address, User: l.User, Password: l.Password, Database: l.Database,
		Charset: latin1, Timeout: s.timeout, Extra: rawmysql.ClientMultiStatements})
	if err == nil {
		if err = c.Exec(sessionStart); err == nil {
			s.conns[name] = c
			return answer{results: []*rawmysql.Result{{}}}
		}
		c.Close()
	}
	var refused *rawmysql.ServerError
	if errors.As(err, &refused) {
		return failedWith(refused)
	}
	return answer{lost: err}
}

func (s *side) disconnect(name string) {
	if c := s.conns[name]; c != nil {
		c.Close()
		delete(s.conns, name)
	}
}

func (s *side) close() {
	for name := range s.conns {
		s.disconnect(name)
	}
}

// run sends a statement, prepared where that is asked for and the server can.
func (s *side) run(name, sql string, mode differ.Mode) answer {
	c := s.conns[name]
	if mode == differ.Binary && !isCall(sql) {
		a, ok := prepared(c, sql)
		if ok {
			return a
		}
	}
	results, err := c.Query(sql)
	return answer{results, err}
}

// unpreparable is the servers' error for statements without a binary protocol.
const unpreparable = 1295

func prepared(c *rawmysql.Conn, sql string) (answer, bool) {
	stmt, err := c.Prepare(sql)
	var refused *rawmysql.ServerError
	switch {
	case errors.As(err, &refused):
		return failedWith(refused), refused.Code != unpreparable
	case err != nil:
		return answer{lost: err}, true
	}
	results, err := stmt.Execute()
	if err == nil {
		err = stmt.Close()
	}
	return answer{results, err}, true
}

// column is a query's first column, for the machinery's own questions.
func column(c *rawmysql.Conn, sql string) ([]string, error) {
	results, err := c.Query(sql)
	if err != nil {
		return nil, err
	}
	if e := results[0].Err; e != nil {
		return nil, fmt.Errorf("%s: %w", sql, e)
	}
	var values []string
	for _, row := range results[0].Rows {
		values = append(values, string(row[0]))
	}
	return values, nil
}
