package plan

import "testing"

// TestDeleteNowhere sees that a DELETE of several tables names databases where none is current, even of aliases, and that others are not held up.
func TestDeleteNowhere(t *testing.T) {
	env := testEnv()
	env.DB, env.Evaluator = "", true
	for sql, nowhere := range map[string]bool{
		"DELETE a1, a2 FROM shop.customers, shop.plain":                          true,
		"DELETE c FROM shop.customers AS c, shop.plain":                          true,
		"DELETE FROM c USING shop.customers AS c":                                true,
		"DELETE shop.customers, c FROM shop.customers, shop.customers AS c":      true,
		"DELETE shop.customers FROM shop.customers JOIN shop.plain USING (id)":   false,
		"DELETE FROM shop.customers USING shop.customers JOIN shop.plain":        false,
		"DELETE FROM shop.customers WHERE id = 1":                                false,
		"UPDATE shop.customers AS c, shop.plain SET c.age = 1 WHERE c.id = 1":    false,
		"SELECT c.id FROM shop.customers AS c JOIN shop.plain AS p ON p.id=c.id": false,
	} {
		r, ok := planOf(sql, env).(*Refuse)
		if got := ok && r.Reason == "no-database"; got != nowhere {
			t.Errorf("%s: %t, want %t", sql, got, nowhere)
		}
	}
	env.DB = "shop"
	if r, ok := planOf("DELETE c FROM customers AS c, plain", env).(*Refuse); ok && r.Reason == "no-database" {
		t.Error("refused with a database")
	}
}
