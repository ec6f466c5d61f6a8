package session

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// certificate makes a self-signed one of a subject.
func certificate(t *testing.T, subject pkix.Name) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: subject, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func utf8String(oid asn1.ObjectIdentifier, value string) pkix.AttributeTypeAndValue {
	return pkix.AttributeTypeAndValue{Type: oid, Value: value}
}

// TestOneLine compares with OpenSSL, whose function the servers call.
func TestOneLine(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("openssl is needed to compare with: ", err)
	}
	for _, subject := range []pkix.Name{
		{CommonName: "client"},
		{Country: []string{"SE"}, Province: []string{"Stockholm"}, Locality: []string{"Stockholm"}, Organization: []string{"A", "B"},
			OrganizationalUnit: []string{"x/y=z+w"}, StreetAddress: []string{"1 Road"}, PostalCode: []string{"12"}, SerialNumber: "7", CommonName: "a.b c"},
		{CommonName: "Zoë Łuk\\xas\u0001\t\"'"},
		{ExtraNames: []pkix.AttributeTypeAndValue{
			utf8String(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, "a@b.c"), utf8String(asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, "org"),
			utf8String(asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, "u"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 4}, "sn"),
			utf8String(asn1.ObjectIdentifier{2, 5, 4, 42}, "gn"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 12}, "title"),
			utf8String(asn1.ObjectIdentifier{2, 5, 4, 46}, "q"), utf8String(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, "own"),
			utf8String(asn1.ObjectIdentifier{2, 5, 4, 43}, "i"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 65}, "p"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 13}, "d"),
			utf8String(asn1.ObjectIdentifier{2, 5, 4, 15}, "b"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 97}, "oid"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 44}, "gq"),
			utf8String(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3}, "jc"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 41}, "n"),
			utf8String(asn1.ObjectIdentifier{2, 5, 4, 72}, "r"), utf8String(asn1.ObjectIdentifier{2, 5, 4, 20}, "t"),
		}},
	} {
		cert := certificate(t, subject)
		cmd := exec.Command(openssl, "x509", "-noout", "-subject", "-nameopt", "compat")
		cmd.Stdin = strings.NewReader(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimPrefix(strings.TrimSuffix(string(out), "\n"), "subject=")
		if got, err := oneLine(cert.RawSubject); err != nil || got != want {
			t.Errorf("got  %q, %v\nwant %q", got, err, want)
		}
	}
	if _, err := oneLine([]byte("no name")); err == nil {
		t.Error("read what is no name")
	}
}

func TestRequirementMet(t *testing.T) {
	cert := certificate(t, pkix.Name{Country: []string{"SE"}, CommonName: "client"})
	const name = "/C=SE/CN=client"
	state := func(suite uint16, peer, verified bool) *tls.ConnectionState {
		s := &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: suite}
		if peer {
			s.PeerCertificates = []*x509.Certificate{cert}
		}
		if verified {
			s.VerifiedChains = [][]*x509.Certificate{{cert}}
		}
		return s
	}
	plain, unverified, verified := state(tls.TLS_AES_128_GCM_SHA256, false, false), state(tls.TLS_AES_128_GCM_SHA256, true, false), state(tls.TLS_AES_128_GCM_SHA256, true, true)
	all := []*tls.ConnectionState{nil, plain, unverified, verified}
	for _, c := range []struct {
		require requirement
		met     [4]bool
	}{
		{requirement{}, [4]bool{true, true, true, true}},
		{requirement{kind: "ANY"}, [4]bool{false, true, true, true}},
		{requirement{kind: "X509"}, [4]bool{false, false, false, true}},
		{requirement{kind: "SPECIFIED", cipher: "TLS_AES_128_GCM_SHA256"}, [4]bool{false, true, true, true}},
		{requirement{kind: "SPECIFIED", cipher: "ECDHE-RSA-AES128-GCM-SHA256"}, [4]bool{}},
		{requirement{kind: "SPECIFIED", subject: name}, [4]bool{3: true}},
		{requirement{kind: "SPECIFIED", issuer: name, subject: name, cipher: "TLS_AES_128_GCM_SHA256"}, [4]bool{3: true}},
		{requirement{kind: "SPECIFIED", subject: strings.ToLower(name)}, [4]bool{}},
		{requirement{kind: "SPECIFIED", issuer: "/CN=other", subject: name}, [4]bool{}},
		{requirement{kind: "of a later server"}, [4]bool{}},
	} {
		for i, s := range all {
			if got := c.require.met(s, true); got != c.met[i] {
				t.Errorf("%+v for state %d: %t", c.require, i, got)
			}
		}
	}
}

