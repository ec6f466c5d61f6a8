package e2e_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/clients"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// people is the number of rows that the clients read.
const people = 500

// loadOn makes the tables and the account of the clients, through the proxy, and says how to use them.
func loadOn(t *testing.T, p *harness.Proxy, bundle string) *clients.Load {
	t.Helper()
	c, err := p.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	run(t, c, "CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4", "USE shop",
		"CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL, note VARCHAR(80), UNIQUE KEY (name))",
		"CREATE TABLE visits (id BIGINT AUTO_INCREMENT PRIMARY KEY, tag VARCHAR(60) NOT NULL, text VARCHAR(120), UNIQUE KEY (tag))",
		"CREATE USER load_user IDENTIFIED BY 'a password'", "GRANT ALL ON shop.* TO load_user")
	var rows []string
	for i := range people {
		rows = append(rows, fmt.Sprintf("('person %d', 'note %d')", i, i))
	}
	run(t, c, "INSERT INTO people (name, note) VALUES "+strings.Join(rows, ", "))
	_, port, err := net.SplitHostPort(p.Address)
	must(t, err)
	number, err := strconv.Atoi(port)
	must(t, err)
	dir := t.TempDir()
	return &clients.Load{Port: number, User: "load_user", Password: "a password", Database: "shop", CA: bundle,
		People: people, Pace: 500 * time.Millisecond, Stop: filepath.Join(dir, "stop"), Dir: dir}
}

// TestClientsVerify wants each client of the rotation test to get through with the right CA and name, and neither
// with another CA nor with another name: else the test would prove nothing about them.
func TestClientsVerify(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		_, p := ownUpstream(t, f, "shop")
		good := loadOn(t, p, filepath.Join(p.Dir, "certs", "ca.pem"))
		foreign, renamed := *good, *good
		other, err := harness.NewAuthority("another CA")
		must(t, err)
		foreign.CA, foreign.Dir = filepath.Join(good.Dir, "foreign.pem"), filepath.Join(good.Dir, "foreign")
		must(t, os.WriteFile(foreign.CA, other.PEM, 0o600))
		renamed.Port, renamed.Dir = forward(t, otherName+":0", p.Address), filepath.Join(good.Dir, "renamed")
		must(t, os.WriteFile(good.Stop, nil, 0o600)) // they shall connect, and end
		for _, k := range clients.Kinds(f) {
			k.Connections = 1
			t.Run(k.Name, func(t *testing.T) {
				if r := report(t, k, good); r.Failed != 0 || r.Kept != 1 {
					t.Errorf("%d failures, %d connections: %q", r.Failed, r.Kept, r.Failures)
				}
				wantRefused(t, report(t, k, &foreign), "the CA is another")
				k.Host = otherName
				wantRefused(t, report(t, k, &renamed), "the certificate is not for "+otherName)
			})
		}
	})
}

// wantRefused fails the test unless the client has refused to connect, because of TLS.
func wantRefused(t *testing.T, r clients.Report, why string) {
	t.Helper()
	if r.Failed == 0 {
		t.Errorf("connected though %s", why)
		return
	}
	t.Log(r.Failures[0])
	if !regexp.MustCompile(`(?i)tls|ssl|certif`).MatchString(r.Failures[0]) {
		t.Errorf("did not connect, but not because %s", why)
	}
}

// otherName is an address that reaches the same proxy, and that its certificate is not for.
const otherName = "127.0.0.2"

// report runs one client to its end.
func report(t *testing.T, k clients.Kind, l *clients.Load) clients.Report {
	t.Helper()
	if err := k.Available(); err != nil {
		missing(t, err)
	}
	must(t, os.MkdirAll(l.Dir, 0o700))
	c, err := k.Start(l)
	must(t, err)
	defer c.Kill()
	r, err := c.Report(time.Minute)
	must(t, err)
	return r
}

// forward listens on an address and passes connections on to another; it returns the port.
func forward(t *testing.T, address, target string) int {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", target)
				if err != nil {
					return
				}
				defer server.Close()
				go func() { _, _ = io.Copy(server, client); server.Close() }()
				_, _ = io.Copy(client, server)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}
