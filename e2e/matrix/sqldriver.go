package matrix

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/e2e/clients"
)

// sqlWork is the work by go-sql-driver, on one connection of database/sql.
type sqlWork struct {
	*lines
	job  *Job
	conn *sql.Conn
	tx   *sql.Tx
}

// sqlDriver interpolates parameters in text mode.
func sqlDriver(mode string, compress bool) func(*Job, *lines) error {
	return func(j *Job, l *lines) error {
		db, err := open(j, j.Database, mode, compress)
		if err != nil {
			return err
		}
		defer db.Close()
		w := &sqlWork{lines: l, job: j}
		if w.conn, err = db.Conn(context.Background()); err != nil {
			return err
		}
		defer w.conn.Close()
		l.printf("version go-sql-driver/mysql %s", clients.ModuleVersion("github.com/go-sql-driver/mysql"))
		for _, s := range steps() {
			l.printf("> %.160s", s.line)
			if err := w.step(s); err != nil {
				l.printf("error %s", sqlError(err))
			}
		}
		return nil
	}
}

// open gives a pool of connections, each with a server whose chain and name are verified.
func open(j *Job, database, mode string, compress bool) (*sql.DB, error) {
	config, err := tlsConfig(j)
	if err != nil {
		return nil, err
	}
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName, c.Net, c.Addr = j.User, j.Password, database, "tcp", net.JoinHostPort("localhost", strconv.Itoa(j.Port))
	c.TLS, c.InterpolateParams, c.ParseTime, c.AllowAllFiles = config, mode == Text, true, true
	c.Logger = &mysql.NopLogger{} // what it has to say of connections is in the errors
	if err := c.Apply(mysql.EnableCompression(compress)); err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// tlsConfig verifies chain and name.
func tlsConfig(j *Job) (*tls.Config, error) {
	bundle, err := os.ReadFile(j.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("no certificate in %s", j.CA)
	}
	return &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}, nil
}

func sqlError(err error) string {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %s %s", e.Number, e.SQLState[:], e.Message)
	}
	return err.Error()
}

func (w *sqlWork) step(s step) (err error) {
	ctx := context.Background()
	switch s.op {
	case "do":
		return w.do(s.sql, s.args)
	case "load":
		return w.do(strings.Replace(s.sql, "{FILE}", filepath.Join(w.job.Dir, "rows.csv"), 1), nil)
	case "get":
		return w.get(s.sql, s.args, 1)
	case "stream":
		return w.get(s.sql, nil, 500)
	case "batch":
		return w.batch(s)
	case "begin":
		w.tx, err = w.conn.BeginTx(ctx, nil)
		return err
	case "commit":
		return w.tx.Commit()
	case "rollback":
		return w.tx.Rollback()
	case "meta":
		return w.get("SHOW FULL COLUMNS FROM "+s.sql, nil, 1)
	}
	return fmt.Errorf("unknown operation %s", s.op)
}

func (w *sqlWork) do(query string, args []any) error {
	r, err := w.conn.ExecContext(context.Background(), query, args...)
	if err != nil {
		return err
	}
	n, _ := r.RowsAffected()
	id, _ := r.LastInsertId()
	w.printf("affected %d id %d", n, id)
	return nil
}

func (w *sqlWork) batch(s step) error {
	p, err := w.conn.PrepareContext(context.Background(), s.sql)
	if err != nil {
		return err
	}
	defer p.Close()
	for _, row := range s.rows() {
		r, err := p.Exec(row...)
		if err != nil {
			return err
		}
		n, _ := r.RowsAffected()
		id, _ := r.LastInsertId()
		w.printf("affected %d id %d", n, id)
	}
	return nil
}

func (w *sqlWork) get(query string, args []any, every int) error {
	rows, err := w.conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	for _, t := range types {
		length, _ := t.Length()
		precision, scale, _ := t.DecimalSize()
		nullable, _ := t.Nullable()
		w.printf("column %s %s %s length %d decimal %d,%d nullable %t", t.Name(), t.DatabaseTypeName(), t.ScanType(), length, precision, scale, nullable)
	}
	row, places := make([]any, len(types)), make([]any, len(types))
	for i := range row {
		places[i] = &row[i]
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		if n%every == 0 {
			w.printf("%s", shownRow(row))
		}
	}
	w.printf("rows %d", n)
	return rows.Err()
}
