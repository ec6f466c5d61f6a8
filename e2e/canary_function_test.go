package e2e_test

// functionWrites are calls of stored functions: one that the evaluator runs, one that reads the session and one that reads a table.
func functionWrites() []canaryWrite {
	return []canaryWrite{
		{"function", true, text("CREATE FUNCTION fn_same(a VARCHAR(200)) RETURNS VARCHAR(200) DETERMINISTIC RETURN CONCAT(a, '')")},
		{"function of a table", false, text("CREATE FUNCTION fn_table(a VARCHAR(200)) RETURNS INT RETURN (SELECT COUNT(*) FROM information_schema.ENGINES WHERE ENGINE = a)")},
		{"function of the session", false, text("CREATE FUNCTION fn_session(a VARCHAR(200)) RETURNS VARCHAR(200) BEGIN SET @fn_kept = a; RETURN a; END")},
		{"insert by a function", true, text("INSERT INTO c (id, v, t) VALUES (90, fn_same('%s'), CONCAT(fn_same('%s'), '%s'))", word, word, word)},
		{"update by a function", true, text("UPDATE c SET t = fn_same('%s') WHERE id = 90 AND LENGTH(fn_same('%s')) > 3", word, word)},
		{"condition of clear columns", true, text("SELECT id FROM c WHERE id = fn_same('%s') OR id IN (fn_same('%s'), 90)", word, word)},
		{"constant call in a select list", true, text("SELECT id, fn_same('%s') FROM c WHERE id = 90", word)},
		{"constant call in an order", true, text("SELECT id FROM c ORDER BY fn_same('%s'), id LIMIT 1", word)},
		{"delete by a function", true, text("DELETE FROM c WHERE id = 90 AND fn_same('%s') = v", word)},
		{"clear column by a function", false, text("UPDATE c SET id = fn_same('%s') WHERE id = 90", word)},
		{"upsert by a function", true, text("INSERT INTO c (id, v) VALUES (90, '%s') ON DUPLICATE KEY UPDATE t = fn_same('%s')", word, word)},
		{"function that reads a table", false, text("SELECT fn_table(v), fn_table('%s') FROM c", word)},
		{"insert by a function that reads a table", false, text("INSERT INTO c (v, n) VALUES ('%s', fn_table('%s'))", word, word)},
		{"function that keeps", false, text("SELECT fn_session('%s') FROM c WHERE id = 1", word)},
		{"update by a function that keeps", false, text("UPDATE c SET v = fn_session('%s') WHERE id = 1", word)},
		{"function that is not there", false, text("SELECT fn_missing('%s'), id FROM c WHERE id = fn_missing('%s')", word, word)},
		{"wrong number of arguments", false, text("SELECT fn_same('%s', '%s') FROM c", word, word)},
		{"prepared call", true, prepared("SELECT id FROM c WHERE id = fn_same(?) OR v = fn_same(?)", boundWord, boundWord)},
		{"prepared insert by a function", true, prepared("INSERT INTO c (v, t) VALUES (fn_same(?), ?)", boundWord, boundWord)},
	}
}
