// Package clients puts load on a proxy as applications in several languages
// do: connections that stay and query all the time, and new ones that come and
// go. Every connection verifies the server's certificate and name, every
// answer is checked, and each client ends with a report.
package clients

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

//go:embed client.py client.php client.pl Client.java
var programs embed.FS

// Load is what all clients are told. They use two tables: people with the
// columns name ("person 0" and so on) and note ("note 0"), and visits with tag
// and text, which they insert into.
type Load struct {
	Port                     int
	User, Password, Database string
	CA                       string        // PEM bundle, read anew for each connection
	People                   int           // rows of people
	Pace                     time.Duration // of a connection between two steps
	Stop                     string        // the load ends when this file is there
	Dir                      string        // for the clients' own files
}

// Kind is one sort of client.
type Kind struct {
	Name        string
	Connections int           // that stay
	New         time.Duration // from one new connection to the next
	Host        string        // empty: localhost, which PHP and Perl would take for a socket

	program []string                          // an interpreter with its arguments
	open    func(*Load, Kind) (opener, error) // or the load is written in Go
}

// Kinds are those that can log in to a flavour, with 500 connections that stay. MySQL 9's own client cannot log in to
// MariaDB 10.11: it has no mysql_native_password any more, and that server no caching_sha2_password.
func Kinds(f harness.Flavour) []Kind {
	const ip = "127.0.0.1"
	java := []string{"java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", "/usr/share/java/mariadb-java-client.jar"}
	kinds := []Kind{
		{Name: "go", Connections: 130, New: 100 * time.Millisecond, open: openDriver},
		{Name: "python", Connections: 100, New: 250 * time.Millisecond, program: []string{"/usr/bin/python3", "client.py"}},
		{Name: "php", Connections: 80, New: 250 * time.Millisecond, Host: ip, program: []string{"php", "-d", "memory_limit=512M", "client.php"}},
		{Name: "perl", Connections: 70, New: 250 * time.Millisecond, Host: ip, program: []string{"perl", "client.pl"}},
		{Name: "java", Connections: 80, New: 250 * time.Millisecond, program: append(java, "Client.java")},
	}
	if f == harness.MariaDB {
		return append(kinds, Kind{Name: "mariadb", Connections: 40, New: 250 * time.Millisecond, open: openMariaDB})
	}
	return append(kinds, Kind{Name: "mariadb", Connections: 20, New: 500 * time.Millisecond, open: openMariaDB},
		Kind{Name: "mysql", Connections: 20, New: 500 * time.Millisecond, open: openMySQL})
}

// Report is what a client has seen.
type Report struct {
	Version  string   `json:"version"`
	Queries  int      `json:"queries"`
	Inserts  int      `json:"inserts"`
	Opened   int      `json:"opened"` // new connections that did their work
	Kept     int      `json:"kept"`   // that stayed the same from start to end
	Failed   int      `json:"failed"` // queries and connections
	Failures []string `json:"failures"`
}

// Client is a running load.
type Client interface {
	// Ready is closed when all connections that stay are open, or when the client has ended before that.
	Ready() <-chan struct{}
	// Report waits for the end.
	Report(timeout time.Duration) (Report, error)
	// Kill ends it at once.
	Kill()
}

// Start begins the load of one kind.
func (k Kind) Start(l *Load) (Client, error) {
	if k.Host == "" {
		k.Host = "localhost"
	}
	if k.open == nil {
		return k.startProgram(l)
	}
	open, err := k.open(l, k)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	return startSessions(l, k, open), nil
}

// Available says what is missing on this machine for a kind.
func (k Kind) Available() error {
	if k.program == nil {
		return nil // found out when it starts
	}
	if _, err := harness.Tool(k.program[0]); err != nil {
		if _, err := os.Stat(k.program[0]); err != nil {
			return err
		}
	}
	return nil
}

// startProgram runs a client in another language; its settings are in the environment.
func (k Kind) startProgram(l *Load) (Client, error) {
	source := k.program[len(k.program)-1]
	text, err := programs.ReadFile(source)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(l.Dir, k.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, source)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	return run(append(k.program[:len(k.program)-1:len(k.program)-1], path), append(os.Environ(), k.environment(l)...), filepath.Join(dir, "output"))
}

func (k Kind) environment(l *Load) []string {
	var all []string
	for name, value := range map[string]string{
		"HOST": k.Host, "PORT": strconv.Itoa(l.Port), "USER": l.User, "PASSWORD": l.Password, "DATABASE": l.Database,
		"CA": l.CA, "PEOPLE": strconv.Itoa(l.People), "STOP": l.Stop, "NAME": k.Name,
		"CONNECTIONS": strconv.Itoa(k.Connections), "PACE_MS": milliseconds(l.Pace), "NEW_MS": milliseconds(k.New),
	} {
		all = append(all, "LOAD_"+name+"="+value)
	}
	return all
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
