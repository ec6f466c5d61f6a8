package wire

// BinaryRow walks through a row of the binary protocol.
type BinaryRow struct {
	r     reader
	nulls []byte
	at    int
}

// NewBinaryRow begins with the first value of packet, a row of so many columns.
func NewBinaryRow(packet []byte, columns int) BinaryRow {
	r := reader{b: packet}
	if r.u8() != 0 {
		r.bad, r.b = true, nil
	}
	nulls := r.take((columns + 9) / 8)
	return BinaryRow{nulls: nulls, r: r}
}

// Next returns the next value, of a column of type t: nil is NULL. Numbers are little-endian, dates and times without
// their length byte, all else the string. It aliases the packet. ok is false after the last and in a malformed row.
func (b *BinaryRow) Next(t Type) (value []byte, ok bool) {
	bit := b.at + 2
	if b.r.bad || bit/8 >= len(b.nulls) {
		return nil, false
	}
	b.at++
	if b.nulls[bit/8]&(1<<(bit%8)) != 0 {
		return nil, true
	}
	value = b.r.value(t)
	return value, !b.r.bad
}

// Err is ErrMalformed when a value was cut off or has a type that has no binary format.
func (b *BinaryRow) Err() error { return b.r.err() }

// BeginBinaryRow starts a row of so many columns; nulls is where its NULL bitmap lies in what it returns.
func BeginBinaryRow(dst []byte, columns int) (row []byte, nulls int) {
	dst = append(dst, 0)
	nulls = len(dst)
	for range (columns + 9) / 8 {
		dst = append(dst, 0)
	}
	return dst, nulls
}

// SetNull marks the column as NULL in a row that BeginBinaryRow started; nothing is appended for it.
func SetNull(row []byte, nulls, column int) {
	row[nulls+(column+2)/8] |= 1 << ((column + 2) % 8)
}
