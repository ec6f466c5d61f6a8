package wire

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

const (
	frameHeader = 7        // sizes of the frame as it is and as it was, with a number in between
	minCompress = 50       // what is shorter goes as it is, as servers send it
	frameSize   = 64 << 10 // of what Write packs at a time
)

// Compressed speaks the compressed protocol on nc: what is written and read are packets, what goes over the connection are frames,
// packed with zlib where that makes them shorter. It uses as much memory as a frame of its own, whatever sizes the peer's have.
func Compressed(nc net.Conn) net.Conn {
	c := &compressed{Conn: nc, in: bufio.NewReader(nc)}
	c.frame.R = c.in
	return c
}

type compressed struct {
	net.Conn
	in    *bufio.Reader
	frame io.LimitedReader // what is left of the frame at hand
	plain io.Reader        // its content: frame, or what unpacks it
	left  int              // bytes of the content that were not read yet
	zip   io.ReadCloser    // kept from frame to frame
	seq   uint8            // of the next frame: peers go on from each other's
}

// Read implements net.Conn.
func (c *compressed) Read(b []byte) (int, error) {
	for c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.plain.Read(b[:min(len(b), c.left)])
	if c.left -= n; c.left == 0 {
		// The checksum at the end has to be read to be checked.
		return n, c.finish(err)
	}
	if n > 0 && err == io.EOF || n == 0 && errors.Is(err, io.EOF) {
		err = fmt.Errorf("wire: a compressed frame is shorter than it says: %w", ErrMalformed)
	}
	return n, err
}

// next takes the header of the next frame.
func (c *compressed) next() error {
	var h [frameHeader]byte
	if _, err := io.ReadFull(c.in, h[:]); err != nil {
		return err
	}
	size, whole := int(h[0])|int(h[1])<<8|int(h[2])<<16, int(h[4])|int(h[5])<<8|int(h[6])<<16
	c.seq = h[3] + 1
	c.frame.N = int64(size)
	if c.plain, c.left = &c.frame, whole; whole == 0 {
		c.left = size
		return nil
	}
	if c.zip == nil {
		var err error
		if c.zip, err = zlib.NewReader(&c.frame); err != nil {
			return broken(err)
		}
	} else if err := c.zip.(zlib.Resetter).Reset(&c.frame, nil); err != nil {
		return broken(err)
	}
	c.plain = c.zip
	return nil
}

// finish ends a frame whose content has been read. err is what reading its last bytes has given.
func (c *compressed) finish(err error) error {
	if c.plain != &c.frame && err == nil {
		var beyond [1]byte
		if n, end := c.plain.Read(beyond[:]); n > 0 {
			return fmt.Errorf("wire: a compressed frame is longer than it says: %w", ErrMalformed)
		} else if end != io.EOF {
			return broken(end)
		}
	}
	if err != nil && err != io.EOF {
		return broken(err)
	}
	_, err = io.Copy(io.Discard, &c.frame)
	return err
}

// broken is an error of unpacking. One of the connection stays what it is: its deadline may have passed.
func broken(err error) error {
	var n net.Error
	if err == nil || errors.As(err, &n) {
		return err
	}
	return fmt.Errorf("wire: a compressed frame: %w: %w", ErrMalformed, err)
}

// packers are costly to make: each has the better part of a megabyte.
var packers = sync.Pool{New: func() any { return &packer{w: zlib.NewWriter(io.Discard)} }}

type packer struct {
	w   *zlib.Writer
	out bytes.Buffer
}

// Write implements net.Conn.
func (c *compressed) Write(b []byte) (int, error) {
	p := packers.Get().(*packer)
	defer packers.Put(p)
	done := 0
	for len(b) > 0 {
		piece := b[:min(len(b), frameSize)]
		if err := c.pack(p, piece); err != nil {
			return done, err
		}
		if _, err := c.Conn.Write(p.out.Bytes()); err != nil {
			return done, err
		}
		done, b = done+len(piece), b[len(piece):]
	}
	return done, nil
}

// pack makes a frame.
func (c *compressed) pack(p *packer, piece []byte) error {
	var h [frameHeader]byte
	p.out.Reset()
	p.out.Write(h[:])
	whole := 0
	if len(piece) >= minCompress {
		p.w.Reset(&p.out)
		if _, err := p.w.Write(piece); err != nil {
			return err
		}
		if err := p.w.Close(); err != nil {
			return err
		}
		whole = len(piece)
	}
	if whole == 0 || p.out.Len()-frameHeader >= len(piece) {
		whole = 0
		p.out.Truncate(frameHeader)
		p.out.Write(piece)
	}
	frame := p.out.Bytes()
	size := len(frame) - frameHeader
	copy(frame, []byte{byte(size), byte(size >> 8), byte(size >> 16), c.seq, byte(whole), byte(whole >> 8), byte(whole >> 16)})
	c.seq++
	return nil
}
