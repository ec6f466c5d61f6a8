package value

import (
	"fmt"
	"math"
	"strconv"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

func appendShortest(f float64, bits int) []byte {
	b := strconv.AppendFloat(nil, f, 'g', -1, bits)
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.AppendFloat(nil, f, 'e', -1, bits)
	}
	return b
}

// testColumns is one column of every kind and of each attribute that matters.
func testColumns() []column {
	var out []column
	add := func(sql string, c schema.Column) { out = append(out, column{sql, c}) }
	for i, name := range []string{"tinyint", "smallint", "mediumint", "int", "bigint"} {
		k := schema.KindTinyInt + schema.Kind(i)
		add(name, schema.Column{Kind: k})
		add(name+" unsigned", schema.Column{Kind: k, Unsigned: true})
		add(name+"(7) unsigned zerofill", schema.Column{Kind: k, Unsigned: true, Zerofill: true, Length: 7})
	}
	add("year", schema.Column{Kind: schema.KindYear, Length: 4, Unsigned: true})
	add("float", schema.Column{Kind: schema.KindFloat, Scale: -1})
	add("float unsigned zerofill", schema.Column{Kind: schema.KindFloat, Scale: -1, Unsigned: true, Zerofill: true})
	add("float(7,2)", schema.Column{Kind: schema.KindFloat, Precision: 7, Scale: 2})
	add("double", schema.Column{Kind: schema.KindDouble, Scale: -1})
	add("double unsigned", schema.Column{Kind: schema.KindDouble, Scale: -1, Unsigned: true})
	add("double zerofill", schema.Column{Kind: schema.KindDouble, Scale: -1, Unsigned: true, Zerofill: true})
	add("double(12,3) zerofill", schema.Column{Kind: schema.KindDouble, Precision: 12, Scale: 3, Unsigned: true, Zerofill: true})
	for _, p := range [][2]int{{10, 0}, {6, 2}, {15, 4}, {30, 10}, {65, 30}, {5, 5}, {65, 0}} {
		name := fmt.Sprintf("decimal(%d,%d)", p[0], p[1])
		add(name, schema.Column{Kind: schema.KindDecimal, Precision: p[0], Scale: p[1]})
		add(name+" unsigned", schema.Column{Kind: schema.KindDecimal, Precision: p[0], Scale: p[1], Unsigned: true})
	}
	add("decimal(6,2) zerofill", schema.Column{Kind: schema.KindDecimal, Precision: 6, Scale: 2, Unsigned: true, Zerofill: true})
	add("decimal(3,3) zerofill", schema.Column{Kind: schema.KindDecimal, Precision: 3, Scale: 3, Unsigned: true, Zerofill: true})
	add("decimal(4,0) zerofill", schema.Column{Kind: schema.KindDecimal, Precision: 4, Unsigned: true, Zerofill: true})
	add("date", schema.Column{Kind: schema.KindDate})
	for _, fsp := range []int{0, 3, 6} {
		add(fmt.Sprintf("time(%d)", fsp), schema.Column{Kind: schema.KindTime, FSP: fsp})
		add(fmt.Sprintf("datetime(%d)", fsp), schema.Column{Kind: schema.KindDateTime, FSP: fsp})
		add(fmt.Sprintf("timestamp(%d) null", fsp), schema.Column{Kind: schema.KindTimestamp, FSP: fsp})
	}
	for _, cs := range []string{"utf8mb4", "utf8mb3", "latin1", "ascii", "ucs2", "utf16", "utf16le", "utf32", "latin2", "koi8r", "tis620", "armscii8", "swe7", "gbk", "sjis"} {
		add("char(5) character set "+cs, schema.Column{Kind: schema.KindChar, Length: 5, Charset: cs})
		add("varchar(5) character set "+cs, schema.Column{Kind: schema.KindVarChar, Length: 5, Charset: cs})
		add("tinytext character set "+cs, schema.Column{Kind: schema.KindTinyText, Length: 255, Charset: cs})
		add("enum('a','b','é','x y') character set "+cs, schema.Column{Kind: schema.KindEnum, Charset: cs, Members: []string{"a", "b", "é", "x y"}})
	}
	add("varchar(300) character set utf8mb4", schema.Column{Kind: schema.KindVarChar, Length: 300, Charset: "utf8mb4"})
	add("varchar(5) character set utf8mb4 collate utf8mb4_bin", schema.Column{Kind: schema.KindVarChar, Length: 5, Charset: "utf8mb4"})
	add("text character set utf8mb4", schema.Column{Kind: schema.KindText, Length: 65535, Charset: "utf8mb4"})
	add("mediumtext character set latin1", schema.Column{Kind: schema.KindMediumText, Length: 1<<24 - 1, Charset: "latin1"})
	add("longtext character set utf8mb4", schema.Column{Kind: schema.KindLongText, Length: maxLong, Charset: "utf8mb4"})
	add("binary(5)", schema.Column{Kind: schema.KindBinary, Length: 5})
	add("varbinary(5)", schema.Column{Kind: schema.KindVarBinary, Length: 5})
	add("tinyblob", schema.Column{Kind: schema.KindTinyBlob, Length: 255})
	add("blob", schema.Column{Kind: schema.KindBlob, Length: 65535})
	add("longblob", schema.Column{Kind: schema.KindLongBlob, Length: maxLong})
	for _, n := range []int{1, 8, 9, 33, 64} {
		add(fmt.Sprintf("bit(%d)", n), schema.Column{Kind: schema.KindBit, Length: n})
	}
	add("enum('1','0','',',x','Straße','z') character set utf8mb4", schema.Column{Kind: schema.KindEnum, Charset: "utf8mb4", Members: []string{"1", "0", "", ",x", "Straße", "z"}})
	add("set('ab','cd','ef','gh_','g') character set latin1", schema.Column{Kind: schema.KindSet, Charset: "latin1", Members: []string{"ab", "cd", "ef", "gh_", "g"}})
	add("set('aé','b') character set utf8mb4", schema.Column{Kind: schema.KindSet, Charset: "utf8mb4", Members: []string{"aé", "b"}})
	return out
}

