package e2e_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// orderedType is a column type with literals of random values.
type orderedType struct {
	sql    string
	only   harness.Flavour
	text   bool // characters or bytes
	prefix bool // tokens are of the value's beginning: different values may have one token
	value  func(r *rand.Rand) string
}

// pick gives one of some literals, or now and then what random makes.
func pick(random func(r *rand.Rand) string, edges ...string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		if r.IntN(4) == 0 {
			return edges[r.IntN(len(edges))]
		}
		return random(r)
	}
}

func integer(bits int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return strconv.FormatInt(int64(r.Uint64())>>(64-bits+r.IntN(bits)), 10) }
}

func unsigned(bits int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return strconv.FormatUint(r.Uint64()>>(64-bits+r.IntN(bits)), 10) }
}

func digits(whole, fraction int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		s := strings.Repeat("-", r.IntN(2))
		for range r.IntN(whole + 1) {
			s += strconv.Itoa(r.IntN(10))
		}
		s += "0."
		for range fraction {
			s += strconv.Itoa(r.IntN(3) * r.IntN(5))
		}
		return s
	}
}

func day(r *rand.Rand) string {
	return fmt.Sprintf("%04d-%02d-%02d", 1000+r.IntN(9000), 1+r.IntN(12), 1+r.IntN(28))
}

func clock(r *rand.Rand) string {
	return fmt.Sprintf("%02d:%02d:%02d.%06d", r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1_000_000))
}

// letters are strings of characters that collations treat each in a way of its own.
func letters(most int, alphabet string) func(r *rand.Rand) string {
	runes := []rune(alphabet)
	return func(r *rand.Rand) string {
		s := ""
		for range r.IntN(most + 1) {
			s += string(runes[r.IntN(len(runes))])
		}
		return "'" + s + "'"
	}
}

const (
	latin    = "aAbBcChHzZ 0~-\téßäÄÿ"
	anything = latin + "æŁłíœ一二あア😀😁\u0301\u00ad\u200bΣςσ"
)

