package wire

// TextRow walks through a row of the text protocol.
type TextRow struct{ r reader }

// NewTextRow begins with the first value of packet.
func NewTextRow(packet []byte) TextRow { return TextRow{reader{b: packet}} }

// Next returns the next value, which aliases the packet: nil is NULL. ok is false after the last and in a malformed row.
func (t *TextRow) Next() (value []byte, ok bool) {
	if len(t.r.b) == 0 {
		return nil, false
	}
	if t.r.b[0] == 0xfb {
		t.r.b = t.r.b[1:]
		return nil, true
	}
	value = t.r.str()
	return value, !t.r.bad
}

// Rest is what Next has not given out yet, still encoded.
func (t *TextRow) Rest() []byte { return t.r.b }

// Err is ErrMalformed when a value was cut off.
func (t *TextRow) Err() error { return t.r.err() }

// AppendText encodes a value of a text row: nil is NULL.
func AppendText(dst, value []byte) []byte {
	if value == nil {
		return AppendNull(dst)
	}
	return AppendString(dst, value)
}
