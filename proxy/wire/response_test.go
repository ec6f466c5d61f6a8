package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func okPacket(status uint16) []byte { return (&OK{AffectedRows: 300, Status: status}).Append(nil, 0) }

func endPacket(status uint16, caps Capability) []byte {
	return AppendEnd(nil, OK{Status: status, AffectedRows: 70000}, caps)
}

func columnPacket(name string) []byte { return (&Column{Name: []byte(name)}).Append(nil, 0) }

// resultSet is a result of rows of one column.
func resultSet(caps Capability, status uint16, rows ...string) (packets [][]byte) {
	packets = [][]byte{{1}, columnPacket("c")}
	if !caps.Has(DeprecateEOF) {
		packets = append(packets, endPacket(0, 0))
	}
	for _, r := range rows {
		packets = append(packets, AppendString(nil, r))
	}
	return append(packets, endPacket(status, caps))
}

func unended(packets [][]byte) [][]byte { return packets[:len(packets)-1] }

type answerCase struct {
	name    string
	answer  Answer
	caps    Capability
	packets [][]byte
	status  uint16
	failed  bool
}

func answerCases() []answerCase {
	big := strings.Repeat("b", maxPayload) // more than 16 MiB with its length: its row begins with 0xfe
	list := []answerCase{
		{"none", AnswerNone, 0, nil, 0, false},
		{"ok", AnswerSimple, 0, [][]byte{okPacket(2)}, 2, false},
		{"eof", AnswerSimple, 0, [][]byte{endPacket(2, 0)}, 2, false},
		{"eof deprecated", AnswerSimple, DeprecateEOF, [][]byte{endPacket(2, 0)}, 2, false},
		{"err", AnswerSimple, 0, [][]byte{NewError(1064, "no").Append(nil)}, 0, true},
		{"query ok", AnswerQuery, 0, [][]byte{okPacket(0x4003)}, 0x4003, false},
		{"query err", AnswerQuery, DeprecateEOF, [][]byte{NewError(1064, "no").Append(nil)}, 0, true},
		{"statistics", AnswerString, 0, [][]byte{[]byte("Uptime: 1")}, 0, false},
		{"statistics, empty", AnswerString, 0, [][]byte{{}}, 0, false},
		{"progress", AnswerQuery, MariaDBProgress, [][]byte{[]byte("\xff\xff\xff\x01\x01\x02\x00\x00\x00\x05alter"), okPacket(2)}, 2, false},
		{"error 65535", AnswerQuery, 0, [][]byte{[]byte("\xff\xff\xff#HY000odd")}, 0, true},
		{"cursor", AnswerQuery, 0, [][]byte{{1}, columnPacket("c"), endPacket(StatusCursorExists, 0)}, StatusCursorExists, false},
		{"cursor, deprecated", AnswerQuery, DeprecateEOF, [][]byte{{1}, columnPacket("c"), endPacket(StatusCursorExists, DeprecateEOF)}, StatusCursorExists, false},
		{"cursor in a procedure", AnswerQuery, 0, [][]byte{{1}, columnPacket("c"), endPacket(StatusCursorExists|StatusMoreResults, 0), {1, '2'},
			endPacket(StatusCursorExists|StatusMoreResults, 0), okPacket(2)}, 2, false},
		{"out parameters", AnswerQuery, 0, [][]byte{{1}, columnPacket("c"), endPacket(StatusPSOutParams|StatusMoreResults, 0), {0, 0, 5}, endPacket(2, 0), okPacket(3)}, 3, false},
		{"error after columns", AnswerQuery, 0, [][]byte{{1}, NewError(1, "x").Append(nil)}, 0, true},
		{"prepare, nothing", AnswerPrepare, 0, [][]byte{PrepareOK{StatementID: 1}.Append(nil)}, 0, false},
		{"prepare err", AnswerPrepare, 0, [][]byte{NewError(1064, "no").Append(nil)}, 0, true},
	}
	for _, caps := range []Capability{0, DeprecateEOF} {
		n := fmt.Sprintf("%x ", uint64(caps))
		eof := func(p ...[]byte) [][]byte {
			if caps == 0 {
				return append(p, endPacket(2, 0))
			}
			return p
		}
		a, b := columnPacket("a"), columnPacket("b")
		list = append(list,
			answerCase{n + "rows", AnswerQuery, caps, resultSet(caps, 2, "x", "", strings.Repeat("y", 70000), "z"), 2, false},
			answerCase{n + "no rows", AnswerQuery, caps, resultSet(caps, 2), 2, false},
			answerCase{n + "big row", AnswerQuery, caps, resultSet(caps, 2, big, "x"), 2, false},
			answerCase{n + "row of 16 MiB-1", AnswerQuery, caps, resultSet(caps, 2, big[4:], "x"), 2, false},
			answerCase{n + "several", AnswerQuery, caps, append(append(resultSet(caps, 10, "x"), okPacket(8)), resultSet(caps, 3, "y")...), 3, false},
			answerCase{n + "several, error", AnswerQuery, caps, append(resultSet(caps, 10, "x"), NewError(1, "x").Append(nil)), 10, true},
			answerCase{n + "error in rows", AnswerQuery, caps, append(unended(resultSet(caps, 2, "x")), NewError(1317, "killed").Append(nil)), 0, true},
			answerCase{n + "fetch", AnswerFetch, caps, [][]byte{{0, 0, 1}, {0, 0, 2}, endPacket(StatusLastRowSent, caps)}, StatusLastRowSent, false},
			answerCase{n + "fields", AnswerFields, caps, [][]byte{a, b, endPacket(2, caps)}, 2, false},
			answerCase{n + "prepare params", AnswerPrepare, caps, append([][]byte{PrepareOK{Params: 2}.Append(nil)}, eof(a, b)...), uint16(2 * (1 - caps>>24)), false},
			answerCase{n + "prepare columns", AnswerPrepare, caps, append([][]byte{PrepareOK{Columns: 2}.Append(nil)}, eof(a, b)...), uint16(2 * (1 - caps>>24)), false},
			answerCase{n + "prepare both", AnswerPrepare, caps, append(append([][]byte{PrepareOK{Params: 1, Columns: 1}.Append(nil)}, eof(a)...), eof(b)...), uint16(2 * (1 - caps>>24)), false},
		)
	}
	return list
}

