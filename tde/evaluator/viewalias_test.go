package evaluator

import (
	"strings"
	"testing"
)

func TestAliased(t *testing.T) {
	const long = "`db`.`t`.`a` = 1 or `db`.`t`.`b` in ('x, from ',2,3) and trim(both 'x' from `db`.`t`.`c`)"
	for query, want := range map[string]string{
		"select " + long + " AS `x`,`a` AS `b` from `db`.`t`":                     "",
		"select 1 AS `x` from `db`.`t` where (select 1 from DUAL)":                "",
		"select 1 AS `x` from (select " + long + " AS `b` from `db`.`t`) `d`":     "",
		"select 1 AS `x` from `t` where (select " + long + " from DUAL) = 1":      "select 1 AS `x` from `t` where (select " + long + "  AS `_tde_1` from DUAL) = 1",
		"select 1 AS `x` from `t` where (select " + long + ")":                    "select 1 AS `x` from `t` where (select " + long + " AS `_tde_1` )",
		"select 1 AS `x` from `t` where (select 1 union select " + long + ") = 1": "select 1 AS `x` from `t` where (select 1 union select " + long + " AS `_tde_1` ) = 1",
		"select 1 AS `x` where (1,2) in (select " + long + ",(select " + long + " limit 1) from `t`)": "select 1 AS `x` where (1,2) in (select " + long +
			" AS `_tde_1` ,(select " + long + "  AS `_tde_2` limit 1)  AS `_tde_3` from `t`)",
		"select 1 AS `x` from `t` where (select 1 AS `" + strings.Repeat("é", 64) + "` from DUAL) = 1":  "",
		"select 1 AS `x` from `t` where (select 1 AS `" + strings.Repeat("``", 65) + "` from DUAL) = 1": "select 1 AS `x` from `t` where (select 1 AS `_tde_1`  from DUAL) = 1",
	} {
		if want == "" {
			want = query
		}
		if got := aliased(query); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", query, got, want)
		}
	}
}
