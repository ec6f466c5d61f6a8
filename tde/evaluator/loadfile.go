package evaluator

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// beginStream starts a LOAD DATA LOCAL. There is no file: the server asks for one, and is sent rows.
func (l *Loader) beginStream() error {
	w := l.w
	if err := errors.Join(w.suit(needs{mode: true, zone: true, charset: true, checks: l.needs.checks}), w.drain()); err != nil {
		return err
	}
	l.table.dirty = true
	w.rows += int(l.rows)
	w.commits()
	w.conn.ResetSequence()
	b := append(w.conn.Begin(), byte(wire.ComQuery))
	if err := errors.Join(w.conn.End(append(b, l.loadData()...)), w.conn.Flush()); err != nil {
		return w.Broken(err)
	}
	packet, err := w.conn.ReadPacket()
	switch {
	case err != nil:
		return w.Broken(err)
	case wire.IsError(packet):
		return decoded(packet)
	case len(packet) == 0 || packet[0] != 0xfb:
		return w.Broken(wire.ErrMalformed)
	}
	l.stream = true
	return nil
}

// loadData is the statement. Types that take a text otherwise than in a table's own form are given by way of variables.
func (l *Loader) loadData() string {
	var columns, sets []string
	for i, c := range l.cols {
		name, variable := schema.Quote(c.Name), "@`"+rowColumn+strconv.Itoa(i)+"`"
		switch {
		case c.Generated:
			continue
		case c.Kind == schema.KindEnum, c.Kind == schema.KindSet:
			sets = append(sets, name+" = CAST("+variable+" AS UNSIGNED)")
		case c.Kind == schema.KindJSON:
			sets = append(sets, name+" = CONVERT("+variable+" USING utf8mb4)")
		case c.AutoIncrement && l.setsMore():
			// MariaDB forgets of a column that is not among those set that it has a value, and counts where that is 0.
			sets = append(sets, name+" = "+variable)
		default:
			columns = append(columns, name)
			continue
		}
		columns = append(columns, variable)
		l.w.tainted = true
	}
	for _, f := range l.fill {
		sets = append(sets, f.name+" = "+f.value)
	}
	sql := "LOAD DATA LOCAL INFILE 'rows' INTO TABLE " + l.table.name +
		` CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' (` + strings.Join(columns, ",") + ")"
	if len(sets) > 0 {
		sql += " SET " + strings.Join(sets, ", ")
	}
	return sql
}

// setsMore says whether other columns than an AUTO_INCREMENT one are set by expressions.
func (l *Loader) setsMore() bool {
	return len(l.fill) > 0 || slices.ContainsFunc(l.cols, func(c *schema.Column) bool {
		return !c.Generated && (c.Kind == schema.KindEnum || c.Kind == schema.KindSet || c.Kind == schema.KindJSON)
	})
}

// write sends the rows there are as lines of the file.
func (l *Loader) write() error {
	w := l.w
	b := w.text[:0]
	v, raw := []byte(nil), l.raw
	for range l.rows {
		first := true
		for _, c := range l.cols {
			if v, raw = next(raw); c.Generated {
				continue
			}
			if !first {
				b = append(b, '\t')
			}
			first = false
			var err error
			if b, err = appendField(b, c, v); err != nil {
				w.broken = err // the server waits for the rest
				return err
			}
		}
		b = append(b, '\n')
	}
	l.total.rows += l.rows
	w.text = b
	if err := errors.Join(w.conn.WritePacket(b), w.conn.Flush()); err != nil {
		return w.Broken(err)
	}
	return nil
}

// endStream ends the file and reads what the server says.
func (l *Loader) endStream() error {
	w := l.w
	l.stream = false
	if err := errors.Join(w.conn.WritePacket(nil), w.conn.Flush()); err != nil {
		return w.Broken(err)
	}
	ok, err := w.read()
	if err != nil {
		return err
	}
	if err := l.total.check(ok, l.logic); err != nil {
		return err
	}
	l.total = expected{}
	return w.send("COMMIT", sent{})
}

// appendField appends a stored form as a field of the file.
func appendField(dst []byte, c *schema.Column, v []byte) ([]byte, error) {
	if v == nil {
		return append(dst, `\N`...), nil
	}
	switch k := c.Kind; {
	case k == schema.KindYear && len(v) == 8:
		n := strconv.FormatUint(binary.BigEndian.Uint64(v), 10)
		return append(append(dst, "0000"[:max(0, 4-len(n))]...), n...), nil
	case k < schema.KindChar, k == schema.KindEnum, k == schema.KindSet:
		start := len(dst)
		dst, err := appendLiteral(dst, c, v)
		if err == nil && dst[start] == '\'' { // a number, a date: nothing to be escaped
			dst = append(dst[:start], dst[start+1:len(dst)-1]...)
		}
		return dst, err
	}
	for _, b := range v {
		switch b {
		case '\\':
			dst = append(dst, `\\`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		default:
			dst = append(dst, b)
		}
	}
	return dst, nil
}
