package e2e_test

// upsertWrites are the forms of ON DUPLICATE KEY UPDATE whose values the evaluator computes.
func upsertWrites() []canaryWrite {
	return []canaryWrite{
		{"upsert expression", true, text("INSERT INTO c (id, v, t, n) VALUES (1, '%s', '%s', %d), (1, '%s', CONCAT('%s'), 2) "+
			"ON DUPLICATE KEY UPDATE t = CONCAT(COALESCE(t, ''), VALUES(t), '%s'), n = IF(VALUES(v) = '%s', n, %d)", word, word, number, word, word, word, word, number)},
		{"upsert by a unique key", true, text("INSERT INTO c (u, v) VALUES ('%s', '%s') ON DUPLICATE KEY UPDATE u = CONCAT('%s', id)", word, word, word)},
		{"upsert ignore", true, text("INSERT IGNORE INTO c (id, v, n) VALUES (1, '%s', '%s') ON DUPLICATE KEY UPDATE v = '%s', n = '%s'",
			word, word, word, word)},
		{"upsert select", true, text("INSERT INTO c (id, v) SELECT id, '%s' FROM c WHERE v <> '%s' ON DUPLICATE KEY UPDATE t = CONCAT('%s', VALUES(v))",
			word, word, word)},
		{"upsert subquery", true, text("INSERT INTO c (id, v) VALUES (1, '%s') ON DUPLICATE KEY UPDATE t = (SELECT CONCAT('%s', 'x'))", word, word)},
		{"upsert that fails", false, text("INSERT INTO c (id, v) VALUES (1, '%s') ON DUPLICATE KEY UPDATE n = CONCAT('%s', v), id = '%s'", word, word, word)},
		{"upsert number", false, text("INSERT INTO c (id, v) VALUES (1, '%s') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(%d)", word, number)},
		{"upsert with an alias", false, text("INSERT INTO c (id, v) VALUES (1, '%s') AS new(a, b) ON DUPLICATE KEY UPDATE t = CONCAT(b, '%s')", word, word)},
		{"prepared upsert expression", true, prepared("INSERT INTO c (id, v, n) VALUES (1, ?, ?) ON DUPLICATE KEY UPDATE v = CONCAT(?, 'x'), n = n + ?",
			boundWord, boundInt, boundWord, boundInt)},
	}
}
