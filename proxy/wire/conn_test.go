package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// script is a connection that gives in in pieces and keeps what is written.
type script struct {
	in     []byte
	pieces []int // sizes of the reads, repeated; none: as much as asked for
	reads  int
	out    bytes.Buffer
	writes int
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	n := len(b)
	if len(s.pieces) > 0 {
		n = min(n, max(s.pieces[s.reads%len(s.pieces)], 1))
	}
	s.reads++
	n = copy(b[:n], s.in)
	s.in = s.in[n:]
	return n, nil
}

func (s *script) Write(b []byte) (int, error)      { s.writes++; return s.out.Write(b) }
func (s *script) Close() error                     { return nil }
func (s *script) LocalAddr() net.Addr              { return nil }
func (s *script) RemoteAddr() net.Addr             { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// stream frames payloads the way a Conn writes them, from sequence number seq on.
func stream(t testing.TB, seq uint8, payloads ...[]byte) []byte {
	t.Helper()
	var s script
	c := NewConn(&s)
	c.SetSequence(seq)
	for _, p := range payloads {
		if err := c.WritePacket(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return s.out.Bytes()
}

func TestPackets(t *testing.T) {
	sizes := []int{0, 1, 3, 100, baseBuffer - 5, baseBuffer - 4, baseBuffer, outFull, outBuffer, 1 << 20, maxPayload - 1, maxPayload,
		maxPayload + 1, 2*maxPayload + 3, 7}
	var payloads [][]byte
	for i, n := range sizes {
		payloads = append(payloads, bytes.Repeat([]byte{byte(i + 1)}, n))
	}
	in := stream(t, 250, payloads...)
	for _, pieces := range [][]int{nil, {1000, 1, 70000}, {1 << 20, 3}} {
		c := NewConn(&script{in: in, pieces: pieces})
		c.SetSequence(250)
		for i, want := range payloads {
			got, err := c.ReadPacket()
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes: %d, %v", sizes[i], len(got), err)
			}
			if raw := c.Raw(got); len(want) > 0 && len(want) < maxPayload && !bytes.Equal(raw[headerSize:], want) {
				t.Errorf("%d bytes: Raw differs", sizes[i])
			} else if len(want) >= maxPayload && raw != nil {
				t.Error("Raw of several packets")
			}
		}
		if _, err := c.ReadPacket(); err != io.EOF {
			t.Error(err)
		}
		if len(c.buf) != baseBuffer {
			t.Error("large buffer kept:", len(c.buf))
		}
	}
}

func TestBeginEnd(t *testing.T) {
	var s script
	c := NewConn(&s)
	var want [][]byte
	for _, n := range []int{0, 10, 40000, 100000, maxPayload + 5} {
		p := bytes.Repeat([]byte("p"), n)
		want = append(want, p)
		if err := c.End(append(c.Begin(), p...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.out.Bytes(), stream(t, 0, want...)) {
		t.Error("differs from WritePacket")
	}
}

func TestReadFaults(t *testing.T) {
	long := stream(t, 0, bytes.Repeat([]byte("x"), 3000))
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"end between packets": {nil, io.EOF},
		"end in header":       {[]byte{1, 0}, io.ErrUnexpectedEOF},
		"end in payload":      {[]byte{9, 0, 0, 0, 1}, io.ErrUnexpectedEOF},
		"end before payload":  {[]byte{9, 0, 0, 0}, io.ErrUnexpectedEOF},
		"sequence":            {[]byte{1, 0, 0, 1, 0}, ErrSequence},
		"too large":           {long, ErrTooLarge},
		"16 MiB":              {[]byte{255, 255, 255, 0, 1}, ErrTooLarge},
	} {
		conn := NewConn(&script{in: c.in})
		conn.SetLimit(2000)
		if _, err := conn.ReadPacket(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestAnnouncedLength reads little of a packet that announces much: the buffer grows with what came.
func TestAnnouncedLength(t *testing.T) {
	c := NewConn(&script{in: append([]byte{255, 255, 255, 0}, make([]byte, 100000)...)})
	if _, err := c.ReadPacket(); err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
	if len(c.buf) > 256<<10 {
		t.Error(len(c.buf))
	}
}

func TestUpgrade(t *testing.T) {
	c := NewConn(&script{in: stream(t, 0, []byte("first"), []byte("second"))})
	if _, err := c.ReadPacket(); err != nil {
		t.Fatal(err)
	}
	if err := c.Upgrade(&script{}); err == nil {
		t.Error("upgraded over bytes that came in clear")
	}
	if b := c.TakeBuffered(); !strings.Contains(string(b), "second") {
		t.Errorf("%q", b)
	}
	if err := c.Upgrade(&script{}); err != nil {
		t.Error(err)
	}
}

func TestSkip(t *testing.T) {
	in := stream(t, 0, bytes.Repeat([]byte("x"), maxPayload+100), []byte("next"))
	c := NewConn(&script{in: in, pieces: []int{100000}})
	if err := c.Skip(); err != nil {
		t.Fatal(err)
	}
	if p, err := c.ReadPacket(); err != nil || string(p) != "next" {
		t.Error(string(p), err)
	}
}
