package wire

import "encoding/binary"

// Column is Protocol::ColumnDefinition41. Its byte slices alias the packet.
type Column struct {
	Schema   []byte // database of the table; names are in character_set_results
	Table    []byte // alias
	OrgTable []byte
	Name     []byte // alias
	OrgName  []byte
	Extended []byte // MariaDB's extended type info, with MariaDBExtendedTypeInfo
	Charset  uint16 // collation id of the values; 63 is binary
	Length   uint32 // longest value, in bytes of Charset
	Type     Type
	Flags    uint16
	Decimals uint8
	Default  []byte // only in the answer to COM_FIELD_LIST; nil there is NULL
	List     bool   // it is an answer to COM_FIELD_LIST, which has a Default
}

// Decode reads packet, of a connection with caps, into c.
func (c *Column) Decode(packet []byte, caps Capability) error {
	r := reader{b: packet}
	r.str() // catalog, always "def"
	*c = Column{Schema: r.str(), Table: r.str(), OrgTable: r.str(), Name: r.str(), OrgName: r.str()}
	if caps.Has(MariaDBExtendedTypeInfo) {
		c.Extended = r.str()
	}
	if r.lenenc() < 12 {
		return ErrMalformed
	}
	c.Charset, c.Length = r.u16(), r.u32()
	c.Type, c.Flags, c.Decimals = Type(r.u8()), r.u16(), r.u8()
	r.take(2)
	if !r.bad && len(r.b) > 0 {
		c.List = true
		if r.b[0] != 0xfb {
			c.Default = r.str()
		}
	}
	return r.err()
}

// Append encodes c for a connection with caps.
func (c *Column) Append(dst []byte, caps Capability) []byte {
	dst = AppendString(dst, "def")
	for _, s := range [...][]byte{c.Schema, c.Table, c.OrgTable, c.Name, c.OrgName} {
		dst = AppendString(dst, s)
	}
	if caps.Has(MariaDBExtendedTypeInfo) {
		dst = AppendString(dst, c.Extended)
	}
	dst = binary.LittleEndian.AppendUint16(append(dst, 12), c.Charset)
	dst = binary.LittleEndian.AppendUint32(dst, c.Length)
	dst = binary.LittleEndian.AppendUint16(append(dst, byte(c.Type)), c.Flags)
	dst = append(dst, c.Decimals, 0, 0)
	switch {
	case !c.List:
		return dst
	case c.Default == nil:
		return AppendNull(dst)
	}
	return AppendString(dst, c.Default)
}

// Clone copies c and all that it aliases.
func (c *Column) Clone() Column {
	d := *c
	for _, s := range [...]*[]byte{&d.Schema, &d.Table, &d.OrgTable, &d.Name, &d.OrgName, &d.Extended, &d.Default} {
		if *s != nil {
			*s = append([]byte{}, *s...)
		}
	}
	return d
}