// MySQL wants a certificate beside a CIPHER, MariaDB does not.
func TestRequirementCipher(t *testing.T) {
	r := requirement{kind: "SPECIFIED", cipher: "TLS_AES_128_GCM_SHA256"}
	s := &tls.ConnectionState{CipherSuite: tls.TLS_AES_128_GCM_SHA256}
	if !r.met(s, true) || r.met(s, false) {
		t.Error(r.met(s, true), r.met(s, false))
	}
}

func TestRequirementOf(t *testing.T) {
	for text, want := range map[string]requirement{
		"CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$' REQUIRE NONE PASSWORD EXPIRE DEFAULT": {},
		"CREATE USER `REQUIRE SSL`@`%`": {},
		"CREATE USER `a`@`%` IDENTIFIED WITH 'x' AS 'it\\'s '' REQUIRE SSL' REQUIRE X509 ACCOUNT UNLOCK": {kind: "X509"},
		"CREATE USER `r``q`@`%` REQUIRE SSL": {kind: "ANY"},
		"CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*2' REQUIRE ISSUER '/O=x' SUBJECT '/CN=it''s' CIPHER 'c'": {kind: "SPECIFIED", issuer: "/O=x", subject: "/CN=it's", cipher: "c"},
		"CREATE USER `a`@`%` REQUIRE SUBJECT '/CN=\\\\x' AND ISSUER 'i' PASSWORD EXPIRE":                       {kind: "SPECIFIED", issuer: "i", subject: `/CN=\x`},
		"CREATE USER `a`@`%` REQUIRE SUBJECT '/CN=b' WITH MAX_QUERIES_PER_HOUR 5":                              {kind: "SPECIFIED", subject: "/CN=b"},
	} {
		if got := requirementOf(text, true); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	if got := requirementOf(`CREATE USER u@h AS 'x\' REQUIRE SSL`, false); got.kind != "ANY" {
		t.Error("without escapes:", got)
	}
}

func TestGrants(t *testing.T) {
	for row, want := range map[string]bool{
		"GRANT CONNECTION_ADMIN ON *.* TO `a`@`%`":                                  true,
		"GRANT BACKUP_ADMIN,CONNECTION_ADMIN,X ON *.* TO `a`@`%` WITH GRANT OPTION": true,
		"GRANT CONNECTION_ADMIN_X ON *.* TO `a`@`%`":                                false,
		"GRANT SUPER ON *.* TO `CONNECTION_ADMIN`@`%`":                              false,
		"GRANT `CONNECTION_ADMIN`@`%` TO `a`@`%`":                                   false,
		"REVOKE CONNECTION_ADMIN ON *.* FROM `a`@`%`":                               false,
		"GRANT SELECT ON `CONNECTION_ADMIN ON *.* TO `.* TO `a`@`%`":                false,
	} {
		if got := grants(row, "CONNECTION_ADMIN"); got != want {
			t.Errorf("%s: %t", row, got)
		}
	}
}

// TestAdmit logs in at a scripted upstream and counts what it is asked.
func TestAdmit(t *testing.T) {
	ssl := requirement{kind: "ANY"}
	list := []account{{"a", "%", ssl}, {"a", "h", requirement{}}, {"long", "%", ssl}}
	who := func(account, proxy string) []string {
		return []string{hex.EncodeToString([]byte(account)), hex.EncodeToString([]byte(proxy)), "a@client.host"}
	}
	for _, c := range []struct {
		name, user string
		broken     bool
		answers    [][]string // a row for each question
		denied     string
	}{
		{name: "no account of the name demands anything", user: "b"},
		{name: "the account demands", user: "a", answers: [][]string{who("a@%", "")}, denied: "Access denied for user 'a'@'client.host' (using password: YES)"},
		{name: "another of the name", user: "a", answers: [][]string{who("a@h", "")}},
		{name: "a proxy user's", user: "a", answers: [][]string{who("x@y", "'a'@'%'")}, denied: "Access denied for user 'a'@'client.host' (using password: YES)"},
		{name: "a name that a server may cut", user: strings.Repeat("x", 40), answers: [][]string{who("long@%", "")}, denied: "Access denied for user 'a'@'client.host' (using password: YES)"},
		{name: "a quoted name", user: "'b'", answers: [][]string{who("b@%", "")}},
		{name: "the list cannot be read", user: "b", broken: true, answers: [][]string{who("b@%", ""), {"CREATE USER `b`@`%` REQUIRE NONE"}}},
		{name: "nor can it, and it demands", user: "b", broken: true, answers: [][]string{who("b@%", ""), {"CREATE USER `b`@`%` REQUIRE X509"}}, denied: "Access denied for user 'a'@'client.host' (using password: YES)"},
		{name: "nor can a proxy user's", user: "b", broken: true, answers: [][]string{who("b@%", "'p'@'%'"), {"CREATE USER `b`@`%` REQUIRE NONE"}}, denied: "Access denied for user 'a'@'client.host' (using password: YES)"},
		{name: "garbage", user: "a", answers: [][]string{{"not hex", "", ""}}, denied: "Access denied for user 'a'@'' (using password: YES)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			questions := make(chan int, 1)
			address := scripted(t, c.answers, questions)
			accounts := &Accounts{list: list, broken: c.broken, read: time.Now().Add(time.Hour), log: slog.New(slog.DiscardHandler)}
			got := loginAt(t, address, c.user, accounts)
			if got != c.denied {
				t.Errorf("denied %q, want %q", got, c.denied)
			}
			if n := <-questions; n != len(c.answers) {
				t.Errorf("%d questions, want %d", n, len(c.answers))
			}
		})
	}
}

