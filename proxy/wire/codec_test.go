package wire

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// allCaps are sets of capabilities under which packets look different.
var allCaps = []Capability{0, Protocol41 | SecureConnection | PluginAuth, ^mariadbMask, ^LongPassword}

// codec decodes a packet and encodes it again; ok is false where it is none.
type codec func(packet []byte, caps Capability) (encoded []byte, ok bool)

var codecs = map[string]codec{
	"Handshake": func(p []byte, _ Capability) ([]byte, bool) {
		h, err := DecodeHandshake(p)
		if err != nil {
			return nil, false
		}
		return h.Append(nil), true
	},
	"SSLRequest": func(p []byte, _ Capability) ([]byte, bool) {
		q, err := DecodeSSLRequest(p)
		if err != nil {
			return nil, false
		}
		return q.Append(nil), true
	},
	"HandshakeResponse": func(p []byte, _ Capability) ([]byte, bool) {
		h, err := DecodeHandshakeResponse(p)
		if err != nil {
			return nil, false
		}
		return h.Append(nil), true
	},
	"AuthSwitch": func(p []byte, _ Capability) ([]byte, bool) {
		a, err := DecodeAuthSwitch(p)
		if err != nil {
			return nil, false
		}
		return a.Append(nil), true
	},
	"AuthMore": func(p []byte, _ Capability) ([]byte, bool) {
		a, err := DecodeAuthMore(p)
		return a.Append(nil), err == nil
	},
	"OK": func(p []byte, caps Capability) ([]byte, bool) {
		ok, err := DecodeOK(p, caps)
		if err != nil {
			return nil, false
		}
		return ok.Append(nil, caps), true
	},
	"Error": func(p []byte, _ Capability) ([]byte, bool) {
		e, err := DecodeError(p)
		if err != nil {
			return nil, false
		}
		return e.Append(nil), true
	},
	"EOF": func(p []byte, caps Capability) ([]byte, bool) {
		if !IsEnd(p, caps) {
			return nil, false
		}
		e, err := DecodeEnd(p, caps)
		return AppendEnd(nil, e, caps), err == nil
	},
	"Column": func(p []byte, caps Capability) ([]byte, bool) {
		var c Column
		if c.Decode(p, caps) != nil {
			return nil, false
		}
		d := c.Clone()
		return d.Append(nil, caps), true
	},
	"PrepareOK": func(p []byte, _ Capability) ([]byte, bool) {
		ok, err := DecodePrepareOK(p)
		return ok.Append(nil), err == nil
	},
	"ChangeUser": func(p []byte, caps Capability) ([]byte, bool) {
		u, err := DecodeChangeUser(p, caps)
		if err != nil {
			return nil, false
		}
		return u.Append(nil, caps), true
	},
	"Query": func(p []byte, caps Capability) ([]byte, bool) {
		var q Query
		if q.Decode(p, caps) != nil {
			return nil, false
		}
		return q.Append(nil, caps), true
	},
	"Execute": func(p []byte, caps Capability) ([]byte, bool) {
		e := Execute{Params: make([]Param, 2)}
		if e.Decode(p, 2, caps) != nil {
			return nil, false
		}
		return e.Append(nil, caps), true
	},
	"Bulk": func(p []byte, _ Capability) ([]byte, bool) {
		b := Bulk{Types: make([]Param, 2)}
		if b.Decode(p, 2) != nil {
			return nil, false
		}
		out := b.Append(nil)
		for row, ok := b.Next(); ok; row, ok = b.Next() {
			out = b.AppendRow(out, row)
		}
		return out, b.Err() == nil
	},
	"TextRow": func(p []byte, _ Capability) (out []byte, ok bool) {
		row := NewTextRow(p)
		for v, ok := row.Next(); ok; v, ok = row.Next() {
			out = AppendText(out, v)
		}
		return out, row.Err() == nil
	},
	"BinaryRow": func(p []byte, _ Capability) ([]byte, bool) {
		types := []Type{TypeLong, TypeVarString, TypeDatetime, TypeDouble, TypeTiny, TypeNewDecimal, TypeNull, TypeTime}
		row := NewBinaryRow(p, len(types))
		out, nulls := BeginBinaryRow(nil, len(types))
		for i, t := range types {
			v, ok := row.Next(t)
			if !ok {
				return nil, false
			}
			if v == nil {
				SetNull(out, nulls, i)
				continue
			}
			out = AppendValue(out, t, v)
		}
		return out, true
	},
}

// params are bound values of some types.
func params() []Param {
	return []Param{
		{Name: []byte("a"), Type: TypeLong, Unsigned: true, Value: []byte{1, 2, 3, 4}},
		{Name: []byte("b"), Type: TypeVarString, Value: []byte("text")},
		{Type: TypeDatetime, Null: true},
		{Type: TypeDate, Value: []byte{0xe8, 7, 2, 29}},
		{Type: TypeDouble, Value: make([]byte, 8)},
		{Type: TypeNull, Null: true},
		{Type: TypeBlob, Value: bytes.Repeat([]byte("x"), 300)},
		{Type: TypeTime, Value: []byte{}},
	}
}

