package wire

// Query is COM_QUERY, with query attributes where CLIENT_QUERY_ATTRIBUTES is on. Byte slices alias the packet.
type Query struct {
	Attributes []Param
	SQL        []byte // in character_set_client
}

// Decode reads packet, of a connection with caps, into q, whose Attributes give their memory.
func (q *Query) Decode(packet []byte, caps Capability) error {
	r := reader{b: packet}
	if Command(r.u8()) != ComQuery {
		return ErrMalformed
	}
	q.Attributes = q.Attributes[:0]
	if caps.Has(QueryAttributes) {
		count, sets := r.lenenc(), r.lenenc()
		if r.bad || sets != 1 || count > uint64(len(packet))*8 {
			return ErrMalformed
		}
		if count > 0 {
			var bound bool
			if q.Attributes, bound = r.params(q.Attributes, int(count), true); !bound {
				return ErrMalformed
			}
		}
	}
	q.SQL = r.rest()
	return r.err()
}

// Append encodes q for a connection with caps.
func (q *Query) Append(dst []byte, caps Capability) []byte {
	dst = append(dst, byte(ComQuery))
	if caps.Has(QueryAttributes) {
		dst = append(AppendInt(dst, uint64(len(q.Attributes))), 1)
		if len(q.Attributes) > 0 {
			dst = appendParams(dst, q.Attributes, true, true)
		}
	}
	return append(dst, q.SQL...)
}