func TestRelay(t *testing.T) {
	for _, c := range answerCases() {
		want := stream(t, 1, c.packets...)
		after := stream(t, 0, []byte("next")) // must stay where it is
		for _, pieces := range [][]int{nil, {1}, {2, 3, 7}, {5000, 1, 1}} {
			if len(want) > 1<<20 && len(pieces) > 0 && pieces[0] < 100 {
				continue
			}
			from, to := &script{in: append(append([]byte(nil), want...), after...), pieces: pieces}, &script{}
			src, dst := NewConn(from), NewConn(to)
			var r Response
			r.Start(c.answer, c.caps)
			if err := r.Relay(src, dst); err != nil {
				t.Fatalf("%s %v: %v", c.name, pieces, err)
			}
			if !bytes.Equal(to.out.Bytes(), want) {
				t.Fatalf("%s %v: passed %d bytes of %d", c.name, pieces, to.out.Len(), len(want))
			}
			if r.Status != c.status || r.Failed != c.failed {
				t.Errorf("%s: status %x, failed %t", c.name, r.Status, r.Failed)
			}
			if len(c.packets) > 0 && to.writes > max(from.reads, 1) {
				t.Errorf("%s: %d writes for %d reads", c.name, to.writes, from.reads)
			}
			if p, err := src.ReadPacket(); err != nil || string(p) != "next" {
				t.Errorf("%s: then %q, %v", c.name, p, err)
			}
		}
	}
}

