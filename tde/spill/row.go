package spill

import "encoding/binary"

// AppendRow writes values, nil for NULL, one after the other.
func AppendRow(dst []byte, row [][]byte) []byte {
	for _, v := range row {
		if v == nil {
			dst = append(dst, 0)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(v))+1)
		dst = append(dst, v...)
	}
	return dst
}

// SplitRow reads as many values as row has from what AppendRow wrote, and gives what follows them. They alias b; ok is false where b
// is not of such values.
func SplitRow(row [][]byte, b []byte) (rest []byte, ok bool) {
	for i := range row {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size)+1 {
			return nil, false
		}
		if b = b[size:]; n == 0 {
			row[i] = nil
			continue
		}
		row[i], b = b[:n-1:n-1], b[n-1:]
	}
	return b, true
}
