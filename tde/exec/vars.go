package exec

import (
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// Vars is what the proxy knows of a session: the variables that decide how its statements read and its values convert.
type Vars struct {
	DB                string
	SQLMode           string
	TimeZone          string // as the session has it; SYSTEM is resolved
	ClientCharset     string // character_set_client
	ConnectionCharset string // character_set_connection
	ResultsCharset    string // character_set_results; "" is NULL: no conversion
	Collation         string // collation_connection
	ResultsCollation  uint16 // collation id that result strings carry
	SelectLimit       string // sql_select_limit
	SortLength        int    // max_sort_length: ORDER BY looks at no more bytes of a string
	SafeUpdates       bool   // sql_safe_updates
	OnlyFullGroupBy   bool
	emptyIsNull       bool // MariaDB's EMPTY_STRING_IS_NULL: '' and parameters of no characters are NULL
	Strict            bool

	mode    plan.Mode
	context value.Context
}

// varsQuery asks upstream for them; parse reads the row. The first column tells the collation of results; the others are not converted to the
// session's character set, which need not hold them.
var varsQuery = "SELECT @@sql_mode, CAST(DATABASE() AS BINARY), " + variablesAsBytes("sql_mode", "time_zone", "system_time_zone", "character_set_client",
	"character_set_connection", "character_set_results", "collation_connection", "sql_select_limit", "max_sort_length", "sql_safe_updates") + " LIMIT 1"

// variablesAsBytes selects variables as the server has them: ASCII, whatever character set the session's results are in.
func variablesAsBytes(names ...string) string {
	return "CAST(@@" + strings.Join(names, " AS BINARY), CAST(@@") + " AS BINARY)"
}

// isOn reads a switch of variablesAsBytes: MySQL says 1, MariaDB ON.
func isOn(v []byte) bool { return string(v) == "1" || string(v) == "ON" }

func (v *Vars) parse(row [][]byte, collation uint16, mariaDB bool, version int) {
	v.DB = string(row[1])
	row = row[2:]
	v.SQLMode = string(row[0])
	modes := sqlModes(v.SQLMode)
	v.TimeZone = string(row[1])
	zone := v.TimeZone
	if strings.EqualFold(zone, "SYSTEM") {
		zone = string(row[2])
	}
	if zone == "UTC" {
		zone = "+00:00" // the name would make the evaluator know a zone, for CONVERT_TZ, that upstream may not know
	}
	v.TimeZone = zone // the evaluator's SYSTEM is another machine's
	v.ClientCharset, v.ConnectionCharset = charset(row[3]), charset(row[4])
	v.ResultsCharset, v.Collation = charset(row[5]), string(row[6])
	v.SelectLimit = string(row[7])
	v.SortLength, _ = strconv.Atoi(string(row[8])) // the server's own number
	v.SafeUpdates = isOn(row[9])
	v.ResultsCollation = collation
	v.OnlyFullGroupBy = modes["ONLY_FULL_GROUP_BY"]
	v.emptyIsNull = modes["EMPTY_STRING_IS_NULL"]
	v.Strict = modes["STRICT_TRANS_TABLES"] || modes["STRICT_ALL_TABLES"]
	v.mode = readingMode(modes, mariaDB, version)
	v.context = value.Context{
		Strict: v.Strict, NoZeroDate: modes["NO_ZERO_DATE"], NoZeroInDate: modes["NO_ZERO_IN_DATE"],
		AllowInvalidDates: modes["ALLOW_INVALID_DATES"], PadCharToFullLength: modes["PAD_CHAR_TO_FULL_LENGTH"],
		TimeTruncateFractional: modes["TIME_TRUNCATE_FRACTIONAL"], TimeRoundFractional: modes["TIME_ROUND_FRACTIONAL"],
		Location: location(zone), ConnectionCharset: v.ConnectionCharset, ResultsCharset: v.ResultsCharset, MariaDB: mariaDB,
	}
}

// sqlModes are the words of an sql_mode.
func sqlModes(text string) map[string]bool {
	modes := map[string]bool{}
	for m := range strings.SplitSeq(text, ",") {
		modes[m] = true
	}
	return modes
}

// readingMode is what of an sql_mode decides how a text reads.
func readingMode(modes map[string]bool, mariaDB bool, version int) plan.Mode {
	return plan.Mode{
		ANSIQuotes: modes["ANSI_QUOTES"], NoBackslashEscapes: modes["NO_BACKSLASH_ESCAPES"], PipesAsConcat: modes["PIPES_AS_CONCAT"],
		HighNotPrecedence: modes["HIGH_NOT_PRECEDENCE"], MariaDB: mariaDB, Version: version,
	}
}

// charset gives a character set the name that both flavours' tables share.
func charset(name []byte) string {
	if s := string(name); s != "utf8" {
		return s
	}
	return "utf8mb3"
}

// location resolves a time_zone: an offset or a name. nil is one that this machine does not know: nothing of a TIMESTAMP
// is converted then.
func location(zone string) *time.Location {
	if t, err := time.Parse("-07:00", zone); err == nil {
		_, offset := t.Zone()
		return time.FixedZone(zone, offset)
	}
	if zone == "" {
		return nil
	}
	if loc, err := time.LoadLocation(zone); err == nil {
		return loc
	}
	if name, _ := time.Now().Zone(); name == zone {
		return time.Local // the server's SYSTEM zone, which it names by abbreviation, is this machine's
	}
	return nil
}

// bytewise says whether a character set's text can be read byte by byte: no ASCII byte is part of a longer character.
func bytewise(charset string) bool {
	switch charset {
	case "big5", "cp932", "gb18030", "gbk", "sjis":
		return false
	}
	return true
}
