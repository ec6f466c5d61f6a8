package evaluator

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// everyType has a column of each type, with what attributes it can have.
const everyType = `CREATE TABLE shop.every (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'the key''s',
  ti TINYINT(3) UNSIGNED ZEROFILL DEFAULT 7, si SMALLINT NOT NULL DEFAULT '-5', mi MEDIUMINT, i INT NOT NULL, bo BOOL DEFAULT TRUE,
  fl FLOAT DEFAULT 1.1, fd FLOAT(7,3) UNSIGNED, db DOUBLE DEFAULT -2.5e-7, dd DOUBLE(10,2), de DECIMAL(10,4) DEFAULT -1.5, dz DECIMAL(5) ZEROFILL DEFAULT 12,
  ye YEAR DEFAULT 1999, da DATE DEFAULT '2020-02-29', ti6 TIME(6) DEFAULT '-12:30:00.5', dt DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  d3 DATETIME(3) DEFAULT '1000-01-01 00:00:00.25', ts TIMESTAMP(2) NOT NULL DEFAULT CURRENT_TIMESTAMP(2), tc TIMESTAMP NULL DEFAULT '2020-07-01 12:00:00',
  ch CHAR(5) DEFAULT 'a ', vc VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL DEFAULT 'é''\\', em VARCHAR(10) DEFAULT '😀',
  tt TINYTEXT, te TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, mt MEDIUMTEXT NOT NULL, lt LONGTEXT,
  bi BINARY(4) DEFAULT 'ab', vb VARBINARY(300) DEFAULT x'00ff', tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB NOT NULL,
  bt BIT(12) DEFAULT b'101', en ENUM('a','b''c','😀','x\\y,') CHARACTER SET utf8mb4 NOT NULL DEFAULT '😀', se SET('r','g','b') DEFAULT 'r,b',
  js JSON, ge GEOMETRY, po POINT NOT NULL, u2 VARCHAR(3) CHARACTER SET ucs2 DEFAULT 'é', nn CHAR(3) DEFAULT NULL, hidden INT INVISIBLE DEFAULT 3,
  PRIMARY KEY (id), UNIQUE KEY u (vc(3), i), KEY k (ch DESC, ti) COMMENT 'about k', KEY h (hidden), FULLTEXT KEY ft (te), SPATIAL KEY sp (po),
  CONSTRAINT fk FOREIGN KEY (i) REFERENCES other (x) ON DELETE CASCADE ON UPDATE RESTRICT,
  CONSTRAINT elsewhere FOREIGN KEY (mi, si) REFERENCES away.t (x, y)
) COMMENT='it''s every' AUTO_INCREMENT=50 ROW_FORMAT=COMPRESSED`

