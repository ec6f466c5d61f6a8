package exec

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// ownConn is a connection of the proxy's account, whose settings make values read back as they were written.
type ownConn struct {
	conn *client.Conn
	stop func() bool
}

// own opens a connection; ctx ends it.
func (c *Catalog) own(ctx context.Context) (*ownConn, error) {
	conn, err := c.upstream.Conn(ctx)
	if err != nil {
		return nil, err
	}
	o := &ownConn{conn: conn, stop: context.AfterFunc(ctx, func() { conn.Conn.Conn.Close() })}
	sql := "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00', foreign_key_checks = 0, " +
		"sql_safe_updates = 0, autocommit = 1, sql_quote_show_create = 1, sql_select_limit = DEFAULT"
	if !c.mariaDB {
		sql += ", information_schema_stats_expiry = 0"
	}
	_, err = o.exec(sql)
	if err == nil {
		err = o.unstrict()
	}
	if err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// unstrict lets tables be altered whose options InnoDB has come to reject. MySQL wants SESSION_VARIABLES_ADMIN for it: an
// account that lacks it gets along without, and such a table's ALTER ends with the server's error.
func (o *ownConn) unstrict() error {
	_, err := o.exec("SET SESSION innodb_strict_mode = 0")
	var e *wire.Error
	if errors.As(err, &e) && e.Code == codeAccessDenied {
		return nil
	}
	return err
}

func (o *ownConn) close() {
	o.stop()
	o.conn.Close()
}

func (o *ownConn) id() uint32 { return o.conn.GetConnectionID() }

// exec runs a statement. Errors of the server are *wire.Error.
func (o *ownConn) exec(sql string) (*mysql.Result, error) {
	r, err := o.conn.Execute(sql)
	return r, serverError(err)
}

// each hands the rows of a query to fn as they come: values as text, which fn may keep.
func (o *ownConn) each(sql string, fn func(row [][]byte) error) error {
	var failed error
	var result mysql.Result
	err := o.conn.ExecuteSelectStreaming(sql, &result, func(values []mysql.FieldValue) error {
		if failed != nil {
			return nil
		}
		row := make([][]byte, len(values))
		for i := range values {
			row[i] = valueText(&values[i])
		}
		failed = fn(row)
		return nil
	}, nil)
	return errors.Join(failed, serverError(err))
}

// valueText is a value as the server has sent it.
func valueText(v *mysql.FieldValue) []byte {
	switch v.Type {
	case mysql.FieldValueTypeNull:
		return nil
	case mysql.FieldValueTypeUnsigned:
		return strconv.AppendUint(nil, v.AsUint64(), 10)
	case mysql.FieldValueTypeSigned:
		return strconv.AppendInt(nil, v.AsInt64(), 10)
	case mysql.FieldValueTypeFloat:
		return strconv.AppendFloat(nil, v.AsFloat64(), 'e', -1, 64)
	}
	return append([]byte{}, v.AsString()...)
}

func serverError(err error) error {
	var e *mysql.MyError
	if errors.As(err, &e) {
		return &wire.Error{Code: e.Code, State: e.State, Message: e.Message}
	}
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	return nil
}