func orderedTypes() []orderedType {
	quoted := func(f func(r *rand.Rand) string) func(r *rand.Rand) string {
		return func(r *rand.Rand) string { return "'" + f(r) + "'" }
	}
	moment := func(r *rand.Rand) string { return "'" + day(r) + " " + clock(r) + "'" }
	types := []orderedType{
		{sql: "TINYINT", value: pick(integer(8), "-128", "127", "0")}, {sql: "TINYINT UNSIGNED", value: pick(unsigned(8), "0", "255")},
		{sql: "SMALLINT", value: integer(16)}, {sql: "MEDIUMINT", value: integer(24)}, {sql: "INT NOT NULL", value: pick(integer(32), "-2147483648", "2147483647")},
		{sql: "INT UNSIGNED", value: unsigned(32)}, {sql: "BIGINT", value: pick(integer(64), "-9223372036854775808", "9223372036854775807", "-1", "0")},
		{sql: "BIGINT UNSIGNED", value: pick(unsigned(64), "18446744073709551615", "9223372036854775808")}, {sql: "BIT(9)", value: unsigned(9)},
		{sql: "YEAR", value: pick(func(r *rand.Rand) string { return strconv.Itoa(1901 + r.IntN(255)) }, "0")},
		{sql: "DECIMAL(10,2)", value: pick(digits(7, 2), "99999999.99", "-99999999.99", "-0.01", "0.01", "0")}, {sql: "DECIMAL(20,4)", value: digits(15, 4)},
		{sql: "DECIMAL(65,30)", value: digits(30, 30)}, {sql: "DECIMAL(5,5)", value: digits(0, 5)}, {sql: "DECIMAL(9,0) UNSIGNED", value: unsigned(29)},
		{sql: "DOUBLE", value: pick(func(r *rand.Rand) string {
			return strconv.FormatFloat(math.Ldexp(r.NormFloat64(), r.IntN(200)-100), 'g', -1, 64)
		}, "0", "-1e300", "1e-300", "-0e0")},
		{sql: "FLOAT", value: func(r *rand.Rand) string {
			return strconv.FormatFloat(float64(float32(r.NormFloat64()*1000)), 'g', -1, 32)
		}},
		{sql: "DATE", value: pick(quoted(day), "'9999-12-31'", "'1000-01-01'")}, {sql: "DATETIME", value: moment}, {sql: "DATETIME(3)", value: moment}, {sql: "DATETIME(6)", value: moment},
		{sql: "TIMESTAMP NULL", value: func(r *rand.Rand) string {
			return fmt.Sprintf("'%d-%02d-%02d 12:34:%02d'", 1971+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28), r.IntN(60))
		}},
		{sql: "TIME(2)", value: pick(func(r *rand.Rand) string {
			return fmt.Sprintf("'%s%d:%02d:%02d.%02d'", strings.Repeat("-", r.IntN(2)), r.IntN(838), r.IntN(60), r.IntN(60), r.IntN(100))
		}, "'-00:00:01'")},
		{sql: "TIME", value: func(r *rand.Rand) string {
			return fmt.Sprintf("'%s%d:%02d:%02d'", strings.Repeat("-", r.IntN(2)), r.IntN(838), r.IntN(60), r.IntN(60))
		}},
		{sql: "VARBINARY(20)", text: true, value: letters(9, "ab\x01 ~")}, {sql: "BINARY(8)", value: letters(8, "ab \x01")}, {sql: "BLOB", prefix: true, value: letters(50, "ab")},
		{sql: "TEXT", text: true, prefix: true, value: letters(30, anything)},
		{sql: "INET4", only: harness.MariaDB, value: pick(func(r *rand.Rand) string {
			return fmt.Sprintf("'%d.%d.%d.%d'", r.IntN(256), r.IntN(3), r.IntN(256), r.IntN(2))
		}, "'0.0.0.0'", "'255.255.255.255'")},
		{sql: "INET6", only: harness.MariaDB, value: pick(func(r *rand.Rand) string {
			return fmt.Sprintf("'%x:%x::%x:%x'", r.IntN(3), r.IntN(65536), r.IntN(2), r.IntN(65536))
		}, "'::'", "'::ffff:1.2.3.4'", "'::1.2.3.4'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'")},
	}
	for _, c := range []struct {
		charset, name string
		only          harness.Flavour
		length        int
		prefix        bool
	}{
		{"utf8mb4", "utf8mb4_bin", "", 8, false}, {"utf8mb4", "utf8mb4_general_ci", "", 16, false}, {"utf8mb4", "utf8mb4_general_ci", "", 40, true},
		{"utf8mb4", "utf8mb4_unicode_ci", "", 20, true}, {"utf8mb4", "utf8mb4_unicode_520_ci", "", 20, true}, {"utf8mb4", "utf8mb4_czech_ci", "", 20, true},
		{"utf8mb4", "utf8mb4_danish_ci", "", 20, true}, {"utf8mb4", "utf8mb4_spanish2_ci", "", 20, true}, {"utf8mb3", "utf8mb3_general_ci", "", 10, false},
		{"latin1", "latin1_swedish_ci", "", 32, false}, {"latin1", "latin1_bin", "", 32, false}, {"latin1", "latin1_german2_ci", "", 20, true}, {"ascii", "ascii_general_ci", "", 32, false},
		{"utf8mb4", "utf8mb4_0900_ai_ci", harness.MySQL, 20, true}, {"utf8mb4", "utf8mb4_0900_as_cs", harness.MySQL, 20, true},
		{"utf8mb4", "utf8mb4_0900_bin", harness.MySQL, 8, false}, {"utf8mb4", "utf8mb4_ja_0900_as_cs", harness.MySQL, 10, true},
		{"utf8mb4", "utf8mb4_uca1400_ai_ci", harness.MariaDB, 20, true}, {"utf8mb4", "utf8mb4_nopad_bin", harness.MariaDB, 8, false},
	} {
		alphabet := anything
		switch c.charset {
		case "latin1":
			alphabet = latin
		case "ascii":
			alphabet = "aAbBcCzZ 0~-\t"
		case "utf8mb3":
			alphabet = latin + "æŁłあア一"
		}
		for _, kind := range []string{"VARCHAR", "CHAR"} {
			if kind == "CHAR" && strings.Contains(c.name, "_nopad_") {
				continue
			}
			types = append(types, orderedType{
				sql:  fmt.Sprintf("%s(%d) CHARACTER SET %s COLLATE %s", kind, c.length, c.charset, c.name),
				only: c.only, text: true, prefix: c.prefix, value: letters(min(c.length, 12), alphabet),
			})
		}
	}
	return types
}

