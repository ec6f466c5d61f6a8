package plan

import (
	"fmt"
	"testing"
)

// TestUnreadableNeverPasses writes an encrypted table's name in every way that the servers read, in queries that the parser
// does not: none may go upstream as it is.
func TestUnreadableNeverPasses(t *testing.T) {
	names := []string{
		"customers", "`customers`", "shop.customers", "`shop`.`customers`", "shop.`customers`", "shop . customers", ".customers",
		"/**/customers", "/*!customers*/", "/*M! customers */", "/*!50000 shop*/.customers", "-- x\ncustomers", "#x\ncustomers",
		"\tcustomers", "\x0bcustomers\x0c",
		"(customers)", "((customers))", "plain, customers", "(plain, customers)", "plain p JOIN customers", "plain LEFT JOIN (plain q, customers) ON 1",
		"plain JOIN plain q USING (a), customers", "plain STRAIGHT_JOIN customers", "(SELECT * FROM customers) d",
		"(VALUES (1)) v, customers", "JSON_TABLE('[]', '$' COLUMNS (a INT PATH '$')) j, customers", "DUAL, customers",
		"plain WHERE a IN (SELECT a FROM customers)", "plain WHERE EXISTS (TABLE customers)", "plain WHERE TRIM('x' FROM (SELECT a FROM customers))",
		"plain offset, customers", "plain AS window, customers", "plain UNION SELECT 1 FROM customers", "plain UNION VALUES (1), ((SELECT 1 FROM customers))",
		"{OJ customers LEFT JOIN plain ON 1}", "plain FETCH FIRST ROW ONLY UNION (SELECT 1 FROM customers)",
	}
	frames := []string{
		"SELECT MEDIAN(a) OVER () FROM %s", "WITH c AS (SELECT 1) SELECT MEDIAN(a) OVER () FROM %s", "(SELECT MEDIAN(a) OVER () FROM %s)",
		"SELECT 1 UNION VALUES ((SELECT MEDIAN(a) OVER () FROM %s))", "SELECT (SELECT MEDIAN(a) OVER () FROM %s) INTO @x",
		"SELECT EXTRACT(YEAR FROM a), MEDIAN(a) OVER () FROM %s", "SELECT DISTINCT MEDIAN(a) OVER (), @x := 1 FROM %s",
	}
	for _, evaluator := range []bool{true, false} {
		env := testEnv()
		env.Evaluator, env.Mode = evaluator, Mode{MariaDB: true, Version: 101119}
		for _, f := range frames {
			for _, n := range names {
				sql := fmt.Sprintf(f, n)
				if p, ok := planOf(sql, env).(*PassThrough); ok {
					t.Errorf("evaluator %t: %s\n%s", evaluator, sql, p)
				}
			}
		}
	}
}

// TestWritesAreNoQueries holds that what is not only a query is never taken for one.
func TestWritesAreNoQueries(t *testing.T) {
	for _, sql := range []string{
		"WITH c AS (SELECT MEDIAN(a) OVER () FROM plain) UPDATE plain SET a = 1", "WITH c AS (SELECT MEDIAN(a) OVER () FROM plain) DELETE FROM plain",
		"SELECT MEDIAN(a) OVER () FROM plain INTO OUTFILE 'f'", "SELECT MEDIAN(a) OVER () INTO DUMPFILE 'f' FROM plain", "SELECT MEDIAN(a) OVER () INTO x FROM plain",
		"SELECT MEDIAN(a) OVER () FROM plain PROCEDURE p()", "INSERT INTO plain SELECT MEDIAN(a) OVER () FROM plain", "CALL p(MEDIAN(1) OVER ())",
		"REPLACE INTO plain VALUES (MEDIAN(1) OVER ())", "WITH c AS (VALUES (1)) INSERT INTO plain VALUES (1)", "HANDLER customers READ FIRST MEDIAN",
		"BEGIN NOT ATOMIC SELECT MEDIAN(a) OVER () FROM plain; END",
	} {
		l := Lexer{Record: true}
		if err := l.Lex([]byte(sql), Mode{MariaDB: true, Version: 101119}); err != nil {
			t.Fatal(sql, err)
		}
		if newSkim(string(l.Template), l.Tokens, Mode{}).query() && !l.More {
			t.Error(sql)
		}
	}
}