// seeds are packets of a kind, for capabilities.
func seeds(kind string, caps Capability) [][]byte {
	named := params()
	for i := range named {
		if !caps.Has(QueryAttributes) {
			named[i].Name = nil
		}
	}
	row, nulls := BeginBinaryRow(nil, 8)
	row = append(row, "\x01\x02\x03\x04\x03abc\x04\xe8\x07\x02\x1d\x00\x00\x00\x00\x00\x00\xf0\x3f\x09"...)
	SetNull(row, nulls, 5)
	SetNull(row, nulls, 7)
	executed := named
	if !caps.Has(QueryAttributes) {
		executed = named[:2]
	}
	bulk := Bulk{StatementID: 3, Flags: BulkTypes, Types: []Param{{Type: TypeLong, Unsigned: true}, {Type: TypeVarString}}}
	rows := bulk.AppendRow(bulk.Append(nil), []BulkValue{{Value: []byte{1, 2, 3, 4}}, {Value: []byte("text")}})
	rows = bulk.AppendRow(rows, []BulkValue{{Indicator: IndicatorNull}, {Indicator: IndicatorDefault}})
	return map[string][][]byte{
		"Bulk": {rows},
		"Handshake": {(&Handshake{Version: "10.11.6-MariaDB", ConnectionID: 77, Scramble: []byte("abcdefghijklmnopqrst"),
			Capabilities: caps | SecureConnection | PluginAuth, Charset: 45, Status: 2, Plugin: "mysql_native_password"}).Append(nil)},
		"SSLRequest": {(&SSLRequest{Capabilities: caps | SSL, MaxPacket: 1 << 24, Charset: 8}).Append(nil)},
		"HandshakeResponse": {(&HandshakeResponse{Capabilities: caps | Protocol41, MaxPacket: 1 << 24, Charset: 8, User: "root",
			Auth: []byte("0123456789"), Database: "db", Plugin: "caching_sha2_password", Attributes: []byte("\x03_os\x05linux")}).Append(nil)},
		"AuthSwitch": {(&AuthSwitch{Plugin: "client_ed25519", Data: []byte("scramble\x00")}).Append(nil), {0xfe}},
		"AuthMore":   {{1, 4}, AuthMore{Data: []byte("-----BEGIN PUBLIC KEY-----")}.Append(nil)},
		"OK": {(&OK{AffectedRows: 3, InsertID: 1 << 40, Status: StatusSessionStateChanged, Warnings: 1, Info: []byte("info"),
			SessionState: []byte("\x01\x03\x02db")}).Append(nil, caps), (&OK{EndOfRows: true}).Append(nil, caps)},
		"Error":     {NewError(1062, "Duplicate entry").Append(nil), (&Error{Code: 1040, Message: "Too many connections"}).Append(nil)},
		"EOF":       {AppendEnd(nil, OK{Status: 0x22, Warnings: 3}, caps)},
		"Column":    {(&Column{Schema: []byte("db"), Table: []byte("t"), OrgTable: []byte("tt"), Name: []byte("c"), OrgName: []byte("cc"), Extended: []byte("\x00\x04json"), Charset: 45, Length: 80, Type: TypeVarString, Flags: FlagNotNull, Decimals: 31}).Append(nil, caps), (&Column{Name: []byte("c"), List: true}).Append(nil, caps), (&Column{List: true, Default: []byte("5")}).Append(nil, caps)},
		"PrepareOK": {PrepareOK{StatementID: 9, Columns: 2, Params: 3, Warnings: 1}.Append(nil)},
		"ChangeUser": {(&ChangeUser{User: "root", Auth: []byte("0123456789"), Database: "db", Charset: 255, Plugin: "mysql_native_password",
			Attributes: []byte("\x03_os\x05linux")}).Append(nil, caps)},
		"Query":     {(&Query{SQL: []byte("SELECT 1")}).Append(nil, caps), (&Query{SQL: []byte("SELECT 2"), Attributes: named}).Append(nil, caps)},
		"Execute":   {(&Execute{StatementID: 1, Flags: CursorReadOnly, Iterations: 1, Bound: true, Params: named[:2]}).Append(nil, caps), (&Execute{Flags: ParameterCountAvailable, Bound: true, Params: executed}).Append(nil, caps), (&Execute{Params: []Param{{Null: true}, {Null: true}}}).Append(nil, caps)},
		"TextRow":   {AppendText(AppendText(AppendText(nil, []byte("one")), nil), bytes.Repeat([]byte("y"), 300)), {}},
		"BinaryRow": {row},
	}[kind]
}

// identity checks that decoding and encoding lose nothing: what comes of a packet stays as it is from then on.
func identity(t *testing.T, f codec, packet []byte, caps Capability) {
	once, ok := f(packet, caps)
	if !ok {
		return
	}
	twice, ok := f(once, caps)
	if !ok || !bytes.Equal(once, twice) {
		t.Fatalf("caps %x, packet %q:\n%q, then\n%q (%t)", uint64(caps), packet, once, twice, ok)
	}
}

