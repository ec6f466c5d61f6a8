package wire

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
)

// TestCompressed sends packets of many sizes, that pack well and that do not, both ways.
func TestCompressed(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{1, 49, 50, 51, 1000, frameSize - 1, frameSize, frameSize + 1, 3*frameSize + 7, 17 << 20} {
		for _, noisy := range []bool{false, true} {
			if noisy && size > maxPayload {
				continue
			}
			want := bytes.Repeat([]byte("abc"), size/3+1)[:size]
			if noisy {
				random.Read(want)
			}
			near, far := net.Pipe()
			sent := make(chan error, 1)
			go func() {
				c := NewConn(Compressed(near))
				err := errors.Join(c.WritePacket(want), c.Flush())
				sent <- errors.Join(err, near.Close())
			}()
			count := &counting{Conn: far}
			got, err := NewConn(Compressed(count)).ReadPacket()
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, noisy %t: %d came back, error %v", size, noisy, len(got), err)
			}
			if err := <-sent; err != nil {
				t.Errorf("%d bytes: %v", size, err)
			}
			if !noisy && size >= 1000 && count.n > size/5 {
				t.Errorf("%d bytes took %d on the connection", size, count.n)
			}
		}
	}
}

type counting struct {
	net.Conn
	n int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n += n
	return n, err
}

// frames is a connection that gives bytes and takes none.
type frames struct {
	net.Conn
	io.Reader
}

func (s frames) Read(b []byte) (int, error) { return s.Reader.Read(b) }

// TestCompressedMalformed wants an error of frames that lie about their size, are damaged or end too early, and of no frame more than
// it says it holds.
func TestCompressedMalformed(t *testing.T) {
	var zip bytes.Buffer
	w := zlib.NewWriter(&zip)
	w.Write(make([]byte, 1<<20))
	w.Close()
	frame := func(body []byte, whole int) []byte {
		n := len(body)
		return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0, byte(whole), byte(whole >> 8), byte(whole >> 16)}, body...)
	}
	damaged := bytes.Clone(zip.Bytes())
	damaged[len(damaged)-1] ^= 1
	for name, bad := range map[string][]byte{
		"longer than it says": frame(zip.Bytes(), 1000), "shorter than it says": frame(zip.Bytes(), 1<<20+1),
		"damaged": frame(damaged, 1<<20), "no zlib": frame([]byte("not packed at all"), 100), "cut off": frame(zip.Bytes(), 1<<20)[:100],
	} {
		got, err := io.ReadAll(Compressed(frames{Reader: bytes.NewReader(bad)}))
		if err == nil {
			t.Errorf("%s: no error, %d bytes", name, len(got))
		}
		if name == "longer than it says" && len(got) > 1000 {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

// TestCompressedSequence wants the numbers of frames to go on from the peer's, from command to command.
func TestCompressedSequence(t *testing.T) {
	in := []byte{1, 0, 0, 0, 0, 0, 0, 'a', 1, 0, 0, 1, 0, 0, 0, 'b', 1, 0, 0, 0, 0, 0, 0, 'c'}
	var out bytes.Buffer
	c := Compressed(writing{frames{Reader: bytes.NewReader(in)}, &out})
	for i, want := range []byte{1, 2, 1} {
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue // the command goes on
		}
		out.Reset()
		if _, err := c.Write([]byte("x")); err != nil || out.Bytes()[3] != want {
			t.Errorf("answer %d: frame %v, want number %d; %v", i, out.Bytes(), want, err)
		}
	}
}

type writing struct {
	frames
	w io.Writer
}

func (w writing) Write(b []byte) (int, error) { return w.w.Write(b) }
