package wire

import (
	"bytes"
	"testing"
)

// fuzzCodec gives one kind of packet arbitrary bytes: decoding must not panic, and must agree with encoding.
func fuzzCodec(f *testing.F, kind string) {
	for _, caps := range allCaps {
		for _, p := range seeds(kind, caps) {
			f.Add(p, uint64(caps))
		}
	}
	f.Fuzz(func(t *testing.T, packet []byte, caps uint64) { identity(t, codecs[kind], packet, Capability(caps)) })
}

func FuzzHandshake(f *testing.F)         { fuzzCodec(f, "Handshake") }
func FuzzSSLRequest(f *testing.F)        { fuzzCodec(f, "SSLRequest") }
func FuzzHandshakeResponse(f *testing.F) { fuzzCodec(f, "HandshakeResponse") }
func FuzzAuthSwitch(f *testing.F)        { fuzzCodec(f, "AuthSwitch") }
func FuzzAuthMore(f *testing.F)          { fuzzCodec(f, "AuthMore") }
func FuzzOK(f *testing.F)                { fuzzCodec(f, "OK") }
func FuzzError(f *testing.F)             { fuzzCodec(f, "Error") }
func FuzzEOF(f *testing.F)               { fuzzCodec(f, "EOF") }
func FuzzColumn(f *testing.F)            { fuzzCodec(f, "Column") }
func FuzzPrepareOK(f *testing.F)         { fuzzCodec(f, "PrepareOK") }
func FuzzChangeUser(f *testing.F)        { fuzzCodec(f, "ChangeUser") }
func FuzzQuery(f *testing.F)             { fuzzCodec(f, "Query") }
func FuzzExecute(f *testing.F)           { fuzzCodec(f, "Execute") }
func FuzzBulk(f *testing.F)              { fuzzCodec(f, "Bulk") }
func FuzzTextRow(f *testing.F)           { fuzzCodec(f, "TextRow") }
func FuzzBinaryRow(f *testing.F)         { fuzzCodec(f, "BinaryRow") }

// FuzzPackets reads arbitrary bytes as packets, in pieces of some size.
func FuzzPackets(f *testing.F) {
	f.Add(stream(f, 0, []byte("one"), nil, bytes.Repeat([]byte("x"), 20000)), 7)
	f.Add([]byte{255, 255, 255, 0, 1}, 1)
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		var payloads [][]byte
		c := NewConn(&script{in: in, pieces: []int{piece}})
		c.SetLimit(1 << 20)
		for {
			p, err := c.ReadPacket()
			if err != nil {
				break
			}
			payloads = append(payloads, bytes.Clone(p))
		}
		if len(c.buf) > 4*max(len(in), baseBuffer) {
			t.Fatalf("a buffer of %d bytes for %d", len(c.buf), len(in))
		}
		if out := stream(t, 0, payloads...); !bytes.HasPrefix(in, out) {
			t.Fatalf("%q read, %q written", in, out)
		}
	})
}

// FuzzResponse relays arbitrary bytes as an answer: what is passed on must be what came, and the same however it came.
func FuzzResponse(f *testing.F) {
	for _, c := range answerCases() {
		if in := stream(f, 1, c.packets...); len(in) < 1<<20 {
			f.Add(in, uint8(c.answer), uint64(c.caps), 3)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, answer uint8, caps uint64, piece int) {
		type outcome struct {
			out            string
			status         uint16
			failed, broken bool
			left           int
		}
		relay := func(pieces []int) outcome {
			from, to := &script{in: bytes.Clone(in), pieces: pieces}, &script{}
			src := NewConn(from)
			var r Response
			r.Start(Answer(answer%uint8(AnswerAuth)), Capability(caps))
			err := r.Relay(src, NewConn(to))
			if len(src.buf) > relayBuffer {
				t.Fatal("buffer grew to", len(src.buf))
			}
			return outcome{to.out.String(), r.Status, r.Failed, err != nil, src.Buffered() + len(from.in)}
		}
		whole, split := relay(nil), relay([]int{piece})
		if whole != split {
			t.Fatalf("%+v at once, %+v in pieces", whole, split)
		}
		if !bytes.HasPrefix(in, []byte(whole.out)) || len(whole.out)+whole.left > len(in) {
			t.Fatalf("%q came, %q was passed on", in, whole.out)
		}
	})
}
