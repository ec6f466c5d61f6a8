package wire

// Response follows one command's answer through the byte stream. It looks at packet headers and, where they matter, at
// the first bytes of a payload: rows cost it one comparison each. The zero value is made ready by Start.
type Response struct {
	Status uint16 // flags of the last OK or EOF seen; an ERR carries none and leaves them
	Failed bool   // it ended in an ERR
	Begun  bool   // a part of it has been passed on

	caps    Capability
	state   responseState
	skip    int    // bytes of the current physical packet that are still to come
	long    bool   // the next physical packet continues the one before
	columns uint64 // column definitions still to come in this list
	second  uint64 // those of the list after it, in a prepare response
	more    bool   // the rows are OUT parameters, after which another result comes
	delta   uint8  // added to each sequence number
	force   uint16 // flags set in the last end packet
	next    uint8  // the sequence number after the last packet's, as passed on
}

type responseState uint8

const (
	stateDone responseState = iota
	stateSimple
	stateQuery
	stateColumns    // of a result set
	stateColumnsEnd // the EOF after them
	stateRows
	stateFields // of COM_FIELD_LIST, up to an EOF
	stateString
	statePrepare
	statePrepareColumns
	statePrepareEnd
	stateFile // LOCAL INFILE: the client's turn
	stateBroken
)

type event uint8

const (
	eventMore event = iota
	eventDone
	eventFile
	eventBroken
)

// prefixSize is how much of a payload decides: the fixed and the length-encoded numbers that open an OK packet.
const prefixSize = 32

// Start makes r ready for the answer to a command, of a connection with caps.
func (r *Response) Start(a Answer, caps Capability) {
	*r = Response{caps: caps, Status: r.Status}
	switch a {
	case AnswerSimple:
		r.state = stateSimple
	case AnswerQuery:
		r.state = stateQuery
	case AnswerPrepare:
		r.state = statePrepare
	case AnswerFetch:
		r.state = stateRows
	case AnswerFields:
		r.state = stateFields
	case AnswerString:
		r.state = stateString
	}
}

// Patch makes the relay add delta to all sequence numbers and set flags in the packet that ends the answer: for one
// statement of several that the client sent as one.
func (r *Response) Patch(delta uint8, flags uint16) { r.delta, r.force = delta, flags }

// Sequence is the number after the last packet's, as the client counts.
func (r *Response) Sequence() uint8 { return r.next }

// AtPacket reports whether what was passed on ends with a whole packet, so that an ERR packet may follow.
func (r *Response) AtPacket() bool { return r.skip == 0 && !r.long }

// scan takes as much of b as it can tell the meaning of, up to the end of the answer, and patches it. What it leaves is
// the start of a packet, shorter than a header and prefixSize.
func (r *Response) scan(b []byte) (n int, ev event) {
	for {
		if r.skip > 0 {
			k := min(r.skip, len(b)-n)
			n, r.skip = n+k, r.skip-k
			if r.skip > 0 {
				return n, eventMore
			}
		}
		if !r.long && r.state != stateRows {
			if ev := r.turn(); ev != eventMore {
				return n, ev
			}
		}
		h := b[n:]
		if len(h) < headerSize {
			return n, eventMore
		}
		size := int(h[0]) | int(h[1])<<8 | int(h[2])<<16
		if !r.long {
			if p, ok := r.prefix(h, size); !ok {
				return n, eventMore
			} else if p != nil {
				r.packet(p, size)
			}
			if r.state == stateBroken {
				return n, eventBroken
			}
		}
		h[3] += r.delta
		r.next = h[3] + 1
		n, r.skip, r.long = n+headerSize, size, size == maxPayload
	}
}

// turn tells whether the packet before ended the answer or the server's turn.
func (r *Response) turn() event {
	switch r.state {
	case stateDone:
		return eventDone
	case stateFile:
		return eventFile
	}
	return eventMore
}

// prefix returns the payload's first bytes if they matter: in rows most do not. ok is false when they are not there yet.
func (r *Response) prefix(h []byte, size int) (p []byte, ok bool) {
	if r.state == stateRows && size > 0 {
		if len(h) == headerSize {
			return nil, false
		}
		if h[headerSize] < 0xfe {
			return nil, true
		}
	}
	want := headerSize + min(size, prefixSize)
	if len(h) < want {
		return nil, false
	}
	return h[headerSize:want], true
}