// TestRelayPatched gives three answers as one.
func TestRelayPatched(t *testing.T) {
	for _, caps := range []Capability{0, DeprecateEOF} {
		parts := [][][]byte{resultSet(caps, 2, "x"), append(resultSet(caps, 10, "y"), okPacket(3)), resultSet(caps, 2, "z")}
		marked := [][][]byte{resultSet(caps, 10, "x"), append(resultSet(caps, 10, "y"), okPacket(11)), resultSet(caps, 2, "z")}
		var want [][]byte
		for _, m := range marked {
			want = append(want, m...)
		}
		for _, pieces := range [][]int{nil, {1}, {3, 5}} {
			to := &script{}
			dst := NewConn(to)
			dst.SetSequence(1)
			for i, p := range parts {
				src := NewConn(&script{in: stream(t, 1, p...), pieces: pieces})
				var r Response
				r.Start(AnswerQuery, caps)
				flags := StatusMoreResults
				if i == len(parts)-1 {
					flags = 0
				}
				r.Patch(dst.Sequence()-1, flags)
				if err := r.Relay(src, dst); err != nil {
					t.Fatal(err)
				}
				if r.Status&StatusMoreResults != 0 {
					t.Error("the session's own status was patched")
				}
			}
			if !bytes.Equal(to.out.Bytes(), stream(t, 1, want...)) {
				t.Errorf("%q\n%q", to.out.Bytes(), stream(t, 1, want...))
			}
		}
	}
}

// TestRelayFile sends a file of several packets, one of them longer than a physical packet.
func TestRelayFile(t *testing.T) {
	for _, delta := range []uint8{0, 5} {
		file := [][]byte{bytes.Repeat([]byte("l"), 100000), bytes.Repeat([]byte("m"), maxPayload), []byte("end"), {}}
		client := &script{in: stream(t, 2+delta, file...), pieces: []int{30000}}
		up := &script{in: append(stream(t, 1, []byte("\xfbfile.txt")), stream(t, 7, okPacket(2))...)}
		src, dst := NewConn(up), NewConn(client)
		var r Response
		r.Start(AnswerQuery, 0)
		r.Patch(delta, 0)
		if err := r.Relay(src, dst); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(up.out.Bytes(), stream(t, 2, file...)) {
			t.Error("file differs")
		}
		want := append(stream(t, 1+delta, []byte("\xfbfile.txt")), stream(t, 7+delta, okPacket(2))...)
		if !bytes.Equal(client.out.Bytes(), want) {
			t.Errorf("%q", client.out.Bytes())
		}
	}
}

func TestRelayBroken(t *testing.T) {
	whole := stream(t, 1, resultSet(0, 2, "first", "second")...)
	for cut := range whole {
		up, client := &script{in: whole[:cut]}, &script{}
		src, dst := NewConn(up), NewConn(client)
		var r Response
		r.Start(AnswerQuery, 0)
		err := r.Relay(src, dst)
		var broken *BrokenError
		if !errors.As(err, &broken) || broken.Conn != src || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(cut, err)
		}
		if !bytes.HasPrefix(whole, client.out.Bytes()) || r.Begun != (client.out.Len() > 0) {
			t.Fatal(cut, client.out.Bytes())
		}
		if !r.AtPacket() {
			continue
		}
		c := NewConn(&script{in: client.out.Bytes()}) // what the client has must be whole packets
		c.SetSequence(1)
		for {
			if _, err := c.ReadPacket(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(cut, err)
			}
		}
		if r.Begun && c.Sequence() != dst.Sequence() {
			t.Error(cut, c.Sequence(), dst.Sequence())
		}
	}
	for name, payload := range map[string]string{"empty packet": "", "column count cut off": "\xfc\x01", "ok cut off": "\x00\xfc"} {
		src := NewConn(&script{in: stream(t, 1, []byte(payload))})
		var r Response
		r.Start(AnswerQuery, 0)
		if err := r.Relay(src, NewConn(&script{})); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRelayAllocations(t *testing.T) {
	answer := stream(t, 1, resultSet(DeprecateEOF, 2, "x", "y")...)
	from, to := &script{}, &script{}
	to.out.Grow(1 << 20)
	src, dst := NewConn(from), NewConn(to)
	var r Response
	n := testing.AllocsPerRun(1000, func() {
		from.in = answer
		to.out.Reset()
		r.Start(AnswerQuery, DeprecateEOF)
		if err := r.Relay(src, dst); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations an answer", n)
	}
}