func describe(t testing.TB, e *Evaluator, table, sql string) *schema.Table {
	t.Helper()
	got, err := e.Describe(context.Background(), ddl(e, table, sql))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ddl(e *Evaluator, table, sql string) DDL {
	if !e.cfg.MariaDB {
		sql = strings.Replace(sql, "po POINT NOT NULL", "po POINT NOT NULL SRID 0", 1)
	}
	return DDL{
		Statement: sql, Database: "shop", Table: table, DBCharset: "utf8mb4", DBCollation: "utf8mb4_general_ci",
		SQLMode: "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", TimeZone: "Europe/Berlin",
	}
}

// goldenColumn is a column as the test's golden files have it.
func goldenColumn(c *schema.Column) string {
	return fmt.Sprintf("%d %s kind=%d type=%q cs=%s/%s len=%d prec=%d scale=%d fsp=%d uns=%t zf=%t nn=%t inv=%t members=%q default=%d stored=%s sql=%q now=%t auto=%t json=%t comment=%q wire=%d/%d/%d/%d/%d/%d",
		c.ID, c.Name, c.Kind, c.SQLType, c.Charset, c.Collation, c.Length, c.Precision, c.Scale, c.FSP, c.Unsigned, c.Zerofill, c.NotNull, c.Invisible,
		c.Members, c.Default, hex.EncodeToString(c.DefaultStored), c.DefaultSQL, c.OnUpdateNow, c.AutoIncrement, c.JSONCheck, c.Comment,
		c.Wire.Type, c.Wire.Charset, c.Wire.Length, c.Wire.Flags, c.Wire.Decimals, c.Wire.RawLength)
}

func TestDescribe(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "every", everyType)
		var b strings.Builder
		for i := range table.Columns {
			fmt.Fprintln(&b, goldenColumn(&table.Columns[i]))
		}
		for _, ix := range table.Indexes {
			fmt.Fprintf(&b, "index %+v\n", ix)
		}
		for _, fk := range table.ForeignKeys {
			fmt.Fprintf(&b, "foreign key %+v\n", fk)
		}
		fmt.Fprintf(&b, "engine=%s cs=%s/%s row=%s comment=%q auto=%d checks=%q options=%q versioned=%t\n%s\n", table.Engine, table.Charset, table.Collation,
			table.RowFormat, table.Comment, table.AutoIncrement, table.Checks, table.Options, table.Versioned, table.Create)
		path := "testdata/every." + strings.ToLower(flavourName(e.cfg.MariaDB)) + ".txt"
		if os.Getenv("TDEPROXY_TEST_REWRITE") != "" {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s", path, b.String(), want)
		}
		ask(t, e, func(c *conn) error {
			rows, err := c.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'")
			if err == nil && rows.text(0, 0) != "0" {
				t.Error("the table is still there")
			}
			return err
		})
	})
}

func TestDescribeRefused(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		for sql, code := range map[string]uint16{
			"CREATE TABLE t (a INT, a INT)":                  1060,
			"CREATE TABLE t (a INT":                          1064,
			"CREATE TABLE t (a INT DEFAULT 'x')":             1067,
			"CREATE TABLE t (a INT, KEY (b))":                1072,
			"CREATE TABLE t (a INT); DROP DATABASE mysql":    1064,
			"CREATE TABLE t (a INT AUTO_INCREMENT)":          1075,
			"CREATE TABLE t (a VARCHAR(70000) CHARSET utf8)": 1074,
		} {
			_, err := e.Describe(context.Background(), ddl(e, "t", sql))
			if my, ok := errors.AsType[*wire.Error](err); !ok || my.Code != code || len(my.State) != 5 || my.Message == "" {
				t.Errorf("%s: %v, want %d", sql, err, code)
			}
		}
		if _, err := e.Describe(context.Background(), ddl(e, "t", "CREATE TABLE u (a INT)")); err == nil {
			t.Error("a statement that makes another table was taken")
		}
		// Afterwards all is as before.
		if got := describe(t, e, "t", "CREATE TABLE t (a INT)"); len(got.Columns) != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// TestDescribeMarks sees what cannot be protected marked as such.
func TestDescribeMarks(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "m", "CREATE TABLE m (a INT CHECK (a > 1), b INT AS (a + 1) VIRTUAL, c INT AS (a + 2) STORED, d INT DEFAULT (1 + 1), "+
			"e VARCHAR(40) DEFAULT (UUID()), f DATE DEFAULT (CURRENT_DATE), g INT, CHECK (a < g), j JSON) PARTITION BY HASH (a) PARTITIONS 2")
		for name, want := range map[string]schema.DefaultKind{"d": schema.DefaultExpr, "e": schema.DefaultExpr, "f": schema.DefaultExpr, "g": schema.DefaultNull} {
			if got := table.Column(name).Default; got != want {
				t.Errorf("default of %s is %d (%s), want %d", name, got, table.Column(name).DefaultSQL, want)
			}
		}
		if !table.Column("b").Generated || !table.Column("c").Generated || table.Column("a").Generated || len(table.Checks) != 2 || !strings.Contains(table.Options, "partitioned") {
			t.Errorf("%+v", table)
		}
		if table.Column("j").JSONCheck != e.cfg.MariaDB {
			t.Errorf("%+v", table.Column("j"))
		}
		if !e.cfg.MariaDB {
			table = describe(t, e, "m", "CREATE TABLE m (a INT, KEY x ((a + 1)))")
			if table.Indexes[0].Parts[0].Column != "" {
				t.Errorf("%+v", table.Indexes)
			}
			return
		}
		table = describe(t, e, "m", "CREATE TABLE m (a INT, b VARCHAR(20) COMPRESSED, c INET6) WITH SYSTEM VERSIONING")
		if !table.Versioned || table.Column("b").Kind != schema.KindVarChar || table.Column("c").Kind != schema.KindINET6 {
			t.Errorf("%+v", table)
		}
	})
}