// testLiterals is the grid of values that every column is tried with.
func testLiterals() []literal {
	var out []literal
	out = append(out, numbers("0", "1", "-1", "5", "+5", "-0", "007", "127", "128", "-128", "-129", "255", "256", "32767", "32768", "-32768", "65535", "65536",
		"8388607", "8388608", "-8388608", "-8388609", "16777215", "16777216", "16777217", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
		"9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "2024", "1901", "2155", "1900", "20240506", "20240506010203",
		"123456789012345678901234567890", "99999999999999999999999999999999999999999999999999999999999999999",
		"0.0", "0.5", ".5", "5.", "-.5", "1.5", "2.5", "-1.5", "1.50", "1.500", "1.005", "5.0", "-0.0", "00.50", "127.4", "127.5", "9999.99", "9999.994", "9999.995", "12345.6789",
		"0.00001", "0.99999", "0.1", "0.3", "123456.789", "16777217.5", "3.4028235", "340282346638528859811704183484516925440.0", "0.000000000000000000000000000001",
		"12345678901234567890.1234567890", "99999999999.9999", "1234567890.12345678901234567890123456789",
		"0e0", "1e0", "5e0", "5.5e0", "-5e0", "1e2", "1.5e1", "1e10", "1e15", "1e16", "1e20", "1e38", "3.4028234663852886e38", "3.4028235677973366e38", "4e38", "1e-5", "1e-20", "1e-38", "1e-40", "1e-45", "1e308", "1.7976931348623157e308", "1e-307", "1e-310",
		"0.1e0", "1.005e0", "123.456e0", "2.5e0", "3.5e0", "-2.5e0", "1e-9", "99999.995e-1")...)
	out = append(out, bools()...)
	out = append(out, params(int64(-5), int64(0), int64(200), uint64(math.MaxUint64), int64(math.MinInt64), int8(-7), uint8(200), 0.1, 1.5, -2.25, 5.0, 1e100, 123456.789, 9999.99, 0.30000000000000004, 9.99,
		float32(0.1), float32(1.5), float32(16777216), float32(3.4e38), 1e-7, 12345678.9, math.Copysign(0, -1))...)
	out = append(out, strs("", " ", "0", "1", "-1", "5", "+5", " 5", "5 ", "05", "5.0", "5.5", "-5.5", "-0", "-0.0", "0.1", ".5", "5.", "1e2", "127", "128", "300", "-5", "2024", "1901", "2155", "0000", "24", "1.50", "1.500", "1.005", "9999.99",
		"18446744073709551615", "9223372036854775807", "123456789012345678901234567890", "0.333333333333333333333", "abc", "ABC", "a", "b", "é", "e\u0301", "x y", "a ", "b   ", "abcde", "abcdef", "abcde ", "abcd  ", "ab\x00", "\x00", "a\tb", "ab,cd", "ab,ef,cd", "ef,ab", "ab,", ",ab", "ab,ab", "g", "gh_", "aé", "aé,b",
		"\xff\x80", "a\xc3", "日本語", "Ж", "ก", "😀", "😀a", "€", "¥", "\\", "~", "‾", "ß", "Straße", "\u0081", "\u00a0", "ü", "Ա", ",x", "z",
		"2024-05-06", "2024-02-29", "2023-02-29", "2024-13-01", "0000-00-00", "2024-00-01", "2024-05-00", "0001-01-01", "9999-12-31", "0000-01-01", "24-05-06", "2024-5-6", "20240506", "2024-05-06T01:02:03", "2024-05-06 00:00:00", "2024-05-06 01:02:03", "2024-05-06 01:02:03.5", "2024-05-06 01:02:03.500", "2024-05-06 01:02:03.123456", "2024-05-06 01:02:03.1234567", "2024-05-06 01:02:03.000000", "2024-05-06 01:02:03.", "2024-05-06 23:59:59.999999", "2024-05-06 01:02:03.4999", "2024-12-31 23:59:59.9995", "9999-12-31 23:59:59.999999", "2024-05-06 24:00:00", "2024-05-06 01:02", "2024-05-06 01:02:03+00:00", "2024/05/06",
		"1970-01-01 00:00:00", "1970-01-01 00:00:01", "1970-01-01 02:00:00", "1970-01-01 02:00:01", "2038-01-19 03:14:07", "2038-01-19 05:14:06", "2038-01-19 05:14:07", "2038-01-19 05:14:08", "2050-01-01 00:00:00",
		"01:02:03", "-01:02:03", "1:02:03", "01:02", "838:59:59", "-838:59:59", "839:00:00", "838:59:59.1", "100:00:00", "025:00:00", "00:00:00", "-00:00:00", "00:00:00.000001", "-00:00:00.5", "-00:00:00.0004", "837:59:59.9", "-100:59:59.9999", "01:02:03.5", "01:02:03.123456", "23:59:59.9999999", "12:60:00", "2 01:00:00", "010203")...)
	out = append(out, blobs("", "00", "05", "35", "41", "61", "ff", "e9", "c3a9", "0102", "00ff", "01ff", "6162636465", "616263646566", "616263202020", "0041", "00410042", "000000e9", "d83dde00", "ffffffffffffffff", "0000000000000001", "7fffffffffffffff", "010000000000000000", "2024", "80", "81")...)
	out = append(out, temporals(mysql.MYSQL_TYPE_DATE, Date, "2024-05-06", "0001-01-01", "9999-12-31", "0000-00-00", "1970-01-01", "2024-00-00")...)
	out = append(out, temporals(mysql.MYSQL_TYPE_DATETIME, DateTime, "2024-05-06 00:00:00", "2024-05-06 01:02:03", "2024-05-06 01:02:03.5", "2024-05-06 01:02:03.123456", "0000-00-00 00:00:00", "2023-02-29 00:00:00")...)
	out = append(out, temporals(mysql.MYSQL_TYPE_TIMESTAMP, DateTime, "2024-05-06 01:02:03")...)
	out = append(out, temporals(mysql.MYSQL_TYPE_TIME, Time, "01:02:03", "-01:02:03", "838:59:59", "00:00:00", "25:00:00.5", "00:00:00.000001")...)
	out = append(out, literal{sql: "?", arg: mysql.TypedBytes{Type: mysql.MYSQL_TYPE_NEWDECIMAL, Bytes: []byte("12.50")}, v: Value{Kind: Decimal, Bytes: []byte("12.50")}})
	return out
}
