package plan

import (
	"strings"
	"testing"
)

func TestTouched(t *testing.T) {
	env := testEnv()
	env.Evaluator = true
	for sql, want := range map[string]string{
		"SELECT name FROM customers WHERE email = 'a'":                           "shop.customers[email name]",
		"SELECT c.id FROM customers c JOIN orders o ON c.email = o.email":        "shop.customers[email] shop.orders[email]",
		"SELECT id FROM customers WHERE name IS NULL":                            "shop.customers[name]",
		"SELECT COUNT(*) FROM customers":                                         "shop.customers[]",
		"INSERT INTO customers (email, age, born) VALUES ('a', 1, '2000-01-01')": "shop.customers[age born email]",
		"UPDATE customers SET note = 'x' WHERE name = 'y'":                       "shop.customers[name note]",
		"DELETE FROM customers WHERE email = 'a'":                                "shop.customers[email]",
		"SELECT 1":                          "",
		"SELECT * FROM store.stock":         "",
		"SELECT UPPER(note) FROM customers": "shop.customers[email note]",
		"EXPLAIN SELECT name FROM customers WHERE email = 'a'": "shop.customers[email name]",
	} {
		var got []string
		for _, touch := range Touched(planOf(sql, env)) {
			var columns []string
			for _, c := range touch.Columns {
				columns = append(columns, c.Name)
			}
			got = append(got, touch.Table.DB+"."+touch.Table.Name+"["+strings.Join(columns, " ")+"]")
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s touches %q, want %q", sql, text, want)
		}
	}
}

func TestMentioned(t *testing.T) {
	for template, want := range map[string]int{
		"CREATE VIEW v AS SELECT * FROM Customers": 1, "ALTER TABLE x": 0, "SELECT customersx, orders": 1, "HANDLER `orders` OPEN; customers": 2,
	} {
		if n := len(Mentioned(template, testEnv())); n != want {
			t.Errorf("%s mentions %d tables, want %d", template, n, want)
		}
	}
}

func TestRedacted(t *testing.T) {
	for text, want := range map[string]string{
		"CREATE TABLE t (v VARCHAR(10) DEFAULT 'secret' COMMENT \"x\")": "CREATE TABLE t (v VARCHAR(?) DEFAULT ? COMMENT ?)",
		"DO x'41', 0x42, 1.5e3, N'q' 'r', _utf8'z'":                     "DO ?, ?, ?, ?, ?",
		"CREATE USER u@'secret' IDENTIFIED BY 'secret'":                 "CREATE USER u@'secret' IDENTIFIED BY ?",
		"SET @a = 'open": "",
	} {
		if got := Redacted([]byte(text), Mode{}); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}