func TestCodecs(t *testing.T) {
	for name, f := range codecs {
		for _, caps := range allCaps {
			list := seeds(name, caps)
			if len(list) == 0 {
				t.Fatal("no seed for", name)
			}
			for _, p := range list {
				if got, ok := f(p, caps); !ok || !bytes.Equal(got, p) && !(name == "AuthSwitch" && len(p) == 1) {
					t.Errorf("%s, caps %x: %q became %q (%t)", name, uint64(caps), p, got, ok)
				}
				for n := range p { // cut off, or with one byte that says something else
					identity(t, f, p[:n], caps)
					for _, b := range []byte{0, 0x7f, 0xfb, 0xfc, 0xfe, 0xff} {
						q := bytes.Clone(p)
						q[n] = b
						identity(t, f, q, caps)
					}
				}
			}
		}
	}
}

// TestExecuteTypes goes through executions that leave types and values out.
func TestExecuteTypes(t *testing.T) {
	first := Execute{StatementID: 1, Iterations: 1, Bound: true, Params: params()[:2]}
	packet := first.Append(nil, 0)
	var e Execute
	if err := e.Decode(packet, 2, 0); err != nil {
		t.Fatal(err)
	}
	second := Execute{StatementID: 1, Iterations: 1, Params: []Param{{Type: TypeLong, Value: []byte{9, 9, 9, 9}}, {Type: TypeVarString, Long: true}}}
	e.Params[1].Long = true
	packet = second.Append(nil, 0)
	if err := e.Decode(packet, 2, 0); err != nil {
		t.Fatal(err)
	}
	if !e.Params[0].Unsigned || !bytes.Equal(e.Params[0].Value, []byte{9, 9, 9, 9}) || e.Params[1].Value != nil || e.Bound {
		t.Errorf("%+v", e)
	}
	var fresh Execute
	if err := fresh.Decode(packet, 2, 0); err == nil {
		t.Error("decoded without types")
	}
	n := testing.AllocsPerRun(100, func() {
		if err := e.Decode(packet, 2, 0); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Error(n, "allocations")
	}
}

func TestLengthEncoded(t *testing.T) {
	for _, v := range []uint64{0, 250, 251, 0xffff, 0x10000, 0xffffff, 0x1000000, 1<<64 - 1} {
		b := AppendInt(nil, v)
		if got, n := Int(append(b, 0xaa)); got != v || n != len(b) {
			t.Error(v, got, n)
		}
		for i := range b {
			if _, n := Int(b[:i]); n != 0 {
				t.Error("read from half an integer:", v)
			}
		}
	}
	for _, b := range []string{"", "\x05abc", "\xfb", "\xff", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if s, n := String([]byte(b)); n != 0 {
			t.Errorf("%q from %q", s, b)
		}
	}
}

func TestColumnClone(t *testing.T) {
	p := (&Column{Name: []byte("name"), Schema: []byte("db")}).Append(nil, 0)
	var c Column
	if err := c.Decode(p, 0); err != nil {
		t.Fatal(err)
	}
	d := c.Clone()
	clear(p)
	if string(d.Name) != "name" || string(d.Schema) != "db" || reflect.DeepEqual(c, d) {
		t.Errorf("%q", d.Name)
	}
}

// TestWriteCorpora writes the seeds out as corpora: run it with TDEPROXY_WRITE_CORPORA=1 when a kind is new.
func TestWriteCorpora(t *testing.T) {
	if os.Getenv("TDEPROXY_WRITE_CORPORA") == "" {
		t.Skip("only on request")
	}
	write := func(fuzz, name, args string) {
		dir := "testdata/fuzz/Fuzz" + fuzz
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+name, []byte("go test fuzz v1\n"+args), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for kind := range codecs {
		for i, caps := range allCaps {
			for j, p := range seeds(kind, caps) {
				write(kind, fmt.Sprintf("seed-%d-%d", i, j), fmt.Sprintf("[]byte(%q)\nuint64(%d)\n", p, uint64(caps)))
			}
		}
	}
	for i, c := range answerCases() {
		if in := stream(t, 1, c.packets...); len(in) < 4096 {
			write("Response", fmt.Sprintf("seed-%d", i), fmt.Sprintf("[]byte(%q)\nbyte('\\x%02x')\nuint64(%d)\nint(3)\n", in, byte(c.answer), uint64(c.caps)))
		}
	}
	write("Packets", "seed-0", fmt.Sprintf("[]byte(%q)\nint(5)\n", stream(t, 0, []byte("one"), nil, []byte("three"))))
	write("Packets", "seed-1", fmt.Sprintf("[]byte(%q)\nint(1)\n", "\xff\xff\xff\x00\x01"))
}

// TestCorpora wants seeds on disk for every fuzz test.
func TestCorpora(t *testing.T) {
	src, err := os.ReadFile("fuzz_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(src), "\n") {
		name, ok := strings.CutPrefix(line, "func Fuzz")
		if !ok {
			continue
		}
		name = "Fuzz" + name[:strings.IndexByte(name, '(')]
		if files, _ := filepath.Glob("testdata/fuzz/" + name + "/*"); len(files) == 0 {
			t.Error("no corpus for", name)
		}
	}
}
