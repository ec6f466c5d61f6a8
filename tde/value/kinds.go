package value

// TokenKind separates what no comparison equates in an equality token. Tokens of different kinds never match.
type TokenKind byte

// Kinds of canonical forms.
const (
	KindNumber    TokenKind = iota + 1 // text of an exact number
	KindDouble                         // 8 bytes IEEE, big-endian
	KindDateTime                       // "YYYY-MM-DD HH:MM:SS[.f]"
	KindTimestamp                      // the same, in UTC
	KindTime                           // "[-]HH:MM:SS[.f]"
	KindString                         // bytes in the column's character set, to be weighed
	KindBytes                          // bytes
)
