# Character sets and collations of columns, of literals and of the client.
#! known: warnings
CREATE TABLE c (id INT PRIMARY KEY, g VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, u VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, b VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, l VARCHAR(30) CHARACTER SET latin1, ls VARCHAR(30) CHARACTER SET latin1 COLLATE latin1_general_cs, w VARCHAR(30) CHARACTER SET utf16, a CHAR(8) CHARACTER SET ascii, vb VARBINARY(30));
INSERT INTO c VALUES (1,'straße','straße','straße','straße','straße','straße','abc',x'C3A9'),(2,'STRASSE','STRASSE','STRASSE','STRASSE','STRASSE','STRASSE','ABC','A'),(3,'éa ','éa ','éa ','éa ','éa ','éa ','a ','a '),(4,'EA','EA','EA','EA','EA','EA','','') ,(5,'日本😀','日本😀','日本😀','x','x','日本😀','x','x'),(6,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
#! only: mysql
CREATE TABLE n (id INT PRIMARY KEY, v VARCHAR(30) COLLATE utf8mb4_0900_ai_ci, s VARCHAR(30) COLLATE utf8mb4_0900_as_cs);
#! only: mysql
INSERT INTO n VALUES (1,'straße','straße'),(2,'STRASSE','STRASSE'),(3,'éa ','éa '),(4,'EA','EA'),(5,'日本😀','日本😀'),(6,NULL,NULL);
SET NAMES utf8mb4;
SELECT id, g FROM c ORDER BY g, id;
SELECT id FROM c WHERE g > 'ea' ORDER BY id;
SELECT id FROM c WHERE g LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE g LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(g)) FROM c GROUP BY g ORDER BY 1;
SELECT COUNT(DISTINCT g), MAX(g), MIN(g) FROM c;
SELECT id, LENGTH(g), CHAR_LENGTH(g), HEX(UPPER(g)), REVERSE(g), LPAD(g, 4, 'xy'), REPLACE(g, 'a', 'b'), LOCATE('A', g), STRCMP(g, 'EA'), HEX(WEIGHT_STRING(g)) FROM c ORDER BY id;
SELECT id, CONVERT(g USING utf8mb4), CONCAT(g, '-', id), g IN ('ea', 'x'), FIELD(g, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.g = b.g AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE g = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE g REGEXP '^s' ORDER BY id;
SELECT id, u FROM c ORDER BY u, id;
SELECT id FROM c WHERE u > 'ea' ORDER BY id;
SELECT id FROM c WHERE u LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE u LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(u)) FROM c GROUP BY u ORDER BY 1;
SELECT COUNT(DISTINCT u), MAX(u), MIN(u) FROM c;
SELECT id, LENGTH(u), CHAR_LENGTH(u), HEX(UPPER(u)), REVERSE(u), LPAD(u, 4, 'xy'), REPLACE(u, 'a', 'b'), LOCATE('A', u), STRCMP(u, 'EA'), HEX(WEIGHT_STRING(u)) FROM c ORDER BY id;
SELECT id, CONVERT(u USING utf8mb4), CONCAT(u, '-', id), u IN ('ea', 'x'), FIELD(u, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.u = b.u AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE u = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE u REGEXP '^s' ORDER BY id;
SELECT id, b FROM c ORDER BY b, id;
SELECT id FROM c WHERE b > 'ea' ORDER BY id;
SELECT id FROM c WHERE b LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE b LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(b)) FROM c GROUP BY b ORDER BY 1;
SELECT COUNT(DISTINCT b), MAX(b), MIN(b) FROM c;
SELECT id, LENGTH(b), CHAR_LENGTH(b), HEX(UPPER(b)), REVERSE(b), LPAD(b, 4, 'xy'), REPLACE(b, 'a', 'b'), LOCATE('A', b), STRCMP(b, 'EA'), HEX(WEIGHT_STRING(b)) FROM c ORDER BY id;
SELECT id, CONVERT(b USING utf8mb4), CONCAT(b, '-', id), b IN ('ea', 'x'), FIELD(b, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.b = b.b AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE b = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE b REGEXP '^s' ORDER BY id;
SELECT id, l FROM c ORDER BY l, id;
SELECT id FROM c WHERE l > 'ea' ORDER BY id;
SELECT id FROM c WHERE l LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE l LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(l)) FROM c GROUP BY l ORDER BY 1;
SELECT COUNT(DISTINCT l), MAX(l), MIN(l) FROM c;
SELECT id, LENGTH(l), CHAR_LENGTH(l), HEX(UPPER(l)), REVERSE(l), LPAD(l, 4, 'xy'), REPLACE(l, 'a', 'b'), LOCATE('A', l), STRCMP(l, 'EA'), HEX(WEIGHT_STRING(l)) FROM c ORDER BY id;
SELECT id, CONVERT(l USING utf8mb4), CONCAT(l, '-', id), l IN ('ea', 'x'), FIELD(l, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.l = b.l AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE l = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE l REGEXP '^s' ORDER BY id;
SELECT id, ls FROM c ORDER BY ls, id;
SELECT id FROM c WHERE ls > 'ea' ORDER BY id;
SELECT id FROM c WHERE ls LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE ls LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(ls)) FROM c GROUP BY ls ORDER BY 1;
SELECT COUNT(DISTINCT ls), MAX(ls), MIN(ls) FROM c;
SELECT id, LENGTH(ls), CHAR_LENGTH(ls), HEX(UPPER(ls)), REVERSE(ls), LPAD(ls, 4, 'xy'), REPLACE(ls, 'a', 'b'), LOCATE('A', ls), STRCMP(ls, 'EA'), HEX(WEIGHT_STRING(ls)) FROM c ORDER BY id;
SELECT id, CONVERT(ls USING utf8mb4), CONCAT(ls, '-', id), ls IN ('ea', 'x'), FIELD(ls, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.ls = b.ls AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE ls = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE ls REGEXP '^s' ORDER BY id;
SELECT id, w FROM c ORDER BY w, id;
SELECT id FROM c WHERE w > 'ea' ORDER BY id;
SELECT id FROM c WHERE w LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE w LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(w)) FROM c GROUP BY w ORDER BY 1;
SELECT COUNT(DISTINCT w), MAX(w), MIN(w) FROM c;
SELECT id, LENGTH(w), CHAR_LENGTH(w), HEX(UPPER(w)), REVERSE(w), LPAD(w, 4, 'xy'), REPLACE(w, 'a', 'b'), LOCATE('A', w), STRCMP(w, 'EA'), HEX(WEIGHT_STRING(w)) FROM c ORDER BY id;
SELECT id, CONVERT(w USING utf8mb4), CONCAT(w, '-', id), w IN ('ea', 'x'), FIELD(w, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.w = b.w AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE w = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE w REGEXP '^s' ORDER BY id;
SELECT id, a FROM c ORDER BY a, id;
SELECT id FROM c WHERE a > 'ea' ORDER BY id;
SELECT id FROM c WHERE a LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE a LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(a)) FROM c GROUP BY a ORDER BY 1;
SELECT COUNT(DISTINCT a), MAX(a), MIN(a) FROM c;
SELECT id, LENGTH(a), CHAR_LENGTH(a), HEX(UPPER(a)), REVERSE(a), LPAD(a, 4, 'xy'), REPLACE(a, 'a', 'b'), LOCATE('A', a), STRCMP(a, 'EA'), HEX(WEIGHT_STRING(a)) FROM c ORDER BY id;
SELECT id, CONVERT(a USING utf8mb4), CONCAT(a, '-', id), a IN ('ea', 'x'), FIELD(a, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.a = b.a AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE a = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE a REGEXP '^s' ORDER BY id;
SELECT id, vb FROM c ORDER BY vb, id;
SELECT id FROM c WHERE vb > 'ea' ORDER BY id;
SELECT id FROM c WHERE vb LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE vb LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(vb)) FROM c GROUP BY vb ORDER BY 1;
SELECT COUNT(DISTINCT vb), MAX(vb), MIN(vb) FROM c;
SELECT id, LENGTH(vb), CHAR_LENGTH(vb), HEX(UPPER(vb)), REVERSE(vb), LPAD(vb, 4, 'xy'), REPLACE(vb, 'a', 'b'), LOCATE('A', vb), STRCMP(vb, 'EA'), HEX(WEIGHT_STRING(vb)) FROM c ORDER BY id;
SELECT id, CONVERT(vb USING utf8mb4), CONCAT(vb, '-', id), vb IN ('ea', 'x'), FIELD(vb, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.vb = b.vb AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE vb = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE vb REGEXP '^s' ORDER BY id;
#! only: mysql
SELECT id, v FROM n ORDER BY v, id;
#! only: mysql
SELECT id FROM n WHERE v > 'ea' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v LIKE 'stra%' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v LIKE '_a_' ORDER BY id;
#! only: mysql
SELECT MIN(id), COUNT(*), MIN(UPPER(v)) FROM n GROUP BY v ORDER BY 1;
#! only: mysql
SELECT COUNT(DISTINCT v), MAX(v), MIN(v) FROM n;
#! only: mysql
SELECT id, LENGTH(v), CHAR_LENGTH(v), HEX(UPPER(v)), REVERSE(v), LPAD(v, 4, 'xy'), REPLACE(v, 'a', 'b'), LOCATE('A', v), STRCMP(v, 'EA'), HEX(WEIGHT_STRING(v)) FROM n ORDER BY id;
#! only: mysql
SELECT id, CONVERT(v USING utf8mb4), CONCAT(v, '-', id), v IN ('ea', 'x'), FIELD(v, 'ea', 'STRASSE') FROM n ORDER BY id;
#! only: mysql
SELECT a.id, b.id FROM n a JOIN n b ON a.v = b.v AND a.id < b.id ORDER BY 1, 2;
#! only: mysql
SELECT id FROM n WHERE v = 'Ea ' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v REGEXP '^s' ORDER BY id;
#! only: mysql
SELECT id, s FROM n ORDER BY s, id;
#! only: mysql
SELECT id FROM n WHERE s > 'ea' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s LIKE 'stra%' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s LIKE '_a_' ORDER BY id;
#! only: mysql
SELECT MIN(id), COUNT(*), MIN(UPPER(s)) FROM n GROUP BY s ORDER BY 1;
#! only: mysql
SELECT COUNT(DISTINCT s), MAX(s), MIN(s) FROM n;
#! only: mysql
SELECT id, LENGTH(s), CHAR_LENGTH(s), HEX(UPPER(s)), REVERSE(s), LPAD(s, 4, 'xy'), REPLACE(s, 'a', 'b'), LOCATE('A', s), STRCMP(s, 'EA'), HEX(WEIGHT_STRING(s)) FROM n ORDER BY id;
#! only: mysql
SELECT id, CONVERT(s USING utf8mb4), CONCAT(s, '-', id), s IN ('ea', 'x'), FIELD(s, 'ea', 'STRASSE') FROM n ORDER BY id;
#! only: mysql
SELECT a.id, b.id FROM n a JOIN n b ON a.s = b.s AND a.id < b.id ORDER BY 1, 2;
#! only: mysql
SELECT id FROM n WHERE s = 'Ea ' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s REGEXP '^s' ORDER BY id;
SET NAMES latin1;
SELECT id, g FROM c ORDER BY g, id;
SELECT id FROM c WHERE g > 'ea' ORDER BY id;
SELECT id FROM c WHERE g LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE g LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(g)) FROM c GROUP BY g ORDER BY 1;
SELECT COUNT(DISTINCT g), MAX(g), MIN(g) FROM c;
SELECT id, LENGTH(g), CHAR_LENGTH(g), HEX(UPPER(g)), REVERSE(g), LPAD(g, 4, 'xy'), REPLACE(g, 'a', 'b'), LOCATE('A', g), STRCMP(g, 'EA'), HEX(WEIGHT_STRING(g)) FROM c ORDER BY id;
SELECT id, CONVERT(g USING utf8mb4), CONCAT(g, '-', id), g IN ('ea', 'x'), FIELD(g, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.g = b.g AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE g = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE g REGEXP '^s' ORDER BY id;
SELECT id, b FROM c ORDER BY b, id;
SELECT id FROM c WHERE b > 'ea' ORDER BY id;
SELECT id FROM c WHERE b LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE b LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(b)) FROM c GROUP BY b ORDER BY 1;
SELECT COUNT(DISTINCT b), MAX(b), MIN(b) FROM c;
SELECT id, LENGTH(b), CHAR_LENGTH(b), HEX(UPPER(b)), REVERSE(b), LPAD(b, 4, 'xy'), REPLACE(b, 'a', 'b'), LOCATE('A', b), STRCMP(b, 'EA'), HEX(WEIGHT_STRING(b)) FROM c ORDER BY id;
SELECT id, CONVERT(b USING utf8mb4), CONCAT(b, '-', id), b IN ('ea', 'x'), FIELD(b, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.b = b.b AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE b = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE b REGEXP '^s' ORDER BY id;
SELECT id, l FROM c ORDER BY l, id;
SELECT id FROM c WHERE l > 'ea' ORDER BY id;
SELECT id FROM c WHERE l LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE l LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(l)) FROM c GROUP BY l ORDER BY 1;
SELECT COUNT(DISTINCT l), MAX(l), MIN(l) FROM c;
SELECT id, LENGTH(l), CHAR_LENGTH(l), HEX(UPPER(l)), REVERSE(l), LPAD(l, 4, 'xy'), REPLACE(l, 'a', 'b'), LOCATE('A', l), STRCMP(l, 'EA'), HEX(WEIGHT_STRING(l)) FROM c ORDER BY id;
SELECT id, CONVERT(l USING utf8mb4), CONCAT(l, '-', id), l IN ('ea', 'x'), FIELD(l, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.l = b.l AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE l = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE l REGEXP '^s' ORDER BY id;
SELECT id, w FROM c ORDER BY w, id;
SELECT id FROM c WHERE w > 'ea' ORDER BY id;
SELECT id FROM c WHERE w LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE w LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(w)) FROM c GROUP BY w ORDER BY 1;
SELECT COUNT(DISTINCT w), MAX(w), MIN(w) FROM c;
SELECT id, LENGTH(w), CHAR_LENGTH(w), HEX(UPPER(w)), REVERSE(w), LPAD(w, 4, 'xy'), REPLACE(w, 'a', 'b'), LOCATE('A', w), STRCMP(w, 'EA'), HEX(WEIGHT_STRING(w)) FROM c ORDER BY id;
SELECT id, CONVERT(w USING utf8mb4), CONCAT(w, '-', id), w IN ('ea', 'x'), FIELD(w, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.w = b.w AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE w = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE w REGEXP '^s' ORDER BY id;
SELECT id, vb FROM c ORDER BY vb, id;
SELECT id FROM c WHERE vb > 'ea' ORDER BY id;
SELECT id FROM c WHERE vb LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE vb LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(vb)) FROM c GROUP BY vb ORDER BY 1;
SELECT COUNT(DISTINCT vb), MAX(vb), MIN(vb) FROM c;
SELECT id, LENGTH(vb), CHAR_LENGTH(vb), HEX(UPPER(vb)), REVERSE(vb), LPAD(vb, 4, 'xy'), REPLACE(vb, 'a', 'b'), LOCATE('A', vb), STRCMP(vb, 'EA'), HEX(WEIGHT_STRING(vb)) FROM c ORDER BY id;
SELECT id, CONVERT(vb USING utf8mb4), CONCAT(vb, '-', id), vb IN ('ea', 'x'), FIELD(vb, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.vb = b.vb AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE vb = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE vb REGEXP '^s' ORDER BY id;
#! only: mysql
SELECT id, v FROM n ORDER BY v, id;
#! only: mysql
SELECT id FROM n WHERE v > 'ea' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v LIKE 'stra%' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v LIKE '_a_' ORDER BY id;
#! only: mysql
SELECT MIN(id), COUNT(*), MIN(UPPER(v)) FROM n GROUP BY v ORDER BY 1;
#! only: mysql
SELECT COUNT(DISTINCT v), MAX(v), MIN(v) FROM n;
#! only: mysql
SELECT id, LENGTH(v), CHAR_LENGTH(v), HEX(UPPER(v)), REVERSE(v), LPAD(v, 4, 'xy'), REPLACE(v, 'a', 'b'), LOCATE('A', v), STRCMP(v, 'EA'), HEX(WEIGHT_STRING(v)) FROM n ORDER BY id;
#! only: mysql
SELECT id, CONVERT(v USING utf8mb4), CONCAT(v, '-', id), v IN ('ea', 'x'), FIELD(v, 'ea', 'STRASSE') FROM n ORDER BY id;
#! only: mysql
SELECT a.id, b.id FROM n a JOIN n b ON a.v = b.v AND a.id < b.id ORDER BY 1, 2;
#! only: mysql
SELECT id FROM n WHERE v = 'Ea ' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v REGEXP '^s' ORDER BY id;
#! only: mysql
SELECT id, s FROM n ORDER BY s, id;
#! only: mysql
SELECT id FROM n WHERE s > 'ea' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s LIKE 'stra%' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s LIKE '_a_' ORDER BY id;
#! only: mysql
SELECT MIN(id), COUNT(*), MIN(UPPER(s)) FROM n GROUP BY s ORDER BY 1;
#! only: mysql
SELECT COUNT(DISTINCT s), MAX(s), MIN(s) FROM n;
#! only: mysql
SELECT id, LENGTH(s), CHAR_LENGTH(s), HEX(UPPER(s)), REVERSE(s), LPAD(s, 4, 'xy'), REPLACE(s, 'a', 'b'), LOCATE('A', s), STRCMP(s, 'EA'), HEX(WEIGHT_STRING(s)) FROM n ORDER BY id;
#! only: mysql
SELECT id, CONVERT(s USING utf8mb4), CONCAT(s, '-', id), s IN ('ea', 'x'), FIELD(s, 'ea', 'STRASSE') FROM n ORDER BY id;
#! only: mysql
SELECT a.id, b.id FROM n a JOIN n b ON a.s = b.s AND a.id < b.id ORDER BY 1, 2;
#! only: mysql
SELECT id FROM n WHERE s = 'Ea ' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s REGEXP '^s' ORDER BY id;
SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SELECT id, g FROM c ORDER BY g, id;
SELECT id FROM c WHERE g > 'ea' ORDER BY id;
SELECT id FROM c WHERE g LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE g LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(g)) FROM c GROUP BY g ORDER BY 1;
SELECT COUNT(DISTINCT g), MAX(g), MIN(g) FROM c;
SELECT id, LENGTH(g), CHAR_LENGTH(g), HEX(UPPER(g)), REVERSE(g), LPAD(g, 4, 'xy'), REPLACE(g, 'a', 'b'), LOCATE('A', g), STRCMP(g, 'EA'), HEX(WEIGHT_STRING(g)) FROM c ORDER BY id;
SELECT id, CONVERT(g USING utf8mb4), CONCAT(g, '-', id), g IN ('ea', 'x'), FIELD(g, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.g = b.g AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE g = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE g REGEXP '^s' ORDER BY id;
SELECT id, b FROM c ORDER BY b, id;
SELECT id FROM c WHERE b > 'ea' ORDER BY id;
SELECT id FROM c WHERE b LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE b LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(b)) FROM c GROUP BY b ORDER BY 1;
SELECT COUNT(DISTINCT b), MAX(b), MIN(b) FROM c;
SELECT id, LENGTH(b), CHAR_LENGTH(b), HEX(UPPER(b)), REVERSE(b), LPAD(b, 4, 'xy'), REPLACE(b, 'a', 'b'), LOCATE('A', b), STRCMP(b, 'EA'), HEX(WEIGHT_STRING(b)) FROM c ORDER BY id;
SELECT id, CONVERT(b USING utf8mb4), CONCAT(b, '-', id), b IN ('ea', 'x'), FIELD(b, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.b = b.b AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE b = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE b REGEXP '^s' ORDER BY id;
SELECT id, l FROM c ORDER BY l, id;
SELECT id FROM c WHERE l > 'ea' ORDER BY id;
SELECT id FROM c WHERE l LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE l LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(l)) FROM c GROUP BY l ORDER BY 1;
SELECT COUNT(DISTINCT l), MAX(l), MIN(l) FROM c;
SELECT id, LENGTH(l), CHAR_LENGTH(l), HEX(UPPER(l)), REVERSE(l), LPAD(l, 4, 'xy'), REPLACE(l, 'a', 'b'), LOCATE('A', l), STRCMP(l, 'EA'), HEX(WEIGHT_STRING(l)) FROM c ORDER BY id;
SELECT id, CONVERT(l USING utf8mb4), CONCAT(l, '-', id), l IN ('ea', 'x'), FIELD(l, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.l = b.l AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE l = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE l REGEXP '^s' ORDER BY id;
SELECT id, w FROM c ORDER BY w, id;
SELECT id FROM c WHERE w > 'ea' ORDER BY id;
SELECT id FROM c WHERE w LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE w LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(w)) FROM c GROUP BY w ORDER BY 1;
SELECT COUNT(DISTINCT w), MAX(w), MIN(w) FROM c;
SELECT id, LENGTH(w), CHAR_LENGTH(w), HEX(UPPER(w)), REVERSE(w), LPAD(w, 4, 'xy'), REPLACE(w, 'a', 'b'), LOCATE('A', w), STRCMP(w, 'EA'), HEX(WEIGHT_STRING(w)) FROM c ORDER BY id;
SELECT id, CONVERT(w USING utf8mb4), CONCAT(w, '-', id), w IN ('ea', 'x'), FIELD(w, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.w = b.w AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE w = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE w REGEXP '^s' ORDER BY id;
SELECT id, vb FROM c ORDER BY vb, id;
SELECT id FROM c WHERE vb > 'ea' ORDER BY id;
SELECT id FROM c WHERE vb LIKE 'stra%' ORDER BY id;
SELECT id FROM c WHERE vb LIKE '_a_' ORDER BY id;
SELECT MIN(id), COUNT(*), MIN(UPPER(vb)) FROM c GROUP BY vb ORDER BY 1;
SELECT COUNT(DISTINCT vb), MAX(vb), MIN(vb) FROM c;
SELECT id, LENGTH(vb), CHAR_LENGTH(vb), HEX(UPPER(vb)), REVERSE(vb), LPAD(vb, 4, 'xy'), REPLACE(vb, 'a', 'b'), LOCATE('A', vb), STRCMP(vb, 'EA'), HEX(WEIGHT_STRING(vb)) FROM c ORDER BY id;
SELECT id, CONVERT(vb USING utf8mb4), CONCAT(vb, '-', id), vb IN ('ea', 'x'), FIELD(vb, 'ea', 'STRASSE') FROM c ORDER BY id;
SELECT a.id, b.id FROM c a JOIN c b ON a.vb = b.vb AND a.id < b.id ORDER BY 1, 2;
SELECT id FROM c WHERE vb = 'Ea ' ORDER BY id;
SELECT id FROM c WHERE vb REGEXP '^s' ORDER BY id;
#! only: mysql
SELECT id, v FROM n ORDER BY v, id;
#! only: mysql
SELECT id FROM n WHERE v > 'ea' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v LIKE 'stra%' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v LIKE '_a_' ORDER BY id;
#! only: mysql
SELECT MIN(id), COUNT(*), MIN(UPPER(v)) FROM n GROUP BY v ORDER BY 1;
#! only: mysql
SELECT COUNT(DISTINCT v), MAX(v), MIN(v) FROM n;
#! only: mysql
SELECT id, LENGTH(v), CHAR_LENGTH(v), HEX(UPPER(v)), REVERSE(v), LPAD(v, 4, 'xy'), REPLACE(v, 'a', 'b'), LOCATE('A', v), STRCMP(v, 'EA'), HEX(WEIGHT_STRING(v)) FROM n ORDER BY id;
#! only: mysql
SELECT id, CONVERT(v USING utf8mb4), CONCAT(v, '-', id), v IN ('ea', 'x'), FIELD(v, 'ea', 'STRASSE') FROM n ORDER BY id;
#! only: mysql
SELECT a.id, b.id FROM n a JOIN n b ON a.v = b.v AND a.id < b.id ORDER BY 1, 2;
#! only: mysql
SELECT id FROM n WHERE v = 'Ea ' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE v REGEXP '^s' ORDER BY id;
#! only: mysql
SELECT id, s FROM n ORDER BY s, id;
#! only: mysql
SELECT id FROM n WHERE s > 'ea' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s LIKE 'stra%' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s LIKE '_a_' ORDER BY id;
#! only: mysql
SELECT MIN(id), COUNT(*), MIN(UPPER(s)) FROM n GROUP BY s ORDER BY 1;
#! only: mysql
SELECT COUNT(DISTINCT s), MAX(s), MIN(s) FROM n;
#! only: mysql
SELECT id, LENGTH(s), CHAR_LENGTH(s), HEX(UPPER(s)), REVERSE(s), LPAD(s, 4, 'xy'), REPLACE(s, 'a', 'b'), LOCATE('A', s), STRCMP(s, 'EA'), HEX(WEIGHT_STRING(s)) FROM n ORDER BY id;
#! only: mysql
SELECT id, CONVERT(s USING utf8mb4), CONCAT(s, '-', id), s IN ('ea', 'x'), FIELD(s, 'ea', 'STRASSE') FROM n ORDER BY id;
#! only: mysql
SELECT a.id, b.id FROM n a JOIN n b ON a.s = b.s AND a.id < b.id ORDER BY 1, 2;
#! only: mysql
SELECT id FROM n WHERE s = 'Ea ' ORDER BY id;
#! only: mysql
SELECT id FROM n WHERE s REGEXP '^s' ORDER BY id;
SET NAMES utf8mb4;
SELECT id FROM c WHERE g = b COLLATE utf8mb4_bin ORDER BY id;
SELECT id FROM c WHERE g = u ORDER BY id;
SELECT id FROM c WHERE l = g ORDER BY id;
SELECT id FROM c WHERE w > l ORDER BY id;
SELECT id FROM c WHERE CONCAT(g, u) > 'a';
SELECT id FROM c WHERE g = _latin1 x'E961' ORDER BY id;
SELECT g FROM c UNION SELECT l FROM c ORDER BY 1;
SELECT id, _utf8mb4'é' = UPPER(g), N'ea' = LOWER(l) FROM c ORDER BY id;
SET character_set_results = NULL;
SELECT id, UPPER(g), UPPER(l), UPPER(w) FROM c ORDER BY id;
SET character_set_results = latin1;
SELECT id, UPPER(g), UPPER(l), UPPER(w) FROM c ORDER BY id;
SET NAMES binary;
SELECT id, UPPER(g), UPPER(l), UPPER(w) FROM c ORDER BY id;
SET NAMES utf8mb4;
SET collation_connection = 'utf16_general_ci';
SELECT id, CONCAT(id, 'x'), UPPER(g) FROM c ORDER BY id;
SET NAMES utf8mb4;
# Results as file names: a point becomes @002e there.
CREATE TABLE fn (id INT PRIMARY KEY, a DATETIME(6), d DECIMAL(10,2), v VARCHAR(20));
SET timestamp = 1234567890.5;
SET NAMES utf8mb4;
SET character_set_results = filename;
INSERT INTO fn VALUES (1, NOW(6), -1.5, 'a.b'), (2, '2001-01-01', 2, 'ab');
SELECT a, COALESCE(a) AS c, d, ABS(d), v, UPPER(v) FROM fn ORDER BY id;
SELECT id, UPPER(v) FROM fn WHERE UPPER(v) = 'AB';
SET NAMES utf8mb4;
SET timestamp = DEFAULT;
SELECT id, HEX(v), a FROM fn ORDER BY id;
