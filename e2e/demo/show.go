package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"
)

// openDatabase connects with an ordinary driver, as any application does.
func openDatabase(address, database string) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName = "root", "tcp", address, database
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func split(address string) (host, port string) {
	host, port, _ = net.SplitHostPort(address)
	return host, port
}

func step(what string) { fmt.Printf("   %-78s", what+" …") }

func done(since time.Time) { fmt.Printf("%6.1f s\n", time.Since(since).Seconds()) }

// createTable is what the application sends; nothing in it tells of encryption.
const createTable = `CREATE TABLE customers (
      id       INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      name     VARCHAR(80) NOT NULL,
      email    VARCHAR(120),
      card     CHAR(19),
      city     VARCHAR(40),
      birthday DATE,
      balance  DECIMAL(10,2),
      note     TEXT,
      UNIQUE KEY email (email),
      KEY name (name),
      KEY city (city)
   ) DEFAULT CHARSET=utf8mb4`

func (d *demo) write(ctx context.Context) error {
	admin, err := openDatabase(d.proxy.Address, "")
	if err != nil {
		return err
	}
	defer admin.Close()
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4"); err != nil {
		return err
	}
	db, err := openDatabase(d.proxy.Address, "shop")
	if err != nil {
		return err
	}
	defer db.Close()
	fmt.Printf("   %s;\n\n", createTable)
	if _, err := db.ExecContext(ctx, createTable); err != nil {
		return err
	}
	d.people = people(d.count)
	begun := time.Now()
	const batch = 50
	for i := 0; i < len(d.people); i += batch {
		if err := insert(ctx, db, d.people[i:min(i+batch, len(d.people))]); err != nil {
			return err
		}
		if !terminal() && i+batch < len(d.people) {
			continue
		}
		fmt.Printf("\r   %s %d of %d customers", bar(i+batch, len(d.people)), min(i+batch, len(d.people)), len(d.people))
	}
	took := time.Since(begun).Seconds()
	fmt.Printf(", %.1f s, %.0f rows a second\n", took, float64(len(d.people))/took)
	return nil
}

// terminal says whether a progress bar can be redrawn.
func terminal() bool {
	info, err := os.Stdout.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func bar(n, of int) string {
	const width = 30
	filled := min(n*width/of, width)
	return "[" + strings.Repeat("█", filled) + strings.Repeat("·", width-filled) + "]"
}

func insert(ctx context.Context, db *sql.DB, rows []customer) error {
	marks := strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?, ?), ", len(rows)), ", ")
	var args []any
	for _, p := range rows {
		args = append(args, p.name, p.email, p.card, p.city, p.birthday, p.balance, p.note)
	}
	_, err := db.ExecContext(ctx, "INSERT INTO customers (name, email, card, city, birthday, balance, note) VALUES "+marks, args...)
	return err
}

// shown are the columns that fit side by side, and their width.
var shown = []struct {
	name  string
	width int
}{{"id", 4}, {"name", 22}, {"email", 36}, {"card", 19}, {"birthday", 10}}

func (d *demo) show(ctx context.Context) error {
	var names []string
	for _, c := range shown {
		names = append(names, c.name)
	}
	query := "SELECT " + strings.Join(names, ", ") + " FROM shop.customers ORDER BY id LIMIT 6"
	fmt.Printf("   %s\n", query)
	for _, side := range []struct{ title, address string }{
		{"what the application reads, through the proxy", d.proxy.Address}, {"what the server stores, asked directly", d.server.Address},
	} {
		fmt.Printf("\n   %s:\n", side.title)
		if err := table(ctx, side.address, query); err != nil {
			return err
		}
	}
	return nil
}

// table prints a query's rows in the columns of shown.
func table(ctx context.Context, address, query string) error {
	db, err := openDatabase(address, "")
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	head, rule := "   ", "   "
	for _, c := range shown {
		head += fmt.Sprintf("%-*s  ", c.width, c.name)
		rule += strings.Repeat("─", c.width) + "  "
	}
	fmt.Println(head + "\n" + rule)
	for rows.Next() {
		values := make([]sql.RawBytes, len(shown))
		targets := make([]any, len(shown))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		line := "   "
		for i, c := range shown {
			line += pad(printable(values[i], c.width), c.width) + "  "
		}
		fmt.Println(line)
	}
	return rows.Err()
}

// printable is text as it is, and other bytes in hex, cut to a width.
func printable(b []byte, width int) string {
	s := string(b)
	for _, r := range s {
		if r < ' ' || r == utf8.RuneError {
			s = hex.EncodeToString(b)
			break
		}
	}
	runes := []rune(s)
	switch {
	case len(runes) <= width:
		return s
	case s == string(b):
		return string(runes[:width-1]) + "…"
	default:
		// All cells of a column begin alike: version, key id, salt. Show the end, too.
		return s[:2] + "…" + s[len(s)-width+3:]
	}
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// use shows statements that need the values' meaning: equality under the
// collation, a unique key, a group, a change.
func (d *demo) use(ctx context.Context) error {
	db, err := openDatabase(d.proxy.Address, "shop")
	if err != nil {
		return err
	}
	defer db.Close()
	p := d.people[1]
	if err := one(ctx, db, "SELECT name FROM customers WHERE email = ?", strings.ToUpper(p.email)); err != nil {
		return err
	}
	if err := one(ctx, db, "SELECT COUNT(*) FROM customers WHERE city = ?", "zürich"); err != nil {
		return err
	}
	if err := one(ctx, db, "SELECT COUNT(DISTINCT city) FROM customers"); err != nil {
		return err
	}
	r, err := db.ExecContext(ctx, "UPDATE customers SET note = ? WHERE email = ?", "prefers letters to calls", p.email)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil {
		return err
	}
	fmt.Printf("   UPDATE customers SET note = … WHERE email = '%s'\n      → %d row changed\n", p.email, n)
	_, err = db.ExecContext(ctx, "INSERT INTO customers (name, email) VALUES (?, ?)", "Somebody Else", strings.ToUpper(p.email))
	if err == nil {
		return fmt.Errorf("the unique key let the same e-mail address in twice")
	}
	fmt.Printf("   INSERT … the same e-mail address in capitals\n      → %v\n", err)
	return nil
}

func one(ctx context.Context, db *sql.DB, query string, args ...any) error {
	var value string
	if err := db.QueryRowContext(ctx, query, args...).Scan(&value); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	text := query
	for _, a := range args {
		text = strings.Replace(text, "?", fmt.Sprintf("'%v'", a), 1)
	}
	fmt.Printf("   %s\n      → %s\n", text, value)
	return nil
}
