package plan

import "testing"

// TestGetDiagnostics reads GET DIAGNOSTICS and leaves what it cannot be sure of.
func TestGetDiagnostics(t *testing.T) {
	for sql, want := range map[string]string{
		"GET DIAGNOSTICS @n = NUMBER, @`a b` = row_count;":                              "SET @`n` = 1, @`a b` = 2",
		"get current diagnostics condition 1 @Text=MESSAGE_TEXT":                        "SET @`text` = 1",
		"GET DIAGNOSTICS CONDITION @i @e = MYSQL_ERRNO,\n@s = RETURNED_SQLSTATE":        "SET @`e` = 1, @`s` = 2",
		"GET DIAGNOSTICS CONDITION 2 @r = ROW_NUMBER":                                   "SET @`r` = 1",
		"GET STACKED DIAGNOSTICS @n = NUMBER":                                           "",
		"GET DIAGNOSTICS n = NUMBER":                                                    "",
		"GET DIAGNOSTICS @n = MESSAGE_TEXT":                                             "",
		"GET DIAGNOSTICS CONDITION 1 @n = NUMBER":                                       "",
		"GET DIAGNOSTICS CONDITION 1 + 1 @n = MESSAGE_TEXT":                             "",
		"GET DIAGNOSTICS CONDITION (SELECT 1) @n = MESSAGE_TEXT":                        "",
		"GET DIAGNOSTICS @n = NUMBER; DROP TABLE t":                                     "",
		"GET DIAGNOSTICS CONDITION 1 @n = MESSAGE_TEXT -- , @m = MYSQL_ERRNO":           "",
		"GET DIAGNOSTICS CONDITION 1 @n = MESSAGE_TEXT /* , */, @m = MYSQL_ERRNO":       "",
		"GET DIAGNOSTICS CONDITION 1 @n = MESSAGE_TEXT, @n = (SELECT v FROM customers)": "",
	} {
		p, ok := Diagnose([]byte(sql)).(*GetDiagnostics)
		if ok != (want != "") {
			t.Errorf("%s: read %t", sql, ok)
		}
		if !ok {
			continue
		}
		if got := p.Assigns([]string{"1", "2"}[:len(p.Items)]).Text[0].Text; got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	for sql, want := range map[string]bool{
		"SELECT ROW_COUNT(), 1": true, "SELECT 'x', FOUND_ROWS() AS f, 2;": true, "select @@warning_count": true,
		"SELECT ROW_COUNT() + 1": false, "SELECT CONCAT(FOUND_ROWS())": false, "SET @a = FOUND_ROWS()": false,
	} {
		if got := AsksPlainly([]byte(sql)); got != want {
			t.Errorf("%s: plainly %t", sql, got)
		}
	}
}
