package wire

// Type is a column or parameter type on the wire (enum_field_types).
type Type byte

// The types, by MySQL's names without MYSQL_TYPE_.
const (
	TypeDecimal    Type = 0x00
	TypeTiny       Type = 0x01
	TypeShort      Type = 0x02
	TypeLong       Type = 0x03
	TypeFloat      Type = 0x04
	TypeDouble     Type = 0x05
	TypeNull       Type = 0x06
	TypeTimestamp  Type = 0x07
	TypeLongLong   Type = 0x08
	TypeInt24      Type = 0x09
	TypeDate       Type = 0x0a
	TypeTime       Type = 0x0b
	TypeDatetime   Type = 0x0c
	TypeYear       Type = 0x0d
	TypeNewDate    Type = 0x0e
	TypeVarchar    Type = 0x0f
	TypeBit        Type = 0x10
	TypeTimestamp2 Type = 0x11
	TypeDatetime2  Type = 0x12
	TypeTime2      Type = 0x13
	TypeTypedArray Type = 0x14
	TypeVector     Type = 0xf2
	TypeInvalid    Type = 0xf3
	TypeBool       Type = 0xf4
	TypeJSON       Type = 0xf5
	TypeNewDecimal Type = 0xf6
	TypeEnum       Type = 0xf7
	TypeSet        Type = 0xf8
	TypeTinyBlob   Type = 0xf9
	TypeMediumBlob Type = 0xfa
	TypeLongBlob   Type = 0xfb
	TypeBlob       Type = 0xfc
	TypeVarString  Type = 0xfd
	TypeString     Type = 0xfe
	TypeGeometry   Type = 0xff
)

// Column definition flags (…_FLAG).
const (
	FlagNotNull       uint16 = 0x0001
	FlagPrimaryKey    uint16 = 0x0002
	FlagUniqueKey     uint16 = 0x0004
	FlagMultipleKey   uint16 = 0x0008
	FlagBlob          uint16 = 0x0010
	FlagUnsigned      uint16 = 0x0020
	FlagZerofill      uint16 = 0x0040
	FlagBinary        uint16 = 0x0080
	FlagEnum          uint16 = 0x0100
	FlagAutoIncrement uint16 = 0x0200
	FlagTimestamp     uint16 = 0x0400
	FlagSet           uint16 = 0x0800
	FlagNoDefault     uint16 = 0x1000
	FlagOnUpdateNow   uint16 = 0x2000
	FlagNum           uint16 = 0x8000
)

// binarySize tells how a value of type t lies in a binary row or parameter list: n >= 0 is its fixed size, -1 a
// length-encoded string, -2 one length byte and so many bytes (dates and times).
func binarySize(t Type) (n int, ok bool) {
	switch t {
	case TypeNull:
		return 0, true
	case TypeTiny, TypeBool:
		return 1, true
	case TypeShort, TypeYear:
		return 2, true
	case TypeLong, TypeInt24, TypeFloat:
		return 4, true
	case TypeLongLong, TypeDouble:
		return 8, true
	case TypeTimestamp, TypeDatetime, TypeDate, TypeTime, TypeNewDate, TypeTimestamp2, TypeDatetime2, TypeTime2:
		return -2, true
	case TypeDecimal, TypeVarchar, TypeBit, TypeVector, TypeJSON, TypeNewDecimal, TypeEnum, TypeSet, TypeTinyBlob,
		TypeMediumBlob, TypeLongBlob, TypeBlob, TypeVarString, TypeString, TypeGeometry:
		return -1, true
	}
	return 0, false
}
