package evaluator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// workspaceTable makes of a logical table's definition that of the table in a private schema. It has the same columns
// and keys. Left out is what would reach beyond the schema or refuse rows that the logical table has: foreign keys, CHECKs
// of the table but where a statement writes, places of files. All engines become InnoDB, whose order and limits are those
// of most tables.
func workspaceTable(t *schema.Table, db string, mariaDB, writes, parted bool) (string, error) {
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("%w: table %s.%s %s, which the evaluator cannot hold", errOwn, t.DB, t.Name, why)
	}
	text, ok := strings.CutPrefix(t.Create, "CREATE TEMPORARY TABLE ")
	if !ok {
		if text, ok = strings.CutPrefix(t.Create, "CREATE TABLE "); !ok {
			return refuse("has no CREATE TABLE")
		}
	}
	if t.Versioned {
		return refuse("keeps its history (WITH SYSTEM VERSIONING)")
	}
	_, n := sqlToken(text)
	items, options, ok := definitionItems(text[n:])
	if !ok {
		return refuse("has a CREATE TABLE that cannot be read")
	}
	var kept []string
	for _, item := range items {
		words := sqlWords(item, 4)
		switch {
		case words[0] == "CONSTRAINT" && words[2] == "FOREIGN", words[0] == "FOREIGN":
			continue
		case !writes && (words[0] == "CONSTRAINT" && words[2] == "CHECK" || words[0] == "CHECK"):
			continue
		case words[0] == "PERIOD" && words[2] == "SYSTEM_TIME":
			return refuse("keeps its history (WITH SYSTEM VERSIONING)")
		}
		kept = append(kept, columnItem(t, item))
	}
	if writes {
		kept = append(kept, writeColumns()...)
	}
	if c := unkeyedAuto(t); c != "" {
		kept = append(kept, "KEY "+schema.Quote(rowColumn)+" ("+schema.Quote(c)+")")
	}
	options = tableOptions(options)
	if !writes && !parted {
		options = unpartitioned(options) // nothing else depends on partitions
	}
	return "CREATE TABLE " + schema.Quote(db) + "." + schema.Quote(t.Name) + " (" + strings.Join(kept, ",") + ") ENGINE=InnoDB" + options, nil
}

// hasCheck says whether a definition may have a CHECK: the word stands in it outside of quotes.
func hasCheck(definition string) bool {
	for {
		token, n := sqlToken(definition)
		if n == 0 {
			return false
		}
		if strings.EqualFold(token, "CHECK") {
			return true
		}
		definition = definition[n:]
	}
}

// columnItem mends a column's part of the definition: the server's own text has lost what is beyond the BMP in the members
// of an ENUM and in defaults.
func columnItem(t *schema.Table, item string) string {
	name, n := sqlToken(item)
	if !strings.HasPrefix(name, "`") {
		return item
	}
	c := t.Column(strings.ReplaceAll(name[1:len(name)-1], "``", "`"))
	if c == nil || c.Charset == "" {
		return item
	}
	out := name
	if c.Kind == schema.KindEnum || c.Kind == schema.KindSet {
		for token := ""; token != ")" && n < len(item); {
			var m int
			token, m = sqlToken(item[n:])
			n += m
		}
		out += " " + memberType(c)
	}
	for {
		token, m := sqlToken(item[n:])
		if m == 0 {
			return out
		}
		out += item[n : n+m]
		n += m
		if token == "DEFAULT" && c.Default == schema.DefaultValue && c.DefaultStored != nil {
			m := constantToken(item[n:])
			if own := item[n : n+m]; longText(c) && !loses(c, own) {
				out += own
			} else {
				out += " " + twinDefault(c)
			}
			n += m
		}
	}
}

// longText says whether a column is of a text whose default is an expression to MariaDB. It shows its words, and those of a literal in
// hexadecimal otherwise than it then reads them.
func longText(c *schema.Column) bool {
	return c.Kind >= schema.KindTinyText && c.Kind <= schema.KindLongText
}

// loses says whether a default in the server's text could have lost a character beyond the BMP.
func loses(c *schema.Column, text string) bool {
	return strings.Contains(text, "?") && slices.Contains([]string{"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"}, c.Charset)
}

// constantToken is the length of a literal with its introducer.
func constantToken(s string) (n int) {
	for {
		token, m := sqlToken(s[n:])
		n += m
		if m == 0 || !strings.HasPrefix(token, "_") && !strings.EqualFold(token, "x") && !strings.EqualFold(token, "b") {
			return n
		}
	}
}

