package wire

const (
	outBuffer = 64 << 10 // pooled
	outFull   = 32 << 10 // from here on packets are sent without waiting for Flush
)

// WritePacket adds a packet to what Flush will send, split where it is longer than a physical packet holds. Large
// output is sent at once.
func (c *Conn) WritePacket(payload []byte) error {
	for {
		n := min(len(payload), maxPayload)
		c.openOut()
		c.out = append(c.out, byte(n), byte(n>>8), byte(n>>16), c.seq)
		c.seq++
		if err := c.writeBody(payload[:n]); err != nil {
			return err
		}
		payload = payload[n:]
		if n < maxPayload {
			return nil
		}
	}
}

// writeBody adds what belongs to a header already written; a large body is not copied.
func (c *Conn) writeBody(b []byte) error {
	if len(c.out)+len(b) <= outBuffer {
		c.out = append(c.out, b...)
		return c.flushFull()
	}
	if err := c.Flush(); err != nil {
		return err
	}
	_, err := c.nc.Write(b)
	return err
}

// Begin starts a packet in the write buffer: append its payload to what Begin returns and hand that to End. Nothing else
// may be written in between.
func (c *Conn) Begin() []byte {
	c.openOut()
	return append(c.out, 0, 0, 0, 0)
}

// End finishes the packet that Begin started.
func (c *Conn) End(b []byte) error {
	start := len(c.out)
	n := len(b) - start - headerSize
	if n >= maxPayload {
		return c.WritePacket(append([]byte(nil), b[start+headerSize:]...))
	}
	b[start], b[start+1], b[start+2], b[start+3] = byte(n), byte(n>>8), byte(n>>16), c.seq
	c.seq++
	c.out = b
	return c.flushFull()
}

func (c *Conn) openOut() {
	if c.out == nil {
		c.outBuf = getBuffer(outBuffer)
		c.out = (*c.outBuf)[:0]
	}
}

func (c *Conn) flushFull() error {
	if len(c.out) < outFull {
		return nil
	}
	return c.Flush()
}

// Flush sends what was written.
func (c *Conn) Flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.nc.Write(c.out)
	c.out = nil
	putBuffer(c.outBuf)
	c.outBuf = nil
	return err
}

// WriteRaw sends what was written before and then b, which holds packet headers of its own.
func (c *Conn) WriteRaw(b []byte) error {
	if len(c.out) > 0 {
		if err := c.Flush(); err != nil {
			return err
		}
	}
	_, err := c.nc.Write(b)
	return err
}