// TestOrderTokens has random values of every type and collation ordered by a plain server, and their order tokens upstream, and asks
// about the values through the proxy as well.
func TestOrderTokens(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "rangeorder")
		through := s.connect(t, rawmysql.Config{Database: database})
		plain, err := rawmysql.Dial(rawmysql.Config{Address: s.plain.Address, Database: database})
		must(t, err)
		defer plain.Close()
		upstream, err := rawmysql.Dial(rawmysql.Config{Address: s.upstream.Address, Database: database})
		must(t, err)
		defer upstream.Close()
		for i, typ := range orderedTypes() {
			if typ.only != "" && typ.only != f {
				continue
			}
			t.Run(strings.ReplaceAll(typ.sql, " ", "_"), func(t *testing.T) {
				table := fmt.Sprintf("ranged%d", i)
				random := rand.New(rand.NewPCG(uint64(i), 11))
				for _, c := range []*rawmysql.Conn{plain, through} {
					run(t, c, "SET NAMES utf8mb4", "CREATE TABLE "+table+" (id INT AUTO_INCREMENT PRIMARY KEY, r_v "+typ.sql+")")
				}
				var values []string
				for range 300 {
					values = append(values, "("+typ.value(random)+")")
				}
				insert := "INSERT INTO " + table + " (r_v) VALUES " + strings.Join(values, ", ")
				run(t, plain, insert)
				run(t, through, insert)
				rank := "SELECT CONCAT(id, ' ', DENSE_RANK() OVER (ORDER BY %s)) FROM " + table + " ORDER BY id"
				want, got := column(t, plain, fmt.Sprintf(rank, "r_v")), column(t, upstream, fmt.Sprintf(rank, "_tde_ord_r_v"))
				compareRanks(t, values, ranks(t, want), ranks(t, got), typ.prefix)
				for range 25 {
					q := typ.question(random, table)
					if want, got := column(t, plain, q), column(t, through, q); !slices.Equal(want, got) {
						t.Errorf("%s: got %v, want %v", q, got, want)
					}
				}
			})
		}
		s.healthy(t)
	})
}

// question is a random query by the order of a table's column.
func (o orderedType) question(r *rand.Rand, table string) string {
	v := func() string { return o.value(r) }
	op := []string{"<", "<=", ">", ">=", "=", "<>"}[r.IntN(6)]
	from := " FROM " + table + " WHERE "
	switch r.IntN(8) {
	case 0:
		return "SELECT id" + from + "r_v " + []string{"", "NOT "}[r.IntN(2)] + "BETWEEN " + v() + " AND " + v() + " ORDER BY id"
	case 1:
		return "SELECT id" + from + "NOT r_v " + op + " " + v() + " ORDER BY id"
	case 2:
		return "SELECT " + []string{"MIN", "MAX"}[r.IntN(2)] + "(r_v)" + from + "r_v " + op + " " + v()
	case 3:
		return "SELECT CONCAT(id)" + from + "r_v " + op + " " + v() + " ORDER BY r_v, id LIMIT 7"
	case 4:
		if o.text {
			s := []rune(strings.Trim(v(), "'"))
			return "SELECT id" + from + "r_v LIKE '" + string(s[:min(len(s), 1+r.IntN(3))]) + "%' ORDER BY id"
		}
		return "SELECT id" + from + "r_v IN (" + v() + ", " + v() + ") ORDER BY id"
	}
	return "SELECT id" + from + "r_v " + op + " " + v() + " ORDER BY id"
}

// ranks reads "id rank" of ids that count from 1.
func ranks(t *testing.T, rows []string) []int {
	t.Helper()
	var out []int
	for i, row := range rows {
		id, rank, _ := strings.Cut(row, " ")
		n, err := strconv.Atoi(rank)
		must(t, err)
		if id != strconv.Itoa(i+1) {
			t.Fatalf("row %d has id %s", i+1, id)
		}
		out = append(out, n)
	}
	return out
}

// compareRanks fails the test where two values are ordered otherwise than their tokens. Tokens of beginnings may be equal.
func compareRanks(t *testing.T, values []string, want, got []int, prefix bool) {
	t.Helper()
	if len(want) != len(values) || len(got) != len(values) {
		t.Fatalf("%d values, %d ranks and %d of tokens", len(values), len(want), len(got))
	}
	faults, equal := 0, 0
	for i := range values {
		for j := range i {
			a, b := sign(want[i]-want[j]), sign(got[i]-got[j])
			if b == 0 && a != 0 {
				equal++
			}
			if a == b || prefix && b == 0 {
				continue
			}
			if faults++; faults < 5 {
				t.Errorf("%q and %q: the server orders %d, tokens %d", values[i], values[j], a, b)
			}
		}
	}
	if all := len(values) * (len(values) - 1) / 2; prefix && equal > all/4 {
		t.Errorf("%d of %d pairs are not told apart", equal, all)
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
