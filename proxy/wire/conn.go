package wire

import (
	"io"
	"net"
	"time"
)

const (
	headerSize = 4
	maxPayload = 1<<24 - 1 // what one physical packet holds; a longer logical packet goes on in the next

	// DefaultLimit is the payload that a new connection takes: MySQL's largest max_allowed_packet.
	DefaultLimit = 1 << 30
)

// Conn is one side's packet stream. It reads whole logical packets from its own buffer and collects written ones until
// Flush. Reading and writing share the sequence number, as they do in the protocol; so a Conn is used by one goroutine
// at a time, except for closing the net.Conn below.
type Conn struct {
	nc    net.Conn
	limit int
	seq   uint8

	base []byte  // the buffer for small packets
	big  *[]byte // the pooled buffer in use instead, or nil
	buf  []byte  // base or *big
	r, w int     // buf[r:w] is read and not yet given out
	last int     // buf[last:r] is the packet given out last, header included; -1 when it was put together from several
	keep bool    // Enlarge was called

	timed  bool // Time was called
	waited time.Duration

	out    []byte  // packets written and not yet flushed
	outBuf *[]byte // the pooled buffer that out began in
}

// NewConn starts packets on nc, with sequence number 0 and DefaultLimit.
func NewConn(nc net.Conn) *Conn {
	return &Conn{nc: nc, limit: DefaultLimit, last: -1}
}

// NetConn is the connection below: for addresses, deadlines and closing.
func (c *Conn) NetConn() net.Conn { return c.nc }

// SetLimit bounds the payload of a logical packet, in bytes.
func (c *Conn) SetLimit(bytes int) { c.limit = bytes }

// Upgrade goes on over nc, a TLS connection over the one before. It refuses to when bytes were already read: those came
// in clear, so whoever is on the path may have put them there.
func (c *Conn) Upgrade(nc net.Conn) error {
	if c.r != c.w {
		return ErrMalformed
	}
	c.nc = nc
	return nil
}

// TakeBuffered empties the read buffer: for a TLS handshake whose first bytes came right behind the request for it.
func (c *Conn) TakeBuffered() []byte {
	b := append([]byte(nil), c.buf[c.r:c.w]...)
	c.r = c.w
	c.release()
	return b
}

// ResetSequence begins a new command.
func (c *Conn) ResetSequence() { c.seq = 0 }

// SetSequence makes seq the number of the next packet, read or written.
func (c *Conn) SetSequence(seq uint8) { c.seq = seq }

// Sequence is the number of the next packet.
func (c *Conn) Sequence() uint8 { return c.seq }

// Buffered tells how many bytes have been read from the peer and not yet been given out.
func (c *Conn) Buffered() int { return c.w - c.r }

// Enlarge reads in steps of 128 KiB from now on, for a large result that is read packet by packet. Shrink ends that.
func (c *Conn) Enlarge() {
	c.keep = true
	if len(c.buf) < relayBuffer {
		c.resize(relayBuffer)
	}
}

// Shrink gives a large read buffer back once its packets are read.
func (c *Conn) Shrink() {
	c.keep = false
	c.release()
}

// Time has the time counted from now on that reads wait for the peer.
func (c *Conn) Time() { c.timed, c.waited = true, 0 }

// Waited is how long reads have waited for the peer since Time.
func (c *Conn) Waited() time.Duration { return c.waited }

// read reads from the connection below.
func (c *Conn) read(b []byte) (int, error) {
	if !c.timed {
		return c.nc.Read(b)
	}
	began := time.Now()
	n, err := c.nc.Read(b)
	c.waited += time.Since(began)
	return n, err
}

// ReadPacket returns the payload of the next logical packet. It is valid until the next read. Memory grows with what
// arrives, not with what is announced. io.EOF means that the peer closed between packets.
func (c *Conn) ReadPacket() ([]byte, error) {
	if c.r == c.w {
		c.release()
	}
	n, err := c.header(0)
	if err != nil {
		return nil, err
	}
	if n == maxPayload {
		return c.readLong()
	}
	if err := c.fill(headerSize + n); err != nil {
		return nil, unexpected(err)
	}
	c.last, c.r = c.r, c.r+headerSize+n
	return c.buf[c.last+headerSize : c.r : c.r], nil
}

