package clients

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// timeout of a connection or statement, in all clients that have one to set.
const timeout = 30 * time.Second

// driver is a connection of go-sql-driver, by prepared statements.
type driver struct {
	db   *sql.DB
	conn *sql.Conn
}

func openDriver(l *Load, k Kind) (opener, error) {
	return opener{version: "go-sql-driver " + ModuleVersion("github.com/go-sql-driver/mysql"), open: func() (session, error) {
		bundle, err := os.ReadFile(l.CA)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(bundle) {
			return nil, fmt.Errorf("no certificate in %s", l.CA)
		}
		c := mysql.NewConfig()
		c.User, c.Passwd, c.DBName, c.Net, c.Addr = l.User, l.Password, l.Database, "tcp", net.JoinHostPort(k.Host, strconv.Itoa(l.Port))
		c.TLS = &tls.Config{RootCAs: roots, ServerName: k.Host}
		c.Timeout, c.Logger = timeout, &mysql.NopLogger{} // errors come in the report
		connector, err := mysql.NewConnector(c)
		if err != nil {
			return nil, err
		}
		d := driver{db: sql.OpenDB(connector)}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		// A connection of its own: the pool would replace one that broke.
		if d.conn, err = d.db.Conn(ctx); err != nil {
			d.db.Close()
			return nil, err
		}
		return d, nil
	}}, nil
}

// ModuleVersion is that of a module in go.mod.
func ModuleVersion(path string) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", path).Output()
	if err != nil {
		return "of go.mod"
	}
	return strings.TrimSpace(string(out))
}

func (d driver) ask(query string, args ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a
	}
	rows, err := d.conn.QueryContext(ctx, query, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

func (d driver) close() error { return errors.Join(d.conn.Close(), d.db.Close()) }
