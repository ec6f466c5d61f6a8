package e2e_test

// changeWrites are the forms of UPDATE and DELETE that upstream cannot compute.
func changeWrites() []canaryWrite {
	return []canaryWrite{
		{"update expression", true, text("UPDATE c SET t = CONCAT(COALESCE(t, ''), '%s'), n = COALESCE(n, 0) * 0 + %d WHERE v LIKE '%s%%' OR UPPER(v) <> '%s'",
			word, number, word, word)},
		{"update by hex", true, text("UPDATE c SET bl = CONCAT(x'%s', COALESCE(bl, '')), v = 0x%s WHERE id + 0 = 1", bytesOf, hexWord)},
		{"update subquery", true, text("UPDATE c SET t = (SELECT CONCAT('%s', x.v) FROM (SELECT MIN(id) AS v FROM c) x) WHERE EXISTS "+
			"(SELECT 1 FROM (SELECT '%s' AS w) y WHERE y.w <> c.v)", word, word)},
		{"update order by limit", true, text("UPDATE c SET t = CONCAT(id, '%s') WHERE v <> '%s' ORDER BY v = '%s', v LIMIT 2", word, word, word)},
		{"update ignore", true, text("UPDATE IGNORE c SET u = CONCAT('%s', id) WHERE v > '%s'", word, word)},
		{"update with a variable", true, text("UPDATE c SET t = (@written := CONCAT('%s', id)) WHERE LENGTH(v) > 0", word)},
		{"update of several", true, text("UPDATE c a JOIN c b ON a.id = b.id SET a.t = CONCAT(b.id, '%s') WHERE b.v <> '%s' AND a.t <> CONCAT('%s')", word, word, word)},
		{"update duplicate", false, text("UPDATE c SET u = CONCAT('%s', '') WHERE id > 0", word)},
		{"update out of range", false, text("UPDATE c SET n = n + %d, v = REPEAT('%s', 100) WHERE id > 0", number, word)},
		{"update unknown column", false, text("UPDATE c SET nosuch = CONCAT('%s', v)", word)},
		{"update of an unknown table", false, text("UPDATE nosuch SET v = '%s' WHERE id IN (SELECT id FROM c WHERE v <> '%s')", word, word)},
		{"update converted", false, text("UPDATE c SET n = '%s' WHERE id > 0", word)},
		{"prepared update expression", true, prepared("UPDATE c SET t = CONCAT(?, 'x'), n = COALESCE(n, 0) * 0 + ? WHERE v > ? OR u LIKE ?",
			boundWord, boundInt, boundWord, boundWord)},
		{"delete expression", true, text("DELETE FROM c WHERE UPPER(v) = '%s' OR n > %d AND v LIKE '%s%%'", word, number, word)},
		{"delete join", true, text("DELETE a FROM c a JOIN c b ON a.id = b.id WHERE CONCAT(b.v, '') = '%s' AND a.t <> '%s'", word, word)},
		{"delete order by limit", true, text("DELETE FROM c WHERE v < '%s' AND t = CONCAT('%s') ORDER BY v LIMIT 1", word, word)},
		{"prepared delete expression", true, prepared("DELETE FROM c WHERE LOWER(v) = ? OR n + 1 = ?", boundWord, boundInt)},
		{"delete returning", false, text("DELETE FROM c WHERE v = '%s' RETURNING CONCAT(v, '%s')", word, word)},
		{"insert returning", false, text("INSERT INTO c (v, t) VALUES ('%s', 'x') RETURNING CONCAT(v, '%s'), id, (SELECT MAX(v) FROM c x)", word, word)},
		{"replace returning", false, text("REPLACE INTO c (v, u) VALUES ('%s', '%s'), ('%s', 'y') RETURNING CONCAT(v, u, '%s')", word, word, word, word)},
		{"insert returning unknown", false, text("INSERT INTO c (v) VALUES ('%s') RETURNING CONCAT(nosuch, '%s')", word, word)},
		{"insert select returning", false, text("INSERT INTO c (v) SELECT CONCAT(v, '%s') FROM c WHERE v = '%s' RETURNING UPPER(v)", word, word)},
		{"upsert returning", false, text("INSERT INTO c (v, u) VALUES ('%s', '%s') ON DUPLICATE KEY UPDATE v = CONCAT(v, '%s') RETURNING CONCAT(v, '%s')", word, word, word, word)},
	}
}
