package suite

import (
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/mysqltest"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

func TestKindOf(t *testing.T) {
	for sql, want := range map[string]Kind{
		"select 1": Select, " (SELECT 1) UNION (SELECT 2)": Select, "/* c */ -- x\nvalues (1)": Select, "WITH a AS (SELECT 1) SELECT * FROM a": Select,
		"with a as (select 1) delete from t where b in (select * from a)": DML, "TABLE t": Select,
		"insert into t values (1)": DML, "LOAD DATA LOCAL INFILE 'f' INTO TABLE t": DML, "truncate t": DDL, "CREATE TABLE t (a int)": DDL,
		"show tables": Show, "DESC t": Show, "analyze select 1": Show, "analyze table t": Other, "set @a=1": Other, "call p()": Other, "": Other,
	} {
		if got := KindOf(sql); got != want {
			t.Errorf("%q: got %s, want %s", sql, got, want)
		}
	}
}

func TestOrdered(t *testing.T) {
	for sql, want := range map[string]bool{
		"select a from t order by a": true, "select 'order by'": false, "select (select a from t order by a limit 1)": false,
		"select row_number() over (order by a) from t": false, "(select 1) union (select 2) order by 1": true,
	} {
		if got := ordered(sql); got != want {
			t.Errorf("%q: got %t", sql, got)
		}
	}
}

func TestExplains(t *testing.T) {
	e := explains{}
	for _, c := range []struct {
		sql  string
		want bool
	}{
		{"PREPARE s FROM 'explain select 1'", false}, {"execute `S`", true}, {"EXECUTE s USING @a", true}, {"execute other", false},
		{"prepare s from \"SELECT 'explain'\"", false}, {"EXECUTE s", false}, {"EXECUTE IMMEDIATE 'explain select 1'", false},
	} {
		if got := e.executed(c.sql); got != c.want {
			t.Errorf("%s: got %t", c.sql, got)
		}
	}
}

func TestReasonOf(t *testing.T) {
	got := reasonOf("tdeproxy: column shop.t.a of `x`.`y`: a FULLTEXT index on an encrypted column (b) is not supported")
	if want := "column … of ….…: a FULLTEXT index on an encrypted column (…) is not supported"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestUnsafe(t *testing.T) {
	for sql, want := range map[string]bool{
		"shutdown": true, "SET GLOBAL x=1": true, "set @@global.x=1": true, "drop table mysql.user": true, "select sleep(1)": true,
		"select * into outfile 'f' from t": true, "select 1": false, "set x=1": false, "insert into t values ('shutdown')": false,
	} {
		if got := unsafe.MatchString(sql); got != want {
			t.Errorf("%q: got %t", sql, got)
		}
	}
}

// The gravest of several differences counts, and each kind of difference is seen.
func TestCompare(t *testing.T) {
	answerOf := func(change func(*rawmysql.Result)) answer {
		r := &rawmysql.Result{Columns: []rawmysql.Column{{Name: "a", Type: 3, Length: 11}}, Rows: [][][]byte{{[]byte("1")}, {nil}, {[]byte("")}}}
		change(r)
		return answer{results: []*rawmysql.Result{r}}
	}
	plain := answerOf(func(*rawmysql.Result) {})
	step := mysqltest.Step{SQL: "SELECT a FROM t ORDER BY a"}
	for want, change := range map[string]func(*rawmysql.Result){
		"":              func(*rawmysql.Result) {},
		differ.Rows:     func(r *rawmysql.Result) { r.Rows[1][0] = []byte("") },
		differ.Order:    func(r *rawmysql.Result) { r.Rows[0], r.Rows[1] = r.Rows[1], r.Rows[0] },
		differ.Names:    func(r *rawmysql.Result) { r.Columns[0].Name = "b" },
		differ.Types:    func(r *rawmysql.Result) { r.Columns[0].Type, r.Warnings = 8, 1 },
		differ.KeyFlag:  func(r *rawmysql.Result) { r.Columns[0].Flags = 2 },
		differ.Metadata: func(r *rawmysql.Result) { r.Columns[0].Length = 12 },
		differ.Shape:    func(r *rawmysql.Result) { r.Columns = nil },
		differ.Warnings: func(r *rawmysql.Result) { r.Warnings = 1 },
		differ.Fault:    func(r *rawmysql.Result) { r.Err = &rawmysql.ServerError{Code: 1} },
	} {
		details := compare(step, plain, answerOf(change), false)
		got := ""
		if len(details) > 0 {
			got = gravest(details)
		}
		if got != want {
			t.Errorf("want %q, got %q: %v", want, got, details)
		}
	}
	if d := compare(mysqltest.Step{SQL: "SELECT a FROM t"}, plain, answerOf(func(r *rawmysql.Result) { r.Rows[0], r.Rows[1] = r.Rows[1], r.Rows[0] }), false); len(d) > 0 {
		t.Errorf("without ORDER BY: %v", d)
	}
}

func TestReport(t *testing.T) {
	r := &Result{File: "func_a.test", Kinds: map[Kind]*Tally{Select: {Total: 4, Same: 2, Refused: 1, Different: 1, What: map[string]int{differ.Rows: 1}}},
		Cases: []Case{{Kind: Select, Refusal: "why|not"}}, Skipped: map[string]int{"s": 3}}
	text := Report([]*Result{r})
	for _, line := range []string{"1 files, 4 statements; 3 more", "| SELECT | 4 | 2 | 0 | 0 | 1 | 1 | 1 | 50.0 |", "| f… | 4 |", `| why\|not | 1 |`, "| func_a.test | 1 |"} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
}
