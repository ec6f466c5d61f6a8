// Command gorm works with GORM: it makes a schema, and reads and writes by every means that GORM has. What it prints of a plain server and
// of encrypted tables must be the same. It is a module of its own, so that the proxy's has none of GORM.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	db, err := open(os.Getenv("MATRIX_MODE") == "prepared")
	if err != nil {
		return err
	}
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == "gorm.io/gorm" {
			fmt.Printf("version GORM %s\n", m.Version)
		}
	}
	w := &work{db: db}
	for _, part := range []func(){w.migrate, w.create, w.read, w.update, w.associate, w.transact, w.conflict, w.remove, w.alter} {
		part()
	}
	return nil
}

func open(prepared bool) (*gorm.DB, error) {
	bundle, err := os.ReadFile(os.Getenv("MATRIX_CA"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	c := driver.NewConfig()
	c.User, c.Passwd, c.DBName = os.Getenv("MATRIX_USER"), os.Getenv("MATRIX_PASSWORD"), os.Getenv("MATRIX_DATABASE")
	c.Net, c.Addr = "tcp", net.JoinHostPort("localhost", os.Getenv("MATRIX_PORT"))
	c.TLS = &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}
	c.ParseTime, c.InterpolateParams = true, !prepared
	return gorm.Open(mysql.New(mysql.Config{DSNConfig: c, DefaultStringSize: 191}), &gorm.Config{
		PrepareStmt: prepared,
		Logger:      logger.Discard,
		NowFunc:     func() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC) },
	})
}

// work prints what each step gives.
type work struct{ db *gorm.DB }

func (w *work) step(name string, do func() (any, error)) {
	fmt.Println(">", name)
	hooks = nil
	result, err := do()
	if err != nil {
		var e *driver.MySQLError
		if errors.As(err, &e) {
			fmt.Printf("error %d %s %s\n", e.Number, e.SQLState[:], e.Message)
		} else {
			fmt.Println("error", err)
		}
	}
	if text, err := json.Marshal(result); err != nil {
		fmt.Println("result", result, err)
	} else {
		fmt.Printf("result %s\n", text)
	}
	for _, h := range hooks {
		fmt.Println("hook", h)
	}
}

// done is a step whose result is what GORM counts, and what it has filled in.
func (w *work) done(name string, value any, do func() *gorm.DB) {
	w.step(name, func() (any, error) {
		tx := do()
		return []any{tx.RowsAffected, value}, tx.Error
	})
}
