// Package suite runs the servers' own regression tests on a plain server and,
// encrypted, through the proxy, and compares each statement's answers.
package suite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// Stage is a plain server, and another one with a proxy before it that
// encrypts every table. Its databases and users are dropped between files.
type Stage struct {
	plain, upstream *harness.Server
	proxy           *harness.Proxy // nil where two plain servers are compared
	globals         map[*harness.Server]map[string]string
}

// StageOptions choose a stage.
type StageOptions struct {
	Flavour harness.Flavour
	Binary  string // the proxy; "" compares two plain servers
}

// serverOptions make servers that tests of any flavour expect, and whose
// choice of plans does not depend on the time.
var serverOptions = harness.ServerOptions{Extra: []string{"--character-set-server=latin1", "--innodb-stats-auto-recalc=0"}}

// Start starts servers and proxy.
func Start(o StageOptions) (*Stage, error) {
	s := &Stage{globals: map[*harness.Server]map[string]string{}}
	var err error
	for _, server := range []**harness.Server{&s.plain, &s.upstream} {
		if *server, err = harness.StartServer(o.Flavour, serverOptions); err != nil {
			s.Remove()
			return nil, err
		}
	}
	if o.Binary == "" {
		return s, nil
	}
	s.proxy, err = harness.StartProxy(harness.ProxyOptions{Binary: o.Binary, Upstream: s.upstream.Address, Flavour: o.Flavour, Encrypt: []string{"*"}})
	if err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// Proxy is the stage's proxy.
func (s *Stage) Proxy() *harness.Proxy { return s.proxy }

// Remove ends everything and deletes it.
func (s *Stage) Remove() {
	if s.proxy != nil {
		s.proxy.Remove()
	}
	for _, server := range []*harness.Server{s.plain, s.upstream} {
		if server != nil {
			server.Remove()
		}
	}
}

// second is where the other side's clients connect.
func (s *Stage) second() string {
	if s.proxy != nil {
		return s.proxy.Address
	}
	return s.upstream.Address
}

// heal starts again what has died, and says what that was.
func (s *Stage) heal() (died []string, err error) {
	for i, server := range []*harness.Server{s.plain, s.upstream} {
		if !server.Running() {
			died = append(died, []string{"the plain server", "the upstream server"}[i])
			server.Kill()
			if err := server.Start(); err != nil {
				return died, err
			}
		}
	}
	if s.proxy != nil && !s.proxy.Running() {
		died = append(died, "the proxy")
		s.proxy.Kill()
		err = s.proxy.Start()
	}
	return died, err
}

var systemDatabases = []string{"information_schema", "mysql", "performance_schema", "sys"}

// reset leaves both sides with an empty database "test", no users but root
// and the global variables of the start.
func (s *Stage) reset() error {
	if s.proxy != nil {
		if err := dropDatabases(s.proxy.Address); err != nil {
			return fmt.Errorf("through the proxy: %w", err)
		}
	}
	for _, server := range []*harness.Server{s.plain, s.upstream} {
		if err := dropDatabases(server.Address); err != nil {
			return err
		}
		if err := s.resetServer(server); err != nil {
			return err
		}
	}
	for _, address := range []string{s.plain.Address, s.second()} {
		c, err := rawmysql.Dial(rawmysql.Config{Address: address})
		if err != nil {
			return err
		}
		err = c.Exec("CREATE DATABASE test")
		c.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// dropDatabases drops what it can. What the proxy refuses to drop is dropped
// behind its back afterwards.
func dropDatabases(address string) error {
	c, err := rawmysql.Dial(rawmysql.Config{Address: address})
	if err != nil {
		return err
	}
	defer c.Close()
	names, err := column(c, "SHOW DATABASES")
	if err != nil {
		return err
	}
	if err := c.Exec("SET foreign_key_checks=0"); err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(systemDatabases, name) {
			_ = c.Exec("DROP DATABASE `" + strings.ReplaceAll(name, "`", "``") + "`")
		}
	}
	return nil
}

func (s *Stage) resetServer(server *harness.Server) error {
	c, err := server.Connect(rawmysql.Config{})
	if err != nil {
		return err
	}
	defer c.Close()
	users, err := column(c, "SELECT CONCAT(QUOTE(user),'@',QUOTE(host)) FROM mysql.user WHERE user NOT IN ('root','mysql.sys','mariadb.sys','mysql.session','mysql.infoschema')")
	if err != nil {
		return err
	}
	for _, user := range users {
		if err := c.Exec("DROP USER " + user); err != nil {
			_ = c.Exec("DROP ROLE " + strings.TrimSuffix(user, "@''"))
		}
	}
	return s.restoreGlobals(server, c)
}

// restoreGlobals undoes what the last file changed of the global variables.
func (s *Stage) restoreGlobals(server *harness.Server, c *rawmysql.Conn) error {
	results, err := c.Query("SHOW GLOBAL VARIABLES")
	if err != nil {
		return err
	}
	now := map[string]string{}
	for _, row := range results[0].Rows {
		now[string(row[0])] = string(row[1])
	}
	first := s.globals[server]
	if first == nil {
		s.globals[server] = now
		return nil
	}
	for name, value := range first {
		if now[name] != value {
			// Those that nobody can set, clocks and counters, fail.
			_ = c.Exec("SET GLOBAL " + name + "=" + literal(value))
		}
	}
	return nil
}

func literal(value string) string {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return value
	}
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(value) + "'"
}

// kill ends a statement whose client has gone.
func kill(server *harness.Server, id uint32) {
	if c, err := server.Connect(rawmysql.Config{}); err == nil {
		_ = c.Exec("KILL " + strconv.FormatUint(uint64(id), 10))
		c.Close()
	}
}
