package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

// conversion is what the running proxy says of a table that it encrypts or decrypts.
type conversion struct {
	Database string `json:"database"`
	Table    string `json:"table"`
	Rows     uint64 `json:"rows"` // that are written
	Of       uint64 `json:"of"`   // about
}

// serveConversion answers GET /conversion: null while there is none.
func (s *service) serveConversion(w http.ResponseWriter, _ *http.Request) {
	var out *conversion
	if c := s.catalog.Load(); c != nil {
		if m := c.Converting(); m != nil {
			out = &conversion{m.DB, m.Name, m.Rows.Load(), m.Of.Load()}
		}
	}
	writeJSON(w, out)
}

// converter is a table to encrypt or decrypt, and who does.
type converter struct {
	value                        string // of the ENCRYPTION clause
	database, table              string
	user, passwordFile, password string
}

// convertCommand makes table encrypt and table decrypt.
func convertCommand(name, value, short string) *cobra.Command {
	c := &converter{value: value}
	cmd := verb(name+" DATABASE.TABLE", short,
		short+`, by ALTER TABLE … ENCRYPTION='`+value+`' on the proxy that runs with this file, and show how far it is. The account is one of yours
upstream, with the privileges of ALTER TABLE; its password is in the variable MYSQL_PWD or in a file. The table is locked meanwhile. What ends this
command ends the conversion, too: the table stays as it was.`,
		interruptible(c.run))
	cmd.Flags().StringVarP(&c.user, "user", "u", "", "`ACCOUNT` to log in as")
	cmd.Flags().StringVar(&c.passwordFile, "password-file", "", "`FILE` with the account's password on its first line")
	if err := cmd.MarkFlagRequired("user"); err != nil {
		panic("tdeproxy: internal error: " + err.Error())
	}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		var ok bool
		if len(args) == 1 {
			c.database, c.table, ok = strings.Cut(args[0], ".")
		}
		if !ok || c.database == "" || c.table == "" {
			return fmt.Errorf("%s needs one table, as DATABASE.TABLE", name)
		}
		return nil
	}
	return cmd
}

func (c *converter) run(cmd *cobra.Command, cfg *config.Config) error {
	if err := c.readPassword(); err != nil {
		return err
	}
	proxy, err := c.connect(cfg)
	if err != nil {
		return err
	}
	defer proxy.Close()
	ctx, stop := context.WithCancel(cmd.Context())
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		c.show(ctx, cfg, cmd.ErrOrStderr())
	}()
	begun := time.Now()
	rows, err := proxy.Exec(ctx, "ALTER TABLE "+quoted(c.database)+"."+quoted(c.table)+" ENCRYPTION='"+c.value+"'")
	stop()
	<-shown
	if err != nil {
		return fmt.Errorf("%s.%s stays as it was: %w", c.database, c.table, err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s.%s: %d rows in %s\n", c.database, c.table, rows, time.Since(begun).Round(time.Millisecond))
	return nil
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func (c *converter) readPassword() error {
	c.password = os.Getenv("MYSQL_PWD")
	if c.passwordFile == "" {
		return nil
	}
	data, _, err := keyring.ReadProtected("password file", c.passwordFile, 0o077)
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	c.password = strings.TrimSuffix(line, "\r")
	return nil
}

// connect prepares a login at the proxy itself.
func (c *converter) connect(cfg *config.Config) (*upstream.Admin, error) {
	tls := upstream.TLS{Mode: "verify-ca", CA: cfg.SSLCert.CA}
	if tls.CA == "" && cfg.SSLCert.Cert == "" {
		tls.CA = filepath.Join(cfg.SSLCert.Dir, sslcert.CAFile)
	}
	if tls.CA == "" {
		tls.Mode = "required" // by a CA that is not in our files
	}
	dialer, err := upstream.NewDialer(upstream.Config{Address: cfg.Listen.Address, TLS: tls, Timeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("connecting to the running proxy: %w", err)
	}
	return upstream.NewAdmin(dialer, c.user, c.password), nil
}

// show tells how far the conversion is, until ctx ends.
func (c *converter) show(ctx context.Context, cfg *config.Config, out io.Writer) {
	m := newMeter(out, c.database+"."+c.table, time.Now())
	defer m.finish()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var now *conversion
		err := ask(ctx, cfg, http.MethodGet, "/conversion", nil, &now)
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil: // the ALTER says how it ends; how far it is, nobody does
			return
		case now != nil && now.Database == c.database && now.Table == c.table:
			m.show(now.Rows, now.Of, time.Now())
		}
	}
}
