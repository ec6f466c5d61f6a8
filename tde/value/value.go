// Package value holds SQL values on their way through the proxy: what a client sent (Value), what a cell keeps (the
// stored form), and what a client receives in the text and the binary protocol.
package value

// Kind says what a client's value is, before it is coerced to a column.
type Kind uint8

// Kinds of a client's value.
const (
	Null     Kind = iota
	Int           // Bytes: decimal digits with an optional sign
	Decimal       // Bytes: digits with a point
	Float         // Bytes: a number with an exponent, or the shortest text of a DOUBLE parameter
	Float32       // Bytes: the shortest text of a FLOAT parameter
	String        // Bytes in Charset
	Binary        // Bytes: a binary string: _binary'…', or a BLOB parameter
	Hex           // Bytes: the bytes of x'…', 0x… or b'…': a binary string, a number in numeric context
	Bool          // Bytes: "1" or "0", from TRUE and FALSE
	Date          // Bytes: "YYYY-MM-DD", from the binary protocol
	DateTime      // Bytes: "YYYY-MM-DD HH:MM:SS[.ffffff]", from the binary protocol
	Time          // Bytes: "[-]HHH:MM:SS[.ffffff]", from the binary protocol
)

// Value is a literal or a parameter as a client sent it.
type Value struct {
	Kind    Kind
	Bytes   []byte
	Charset string // of String: "utf8mb4", "latin1"
	Param   bool   // of a prepared statement: no parser checked a String's bytes
	Number  bool   // of Hex: 0x… or b'…', which MariaDB takes for a number where it takes x'…' for text
}