// scripted is an upstream that logs one client in and answers its queries in order; it tells how many came before COM_QUIT or the end.
func scripted(t *testing.T, answers [][]string, questions chan<- int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	const caps = wire.Protocol41 | wire.PluginAuth | wire.SecureConnection | wire.DeprecateEOF
	go func() {
		n := 0
		defer func() { questions <- n }()
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		c := wire.NewConn(nc)
		say := func(packets ...[]byte) {
			for _, p := range packets {
				if c.WritePacket(p) != nil {
					return
				}
			}
			_ = c.Flush() // the client will see
		}
		g := wire.Handshake{Version: "8.0.0-fake", ConnectionID: 9, Scramble: make([]byte, 20), Capabilities: caps, Plugin: "mysql_native_password"}
		say(g.Append(nil))
		if _, err := c.ReadPacket(); err != nil {
			return
		}
		say((&wire.OK{}).Append(nil, caps))
		for {
			c.ResetSequence()
			p, err := c.ReadPacket()
			if err != nil || wire.Command(p[0]) != wire.ComQuery || n == len(answers) {
				return
			}
			row := answers[n]
			n++
			out := [][]byte{{byte(len(row))}}
			var values []byte
			for _, v := range row {
				out = append(out, (&wire.Column{Name: []byte("c")}).Append(nil, caps))
				values = wire.AppendText(values, []byte(v))
			}
			say(append(out, values, wire.AppendEnd(nil, wire.OK{}, caps))...)
		}
	}()
	return l.Addr().String()
}

// loginAt logs in through a session before address and returns the message of the denial, if it was one.
func loginAt(t *testing.T, address, user string, accounts *Accounts) string {
	t.Helper()
	d, err := upstream.NewDialer(upstream.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	defer near.Close()
	h := NewHandler(Config{Dialer: d, Accounts: accounts})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer far.Close()
		h.Handle(context.Background(), proxy.NewLink(far))
	}()
	c := wire.NewConn(near)
	near.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.ReadPacket(); err != nil {
		t.Fatal(err)
	}
	hello := wire.HandshakeResponse{Capabilities: wire.Protocol41 | wire.PluginAuth | wire.SecureConnection | wire.DeprecateEOF, User: user,
		Auth: []byte("12345678901234567890"), Plugin: "mysql_native_password"}
	if err := c.WritePacket(hello.Append(nil)); err != nil || c.Flush() != nil {
		t.Fatal(err)
	}
	packet, err := c.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	message := ""
	if wire.IsError(packet) {
		e, err := wire.DecodeError(packet)
		if err != nil || e.Code != 1045 || e.State != "28000" {
			t.Errorf("%v %v", e, err)
		}
		message = e.Message
	}
	near.Close()
	<-ended
	return message
}

func TestUnusual(t *testing.T) {
	for user, want := range map[string]bool{"": false, "app": false, strings.Repeat("x", 31): false, strings.Repeat("x", 32): true, "'app'": true, "Zoë": true} {
		if unusual(user) != want {
			t.Errorf("%q", user)
		}
	}
}

// TestCipherNames: all suites that the proxy can choose have the name that OpenSSL gives them.
func TestCipherNames(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is needed to compare with: ", err)
	}
	out, err := exec.Command("openssl", "ciphers", "-stdname", "ALL:@SECLEVEL=0").Output()
	if err != nil {
		t.Fatal(err)
	}
	standard := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if f := strings.Fields(line); len(f) > 2 {
			standard[f[0]] = f[2]
		}
	}
	for id, name := range opensslNames {
		std := strings.TrimSuffix(tls.CipherSuiteName(id), "_SHA256")
		if want, ok := standard[tls.CipherSuiteName(id)]; ok && want != name || !ok && standard[std+"_SHA256"] != name {
			t.Errorf("%s is %s", tls.CipherSuiteName(id), name)
		}
	}
	if list := cipherList(); strings.Count(list, ":") != len(opensslNames)-1 || !strings.HasPrefix(list, "TLS_AES_128_GCM_SHA256:") {
		t.Error(list)
	}
}
