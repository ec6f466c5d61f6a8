package matrix

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/e2e/clients"
)

// statusPlan are flags of how a server ran a statement: slowly, without an index or a good one.
const statusPlan = 1<<11 | 1<<5 | 1<<4

// goMySQLWork is the work by go-mysql's client, which the proxy itself is built on.
type goMySQLWork struct {
	*lines
	conn     *client.Conn
	prepared bool
}

func goMySQL(mode string) func(*Job, *lines) error {
	return func(j *Job, l *lines) error {
		config, err := tlsConfig(j)
		if err != nil {
			return err
		}
		address := net.JoinHostPort("localhost", strconv.Itoa(j.Port))
		conn, err := client.Connect(address, j.User, j.Password, j.Database, func(c *client.Conn) error {
			c.SetTLSConfig(config)
			return c.SetCharset("utf8mb4")
		})
		if err != nil {
			return err
		}
		defer conn.Close()
		w := &goMySQLWork{lines: l, conn: conn, prepared: mode == Prepared}
		l.printf("version go-mysql %s", clients.ModuleVersion("github.com/go-mysql-org/go-mysql"))
		for _, s := range steps() {
			l.printf("> %.160s", s.line)
			if err := w.step(s); err != nil {
				l.printf("error %s", goMySQLError(err))
			}
		}
		return nil
	}
}

func goMySQLError(err error) string {
	var e *mysql.MyError
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %s %s", e.Code, e.State, e.Message)
	}
	return err.Error()
}

func (w *goMySQLWork) step(s step) error {
	switch s.op {
	case "do", "get":
		return w.result(w.execute(s.sql, s.args))
	case "load": // it has none
		w.printf("skipped")
		return w.fill()
	case "stream":
		return w.stream(s.sql)
	case "batch":
		for _, row := range s.rows() {
			if err := w.result(w.execute(s.sql, row)); err != nil {
				return err
			}
		}
		return nil
	case "begin":
		return w.conn.Begin()
	case "commit":
		return w.conn.Commit()
	case "rollback":
		return w.conn.Rollback()
	case "meta":
		return w.result(w.conn.Execute("SHOW FULL COLUMNS FROM " + s.sql))
	}
	return fmt.Errorf("unknown operation %s", s.op)
}

// fill inserts the rows that other drivers load as a file.
func (w *goMySQLWork) fill() error {
	for i := 0; i < rowsOfFile; i += 1000 {
		text := "INSERT INTO many (v, n) VALUES "
		for k := i; k < i+1000; k++ {
			text += fmt.Sprintf("('%s', %d),", rowOfFile(k), k)
		}
		if err := w.result(w.conn.Execute(text[:len(text)-1])); err != nil {
			return err
		}
	}
	return nil
}

// execute uses the text protocol where there is no parameter, since the client does not interpolate.
func (w *goMySQLWork) execute(query string, args []any) (*mysql.Result, error) {
	if !w.prepared && len(args) == 0 {
		return w.conn.Execute(query)
	}
	s, err := w.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Execute(args...)
}

func (w *goMySQLWork) columns(fields []*mysql.Field) {
	for _, f := range fields {
		w.printf("column %s %s %s %s %s type %d flags %d length %d decimals %d charset %d", f.Name, f.OrgName, f.Table, f.OrgTable, f.Schema,
			f.Type, f.Flag, f.ColumnLength, f.Decimal, f.Charset)
	}
}

func (w *goMySQLWork) result(r *mysql.Result, err error) error {
	if err != nil {
		return err
	}
	defer r.Close()
	if !r.HasResultset() {
		w.printf("affected %d id %d status %d warnings %d", r.AffectedRows, r.InsertId, r.Status&^statusPlan, r.Warnings)
		return nil
	}
	w.columns(r.Fields)
	for _, row := range r.Values {
		w.row(row)
	}
	w.printf("rows %d", len(r.Values))
	return nil
}

func (w *goMySQLWork) row(row []mysql.FieldValue) {
	values := make([]any, len(row))
	for i, v := range row {
		values[i] = v.Value()
	}
	w.printf("%s", shownRow(values))
}

func (w *goMySQLWork) stream(query string) error {
	var r mysql.Result
	n := 0
	err := w.conn.ExecuteSelectStreaming(query, &r, func(row []mysql.FieldValue) error {
		if n++; n%500 == 1 {
			w.row(row)
		}
		return nil
	}, nil)
	w.printf("rows %d", n)
	return err
}