// TestDescribeModes describes under modes in which the server reads and writes SQL otherwise.
func TestDescribeModes(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		for _, mode := range []string{"", "ANSI", "NO_BACKSLASH_ESCAPES", "TRADITIONAL", "PAD_CHAR_TO_FULL_LENGTH", "ANSI_QUOTES,NO_ZERO_DATE"} {
			if !e.cfg.MariaDB && mode == "PAD_CHAR_TO_FULL_LENGTH" {
				continue
			}
			d := ddl(e, "t", `CREATE TABLE t (a CHAR(9) DEFAULT 'x''y', b ENUM('a','b') DEFAULT 'b', c FLOAT DEFAULT 0.1, d TIMESTAMP NULL DEFAULT '2020-01-01 00:30:00')`)
			d.SQLMode = mode
			got, err := e.Describe(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Columns[0].DefaultStored) != "x'y" || got.Columns[1].DefaultStored[7] != 2 || string(got.Columns[3].DefaultStored) != "2019-12-31 23:30:00" {
				t.Errorf("%s: %+v", mode, got.Columns)
			}
			if b := got.Columns[2].DefaultStored; math.Float32frombits(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3])) != 0.1 {
				t.Errorf("%s: FLOAT 0.1 is %x", mode, b)
			}
			if !strings.HasPrefix(got.Create, "CREATE TABLE `t`") {
				t.Errorf("%s: %s", mode, got.Create)
			}
		}
	})
}

// TestDescribeVirtual sees which VIRTUAL columns give the same whoever reads them.
func TestDescribeVirtual(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		if !e.cfg.MariaDB {
			return
		}
		for sql, unstored := range map[string]bool{
			"CREATE TABLE m (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b INT AS (a + 1) VIRTUAL COMMENT 'VIRTUAL (', c INT AS (b * 2) VIRTUAL INVISIBLE)": false,
			"CREATE TABLE m (a VARCHAR(20), b VARCHAR(20) AS (UPPER(a)) VIRTUAL, KEY (b))":                                                                false,
			"CREATE TABLE m (a INT, b DATETIME AS (NOW()) VIRTUAL)":                                                                                       true,
			"CREATE TABLE m (a INT, b DOUBLE AS (RAND()) VIRTUAL)":                                                                                        true,
			"CREATE TABLE m (a INT, b VARCHAR(99) AS (CURRENT_USER()) VIRTUAL)":                                                                           true,
			"CREATE TABLE m (a DATE, b VARCHAR(20) AS (DAYNAME(a)) VIRTUAL)":                                                                              true,
			"CREATE TABLE m (a TIMESTAMP, b DATE AS (DATE(a)) VIRTUAL)":                                                                                   true,
			"CREATE TABLE m (a CHAR(5), b VARCHAR(20) AS (CONCAT(a, 'x')) VIRTUAL)":                                                                       true, // PAD_CHAR_TO_FULL_LENGTH
		} {
			table := describe(t, e, "m", sql)
			if got := slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return c.Unstored }); got != unstored {
				t.Errorf("%s: %t", sql, got)
			}
		}
	})
}
