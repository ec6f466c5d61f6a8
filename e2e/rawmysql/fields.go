package rawmysql

import (
	"errors"
	"fmt"
)

// Field is one answer to COM_FIELD_LIST.
type Field struct {
	Column
	Default []byte // nil: NULL
}

// FieldList sends COM_FIELD_LIST. A server's refusal is a *ServerError. Tail are the bytes of the packet that ends the answer.
func (c *Conn) FieldList(table, wild string) (fields []Field, tail []byte, err error) {
	if err := c.command(ComFieldList, []byte(table+"\x00"+wild)); err != nil {
		return nil, nil, err
	}
	for {
		p, err := c.readPacket()
		switch {
		case err != nil:
			return nil, nil, err
		case len(p) == 0:
			return nil, nil, errors.New("empty packet in a list of fields")
		case p[0] == 0xff:
			return nil, nil, parseError(p, true)
		case p[0] == 0xfe:
			return fields, p, nil
		}
		var f Field
		if err := f.parse(p); err != nil {
			return nil, nil, err
		}
		rest := p
		for range 6 {
			_, rest, _ = lenBytes(rest)
		}
		if rest = rest[13:]; len(rest) == 0 {
			return nil, nil, fmt.Errorf("field %s has no default", f.Name)
		}
		if rest[0] != 0xfb {
			v, _, ok := lenBytes(rest)
			if !ok {
				return nil, nil, fmt.Errorf("the default of field %s is cut off", f.Name)
			}
			f.Default = append([]byte{}, v...)
		}
		fields = append(fields, f)
	}
}
