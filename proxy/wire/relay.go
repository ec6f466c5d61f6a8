package wire

import "fmt"

// BrokenError says which side of a relay failed.
type BrokenError struct {
	Conn *Conn // the side that failed
	Err  error
}

// Error implements error.
func (e *BrokenError) Error() string { return fmt.Sprintf("relay: %v", e.Err) }

// Unwrap gives what reading or writing said.
func (e *BrokenError) Unwrap() error { return e.Err }

// Relay passes the answer that r was started for from one side to the other, one write a read, in constant memory. It
// returns after the answer's last packet; to is then at the sequence number that follows. The error is a *BrokenError.
func (r *Response) Relay(from, to *Conn) error {
	defer from.release()
	for {
		n, ev := 0, eventMore
		if r.state == stateDone || from.w > from.r {
			n, ev = r.scan(from.buf[from.r:from.w])
		}
		if n > 0 {
			r.Begun = true
			if err := from.pass(to, n); err != nil {
				return &BrokenError{Conn: to, Err: err}
			}
			to.seq = r.next
		}
		switch ev {
		case eventDone:
			return nil
		case eventBroken:
			return &BrokenError{Conn: from, Err: ErrMalformed}
		case eventFile:
			if err := to.relayPackets(from, true, -r.delta); err != nil {
				return err
			}
			r.state = stateSimple
		case eventMore:
			if err := from.readMore(); err != nil {
				return &BrokenError{Conn: from, Err: err}
			}
		}
	}
}

// RelayPacket passes the next logical packet on to the other side as it comes, whatever its size. The error is a
// *BrokenError.
func (c *Conn) RelayPacket(to *Conn) error { return c.relayPackets(to, false, 0) }

// relayPackets passes packets on as they come: one logical packet, or a file up to the empty packet that ends it.
func (c *Conn) relayPackets(to *Conn, file bool, delta uint8) error {
	defer c.release()
	f := framer{file: file, delta: delta}
	for {
		n, done := f.scan(c.buf[c.r:c.w])
		if n > 0 {
			if err := c.pass(to, n); err != nil {
				return &BrokenError{Conn: to, Err: err}
			}
		}
		if done {
			c.seq, to.seq = f.next-delta, f.next
			return nil
		}
		if err := c.readMore(); err != nil {
			return &BrokenError{Conn: c, Err: unexpected(err)}
		}
	}
}

// Skip reads and drops the next logical packet, in constant memory.
func (c *Conn) Skip() error {
	defer c.release()
	f := framer{}
	for {
		n, done := f.scan(c.buf[c.r:c.w])
		c.r, c.last = c.r+n, -1
		if done {
			c.seq = f.next
			return nil
		}
		if err := c.readMore(); err != nil {
			return unexpected(err)
		}
	}
}

// Empty passes on all that the peer still says until it closes, whatever it is, up to limit bytes.
func (c *Conn) Empty(to *Conn, limit int) {
	for {
		n := min(c.w-c.r, limit)
		if n > 0 && c.pass(to, n) != nil {
			return
		}
		limit -= n
		if limit == 0 || c.readMore() != nil {
			return
		}
	}
}

// framer follows packets that need no reading.
type framer struct {
	file  bool // until an empty packet, not until the end of the first
	delta uint8
	skip  int
	long  bool
	done  bool
	next  uint8
}

func (f *framer) scan(b []byte) (n int, done bool) {
	for {
		if f.skip > 0 {
			k := min(f.skip, len(b)-n)
			n, f.skip = n+k, f.skip-k
			if f.skip > 0 {
				return n, false
			}
		}
		if f.done && !f.long {
			return n, true
		}
		h := b[n:]
		if len(h) < headerSize {
			return n, false
		}
		size := int(h[0]) | int(h[1])<<8 | int(h[2])<<16
		f.done = !f.file || size == 0 && !f.long
		h[3] += f.delta
		f.next = h[3] + 1
		n, f.skip, f.long = n+headerSize, size, size == maxPayload
	}
}

// pass writes the next n unread bytes to the other side.
func (c *Conn) pass(to *Conn, n int) error {
	err := to.WriteRaw(c.buf[c.r : c.r+n])
	c.r, c.last = c.r+n, -1
	return err
}

// readMore reads once, after what is unread. A buffer that the read before filled is exchanged for a large one.
func (c *Conn) readMore() error {
	full := c.buf != nil && c.w == len(c.buf)
	switch {
	case full && len(c.buf) < relayBuffer:
		c.resize(relayBuffer)
	case c.r > 0:
		c.compact()
	}
	c.makeRoom(1)
	for {
		n, err := c.read(c.buf[c.w:])
		c.w += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return unexpected(err)
		}
	}
}
