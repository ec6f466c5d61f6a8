package plan

import "testing"

// TestConstants looks at what is known of statements that pass and user variables.
func TestConstants(t *testing.T) {
	env := &Env{DB: "shop", Evaluator: true, Snapshot: testSnapshot()}
	for _, c := range []struct {
		sql              string
		constants, quiet bool
	}{
		{"SET @a = 'x'", true, true},
		{"SET @a = CONCAT('x', @b), @c := -7", true, true},
		{"SET @a = @b", false, true},
		{"SET @a = @@sql_mode", false, true},
		{"SET @a = 'x', sql_mode = ''", false, true},
		{"SET NAMES utf8mb4", false, true},
		{"SET @a = stored('x')", false, false},
		{"SET @a = other.stored('x')", false, false},
		{"SELECT EXTRACTVALUE('<a/>', '/a[$@i]')", false, false},
		{"SET @a = UPDATEXML('<a/>', '/a[$@i]', '')", false, false},
		{"SET @a = LAST_INSERT_ID(5)", false, true},
		{"SET @a = POINT(1, 1)", false, true},
		{"SET @a = ST_GeomFromText('POINT(1 1)')", false, true},
		{"SET @a = SLEEP(1)", false, true},
		{"SET @a = (SELECT v FROM plain WHERE v = 'x')", false, false},
		{"SELECT 'x' INTO @a", true, true},
		{"SELECT @a := 'x'", true, true},
		{"SELECT 'x'", false, true},
		{"SELECT ROW_COUNT(), @@warning_count", false, true},
		{"SELECT v INTO @a FROM plain WHERE v = 'x'", false, false},
		{"DO @a := 'x'", true, true},
		{"DO GET_LOCK('x', 1)", false, true},
		{"COMMIT", false, true},
		{"SHOW WARNINGS", false, true},
		{"INSERT INTO plain VALUES ('x')", false, false},
		{"CALL p()", false, false},
	} {
		lx := Lexer{}
		if err := lx.Lex([]byte(c.sql), env.Mode); err != nil {
			t.Fatal(err)
		}
		p, ok := Build(Statement{Template: string(lx.Template), Source: c.sql}, env).(*PassThrough)
		if !ok {
			t.Errorf("%s does not pass", c.sql)
			continue
		}
		if p.Constants != c.constants || p.Effects.Quiet != c.quiet {
			t.Errorf("%s: constants %t, quiet %t; want %t, %t", c.sql, p.Constants, p.Effects.Quiet, c.constants, c.quiet)
		}
	}
}

// TestCallsStored tells the server's own functions from what may be stored ones.
func TestCallsStored(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT id FROM t WHERE v = 'x'": false, "SELECT UPPER(v), NOW() FROM t": false, "UPDATE t SET v = CONCAT(v, RAND())": false,
		"SELECT mine() FROM t": true, "SELECT other.upper(v) FROM t": true, "INSERT INTO t VALUES (mine(1))": true, "SELECT FROM": true,
	} {
		if got := CallsStored([]byte(sql), Mode{}); got != want {
			t.Errorf("%s: stored %t", sql, got)
		}
	}
}