// unkeyedAuto is the AUTO_INCREMENT column that begins no key: MyISAM allows that, InnoDB does not.
func unkeyedAuto(t *schema.Table) string {
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.AutoIncrement {
			continue
		}
		for _, ix := range t.Indexes {
			if len(ix.Parts) > 0 && strings.EqualFold(ix.Parts[0].Column, c.Name) && ix.Parts[0].Prefix == 0 {
				return ""
			}
		}
		return c.Name
	}
	return ""
}

// tableOptions keeps of the options the character set, the collation and the partitions.
func tableOptions(options string) string {
	var b strings.Builder
	for rest := options; ; {
		token, n := sqlToken(rest)
		if n == 0 {
			return b.String()
		}
		switch strings.ToUpper(token) {
		case "CHARSET", "COLLATE":
			value, m := sqlValue(rest[n:])
			b.WriteString(" " + token + "=" + value)
			n += m
		case "PARTITION":
			return b.String() + " " + partitions(rest)
		}
		rest = rest[n:]
	}
}

// unpartitioned cuts the partitions off what tableOptions gives.
func unpartitioned(options string) string {
	options, _, _ = strings.Cut(options, " PARTITION")
	return options
}

// partitions drops engines and places from a PARTITION BY clause. MySQL wraps it in a comment.
func partitions(clause string) string {
	var b strings.Builder
	for rest := clause; ; {
		token, n := sqlToken(rest)
		if n == 0 || token == "*/" {
			return b.String()
		}
		end := n
		switch upper := strings.ToUpper(token); upper {
		case "DATA", "INDEX":
			if word, m := sqlToken(rest[n:]); strings.EqualFold(word, "DIRECTORY") {
				_, k := sqlValue(rest[n+m:])
				rest = rest[n+m+k:]
				continue
			}
		case "ENGINE", "TABLESPACE", "CONNECTION":
			_, k := sqlValue(rest[n:])
			rest = rest[n+k:]
			continue
		}
		b.WriteString(rest[:end])
		rest = rest[end:]
	}
}

// sqlValue reads the value of an option, with or without a sign of equality.
func sqlValue(s string) (value string, n int) {
	value, n = sqlToken(s)
	if value == "=" {
		var m int
		value, m = sqlToken(s[n:])
		n += m
	}
	return value, n
}

// definitionItems splits what a CREATE TABLE has in its brackets at the commas, and gives what follows them.
func definitionItems(s string) (items []string, options string, ok bool) {
	depth, start := 0, 0
	for i := 0; ; {
		token, n := sqlToken(s[i:])
		if n == 0 {
			return nil, "", false
		}
		i += n
		switch token {
		case "(":
			if depth++; depth == 1 {
				start = i
			}
		case ",":
			if depth == 1 {
				items, start = append(items, s[start:i-1]), i
			}
		case ")":
			if depth--; depth == 0 {
				return append(items, s[start:i-1]), s[i:], true
			}
		default:
			if depth == 0 {
				return nil, "", false
			}
		}
	}
}

// sqlWords gives the first n tokens in capitals, "" where there are fewer.
func sqlWords(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		token, m := sqlToken(s)
		out[i], s = strings.ToUpper(token), s[m:]
	}
	return out
}

// sqlToken reads the next token of what SHOW CREATE TABLE writes under the mode ”; n counts it with the space before it
// and is 0 at the end. The texts of comments for servers of some version are tokens like others.
func sqlToken(s string) (token string, n int) {
	start := 0
	for start < len(s) && strings.IndexByte(" \n\t\r", s[start]) >= 0 {
		start++
	}
	if start == len(s) {
		return "", 0
	}
	i := start
	switch c := s[i]; {
	case c == '`' || c == '\'' || c == '"':
		for i++; i < len(s); i++ {
			if s[i] == '\\' && c != '`' {
				i++
			} else if s[i] == c {
				if i+1 == len(s) || s[i+1] != c {
					break
				}
				i++
			}
		}
		i = min(i+1, len(s))
	case strings.HasPrefix(s[i:], "/*"), strings.HasPrefix(s[i:], "*/"):
		for i += 2; i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '!' || s[i] == 'M'); i++ {
		}
	case wordByte(c):
		for i < len(s) && wordByte(s[i]) {
			i++
		}
	default:
		i++
	}
	return s[start:i], i
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