// header reads the packet header off bytes into what is unread, and takes its sequence number.
func (c *Conn) header(off int) (size int, err error) {
	if err := c.fill(off + headerSize); err != nil {
		return 0, err
	}
	h := c.buf[c.r+off:]
	size = int(h[0]) | int(h[1])<<8 | int(h[2])<<16
	if h[3] != c.seq {
		return 0, ErrSequence
	}
	c.seq++
	if max(off-headerSize, 0)+size > c.limit {
		return 0, ErrTooLarge
	}
	return size, nil
}

// readLong reads the rest of a logical packet whose first physical packet is full. The headers in between are taken
// out of the buffer, so that the payload lies in one piece.
func (c *Conn) readLong() ([]byte, error) {
	end := headerSize + maxPayload // of the payload so far, from r
	if err := c.fill(end); err != nil {
		return nil, unexpected(err)
	}
	for {
		n, err := c.header(end)
		if err != nil {
			return nil, unexpected(err)
		}
		at := c.r + end
		copy(c.buf[at:], c.buf[at+headerSize:c.w])
		c.w -= headerSize
		end += n
		if err := c.fill(end); err != nil {
			return nil, unexpected(err)
		}
		if n < maxPayload {
			break
		}
	}
	payload := c.buf[c.r+headerSize : c.r+end : c.r+end]
	c.r, c.last = c.r+end, -1
	return payload, nil
}

// unexpected is for a stream that ends within a packet.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Raw returns packet with the header that it came with, when packet is the whole of what ReadPacket returned last and
// came in one physical packet; otherwise nil. What it returns can be written to the other side as it is.
func (c *Conn) Raw(packet []byte) []byte {
	if c.last < 0 || len(packet) == 0 || len(packet) != c.r-c.last-headerSize || &packet[0] != &c.buf[c.last+headerSize] {
		return nil
	}
	return c.buf[c.last:c.r]
}

// Peek returns the next n bytes of the stream without taking them; n is at most a few hundred.
func (c *Conn) Peek(n int) ([]byte, error) {
	if c.r == c.w {
		c.release()
	}
	if err := c.fill(n); err != nil {
		return nil, err
	}
	return c.buf[c.r : c.r+n], nil
}

// fill reads until n bytes are unread, in larger and larger buffers.
func (c *Conn) fill(n int) error {
	for c.w-c.r < n {
		c.makeRoom(n)
		m, err := c.read(c.buf[c.w:])
		c.w += m
		if m == 0 && err != nil {
			if err == io.EOF && c.w > c.r {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// makeRoom sees to it that there is space to read into, when n unread bytes are wanted. A buffer doubles only when it
// is full, so a peer that announces much and sends little costs little.
func (c *Conn) makeRoom(n int) {
	if c.buf == nil {
		c.base = make([]byte, baseBuffer)
		c.buf = c.base
	}
	if c.r > 0 && c.r+n > len(c.buf) {
		c.compact()
	}
	if c.w == len(c.buf) {
		c.resize(2 * len(c.buf))
	}
}

// compact moves what is unread to the start of the buffer.
func (c *Conn) compact() {
	c.w = copy(c.buf, c.buf[c.r:c.w])
	c.r, c.last = 0, -1
}

// resize goes on in a pooled buffer of at least n bytes.
func (c *Conn) resize(n int) {
	if c.base == nil {
		c.base = make([]byte, baseBuffer)
		c.buf = c.base
	}
	b := getBuffer(n)
	c.w = copy(*b, c.buf[c.r:c.w])
	c.r, c.last = 0, -1
	if c.big != nil {
		putBuffer(c.big)
	}
	c.big, c.buf = b, *b
}

// release goes back to the small buffer when what is unread fits there.
func (c *Conn) release() {
	if c.r == c.w {
		c.r, c.w, c.last = 0, 0, -1
	}
	if c.big == nil || c.keep || c.w-c.r > len(c.base) {
		return
	}
	c.w = copy(c.base, c.buf[c.r:c.w])
	c.r, c.last = 0, -1
	putBuffer(c.big)
	c.big, c.buf = nil, c.base
}
