package evaluator

import (
	"errors"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// virtual finds out whether MariaDB's VIRTUAL columns give the same whoever reads them, and when: the server itself says so by letting them be
// STORED. They are cells upstream then, as STORED ones are. What a session's time zone has a part in it takes all the same.
func (r *reader) virtual() error {
	t := r.table
	if !slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Unstored }) || r.ddl.View != "" {
		return nil
	}
	_, text, ok := strings.Cut(t.Create, "CREATE TABLE ")
	if !ok {
		return nil
	}
	_, n := sqlToken(text)
	items, _, ok := definitionItems(text[n:])
	if !ok {
		return nil
	}
	var columns []string
	for _, item := range items {
		name, _ := sqlToken(item)
		if !strings.HasPrefix(name, "`") {
			continue
		}
		c := t.Column(strings.ReplaceAll(name[1:len(name)-1], "``", "`"))
		if c != nil && c.Generated && r.readsMoment(item) {
			return nil
		}
		columns = append(columns, storedItem(uncounted(columnItem(t, item))))
	}
	const probe = "`" + twinDB + "`.`virtual`"
	if _, err := r.query("CREATE DATABASE IF NOT EXISTS " + schema.Quote(twinDB)); err != nil {
		return err
	}
	made, err := r.query("CREATE TEMPORARY TABLE " + probe + " (" + strings.Join(columns, ",") + ")")
	if _, told := errors.AsType[*mysql.MyError](err); told {
		return nil
	}
	if err != nil {
		return err
	}
	if made.Warnings == 0 {
		for i := range t.Columns {
			t.Columns[i].Unstored = false
		}
	}
	_, err = r.query("DROP TEMPORARY TABLE " + probe)
	return err
}

// readsMoment says whether an expression names a TIMESTAMP column, whose value is another text in another time zone.
func (r *reader) readsMoment(item string) bool {
	return slices.ContainsFunc(r.table.Columns, func(c schema.Column) bool {
		return c.Kind == schema.KindTimestamp && strings.Contains(item, schema.Quote(c.Name))
	})
}

// storedItem makes of a VIRTUAL column's part of the definition that of a STORED one.
func storedItem(item string) string {
	var b strings.Builder
	depth, generated := 0, false
	for rest := item; ; {
		token, n := sqlToken(rest)
		if n == 0 {
			return b.String() + rest
		}
		switch {
		case token == "(":
			depth++
		case token == ")":
			depth--
		case token == "GENERATED" && depth == 0:
			generated = true
		case token == "VIRTUAL" && depth == 0 && generated:
			b.WriteString(" STORED")
			rest, generated = rest[n:], false
			continue
		}
		b.WriteString(rest[:n])
		rest = rest[n:]
	}
}

// errWarnsRead is of a row whose generated column would warn of whatever reads it: what is stored of it could not.
var errWarnsRead = wire.NewError(wire.CodeNotSupported, "tdeproxy: a value of a VIRTUAL generated column of an encrypted table that the server warns of is not supported")

// warnsRead says whether reading columns has warned, of a generated one.
func warnsRead(cols []*schema.Column, warnings uint16) error {
	if warnings > 0 && slices.ContainsFunc(cols, func(c *schema.Column) bool { return c.Generated }) {
		return errWarnsRead
	}
	return nil
}

// warned is warnsRead of the packet that ends a result.
func warned(cols []*schema.Column, end []byte, caps wire.Capability) error {
	ok, err := wire.DecodeEnd(end, caps)
	if err != nil {
		return err
	}
	return warnsRead(cols, ok.Warnings)
}