// packet moves on by one packet, whose payload begins with p.
func (r *Response) packet(p []byte, size int) {
	if len(p) == 0 {
		if r.state != stateRows && r.state != stateString { // a row of no columns is nobody's, but harmless
			r.state = stateBroken
		}
		if r.state == stateString {
			r.state = stateDone
		}
		return
	}
	if p[0] == 0xff {
		r.failed(p)
		return
	}
	switch r.state {
	case stateSimple:
		r.end(p, size)
	case stateQuery:
		r.first(p, size)
	case stateColumns:
		r.column()
	case stateColumnsEnd:
		r.columnsEnd(p, size)
	case stateRows:
		if p[0] == 0xfe && size < maxPayload {
			r.end(p, size)
		}
	case stateFields:
		if p[0] == 0xfe {
			r.end(p, size)
		}
	case stateString:
		r.state = stateDone
	default:
		r.prepare(p, size)
	}
}

// failed takes an ERR packet; those of code 0xffff are MariaDB's progress reports, which say nothing of the end.
func (r *Response) failed(p []byte) {
	if IsProgress(p, r.caps) {
		return
	}
	r.Failed, r.state = true, stateDone
}

// first takes the first packet of a result: OK, LOCAL INFILE or a column count.
func (r *Response) first(p []byte, size int) {
	switch p[0] {
	case 0x00, 0xfe:
		r.end(p, size)
	case 0xfb:
		r.state = stateFile
	default:
		count, n := Int(p)
		if n == 0 {
			r.state = stateBroken
			return
		}
		r.columns, r.state = count, stateColumns
	}
}

// column counts a column definition of a result set.
func (r *Response) column() {
	r.columns--
	if r.columns > 0 {
		return
	}
	r.state = stateColumnsEnd
	if r.caps.Has(DeprecateEOF) {
		r.state = stateRows
	}
}

// columnsEnd takes the EOF after column definitions. With a cursor it is all that comes; where more results follow, it is a cursor that a
// procedure has opened, and the rows come. For OUT parameters MySQL says here that more results follow, and not after the row.
func (r *Response) columnsEnd(p []byte, size int) {
	flags, ok := endFlags(p, size, r.caps)
	if !ok || flags[0]&byte(StatusCursorExists|StatusMoreResults) == byte(StatusCursorExists) {
		r.end(p, size)
		return
	}
	status := uint16(flags[0]) | uint16(flags[1])<<8
	r.more = status&StatusPSOutParams != 0 && status&StatusMoreResults != 0
	r.state = stateRows
}

// prepare moves through COM_STMT_PREPARE_OK, the parameters and the columns.
func (r *Response) prepare(p []byte, size int) {
	switch r.state {
	case statePrepare:
		if p[0] != 0 || len(p) < 9 {
			r.state = stateBroken
			return
		}
		r.columns, r.second = uint64(p[7])|uint64(p[8])<<8, uint64(p[5])|uint64(p[6])<<8
		r.nextList()
	case statePrepareColumns:
		r.columns--
		if r.columns > 0 {
			return
		}
		r.state = statePrepareEnd
		if r.caps.Has(DeprecateEOF) {
			r.nextList()
		}
	case statePrepareEnd:
		if flags, ok := endFlags(p, size, r.caps); ok {
			r.Status = uint16(flags[0]) | uint16(flags[1])<<8
		}
		r.nextList()
	}
}

func (r *Response) nextList() {
	if r.columns == 0 {
		r.columns, r.second = r.second, 0
	}
	r.state = statePrepareColumns
	if r.columns == 0 {
		r.state = stateDone
	}
}

// end takes an OK or EOF packet: the end of the answer, or of one result of several.
func (r *Response) end(p []byte, size int) {
	flags, ok := endFlags(p, size, r.caps)
	if !ok {
		r.state = stateBroken
		return
	}
	r.Status = uint16(flags[0]) | uint16(flags[1])<<8
	if r.Status&StatusMoreResults != 0 || r.more {
		r.state, r.more = stateQuery, false
		return
	}
	flags[0] |= byte(r.force)
	flags[1] |= byte(r.force >> 8)
	r.state = stateDone
}

// endFlags finds the two bytes of status flags in an OK packet or an EOF packet. The first byte does not tell them
// apart, since CLIENT_DEPRECATE_EOF gives OK packets an EOF's: an EOF has five bytes, an OK seven or more.
func endFlags(p []byte, size int, caps Capability) (flags *[2]byte, ok bool) {
	at := 3
	switch {
	case p[0] == 0x00 || p[0] == 0xfe && size >= 7 && caps.Has(DeprecateEOF):
		_, n := Int(p[1:])
		if n == 0 || 1+n >= len(p) {
			return nil, false
		}
		_, m := Int(p[1+n:])
		if m == 0 {
			return nil, false
		}
		at = 1 + n + m
	case p[0] != 0xfe:
		return nil, false
	}
	if at+2 > len(p) {
		return nil, false
	}
	return (*[2]byte)(p[at:]), true
}
