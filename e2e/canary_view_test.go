package e2e_test

// viewWrites are the ways to define a view and to use it.
func viewWrites() []canaryWrite {
	return []canaryWrite{
		{"view", true, text("CREATE VIEW vw AS SELECT * FROM c WHERE v = '%s' OR t LIKE '%s%%' /* %s */", word, word, word)},
		{"view by hex", true, text("CREATE VIEW vw_hex AS SELECT id, CONCAT(v, 0x%s) AS x FROM c WHERE n <> %d", hexWord, number)},
		{"view without tables", true, text("CREATE VIEW vw_bare AS SELECT '%s' AS a, '%s'", word, word)},
		{"view in parts", true, text("CREATE OR REPLACE ALGORITHM = TEMPTABLE SQL SECURITY INVOKER VIEW vw_parts (a, b) AS SELECT '%s', v FROM c UNION SELECT u, '%s' FROM c", word, word)},
		{"view over a view", true, text("CREATE VIEW vw_over AS SELECT x.*, '%s' AS further FROM vw x WHERE x.u <> '%s'", word, word)},
		{"alter view", true, text("ALTER VIEW vw_bare AS SELECT '%s' AS b FROM c HAVING b <> '%s'", word, word)},
		{"view that is there", false, text("CREATE VIEW vw_bare AS SELECT '%s' AS b", word)},
		{"view that fails", false, text("CREATE VIEW vw_bad AS SELECT nosuch FROM c WHERE v = '%s'", word)},
		{"view of an unknown table", false, text("CREATE VIEW vw_bad AS SELECT * FROM nosuch WHERE v = '%s'", word)},
		{"view that cannot be read", false, text("CREATE VIEW vw_bad AS SELECT '%s' FROBNICATE", word)},
		{"query of a view", true, text("SELECT * FROM vw WHERE v = '%s' AND u IN (SELECT '%s' FROM vw_over)", word, word)},
		{"prepared query of a view", true, prepared("SELECT * FROM vw WHERE v = ? OR u <> ?", boundWord, boundWord)},
		{"insert from a view", true, text("INSERT INTO c (v, t) SELECT CONCAT(a, '%s'), b FROM vw_parts LIMIT 2", word)},
		{"update by a view", true, text("UPDATE c SET t = '%s' WHERE v IN (SELECT b FROM vw_parts WHERE a <> '%s')", word, word)},
		{"insert into a view", true, text("INSERT INTO vw (v, t) VALUES ('%s', '%s')", word, word)},
		{"update of a view", true, text("UPDATE vw SET t = '%s' WHERE u = '%s'", word, word)},
		{"delete from a view", true, text("DELETE FROM vw WHERE t = '%s'", word)},
		{"copy of a view", true, text("CREATE TABLE c_vw AS SELECT b, '%s' AS w FROM vw_parts", word)},
	}
}
