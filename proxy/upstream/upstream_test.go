package upstream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, file: t.TempDir() + "/ca.pem"}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes a certificate for hosts, or one of a common name alone.
func (a *authority) issue(t *testing.T, hosts ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Now().Add(time.Hour),
		DNSNames: hosts}
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// fake is a server that greets, with or without TLS, and after the client's answer says OK.
func fake(t *testing.T, cfg *tls.Config) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go greetClient(nc, cfg)
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

func greetClient(nc net.Conn, cfg *tls.Config) {
	defer nc.Close()
	c := wire.NewConn(nc)
	g := wire.Handshake{Version: "fake", ConnectionID: 5, Scramble: make([]byte, 20),
		Capabilities: wire.Protocol41 | wire.PluginAuth | wire.SecureConnection, Plugin: "mysql_native_password"}
	if cfg != nil {
		g.Capabilities |= wire.SSL
	}
	if c.WritePacket(g.Append(nil)) != nil || c.Flush() != nil {
		return
	}
	p, err := c.ReadPacket()
	if err != nil {
		return
	}
	if _, err := wire.DecodeSSLRequest(p); err == nil {
		s := tls.Server(&greeted{Conn: nc, greeting: c.TakeBuffered()}, cfg)
		if s.Handshake() != nil || c.Upgrade(s) != nil {
			return
		}
		if _, err := c.ReadPacket(); err != nil {
			return
		}
	}
	if c.WritePacket((&wire.OK{}).Append(nil, 0)) == nil {
		_ = c.Flush() // the test reads or does not
	}
	c.ReadPacket()
}

// connect goes as far as a session does.
func connect(t *testing.T, cfg Config) (secure bool, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	d, err := NewDialer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want, err := s.WantsTLS()
	if err != nil {
		return false, err
	}
	if want {
		if err := s.StartTLS(ctx, wire.SSLRequest{Capabilities: wire.Protocol41}); err != nil {
			return false, err
		}
	}
	if err := s.Conn.WritePacket((&wire.HandshakeResponse{Capabilities: wire.Protocol41, User: "u"}).Append(nil)); err != nil {
		t.Fatal(err)
	}
	if err := s.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Conn.ReadPacket()
	return s.Secure(), err
}

func TestModes(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	named := fake(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "localhost")}})
	nameless := fake(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t)}})
	old := fake(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "localhost")}, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	none := fake(t, nil)
	for _, c := range []struct {
		port       string
		tls        TLS
		secure, ok bool
	}{
		{named, TLS{Mode: Disabled}, false, true},
		{named, TLS{}, true, true},
		{named, TLS{Mode: Preferred}, true, true},
		{named, TLS{Mode: Required}, true, true},
		{named, TLS{Mode: VerifyCA, CA: ca.file}, true, true},
		{named, TLS{Mode: VerifyCA, CA: other.file}, false, false},
		{named, TLS{Mode: VerifyCA}, false, false},
		{named, TLS{Mode: VerifyIdentity, CA: ca.file}, true, true},
		{named, TLS{Mode: VerifyIdentity, CA: other.file}, false, false},
		{nameless, TLS{Mode: VerifyCA, CA: ca.file}, true, true},
		{nameless, TLS{Mode: VerifyIdentity, CA: ca.file}, false, false},
		{old, TLS{Mode: Required}, false, false},
		{none, TLS{Mode: Disabled}, false, true},
		{none, TLS{Mode: Preferred}, false, true},
		{none, TLS{Mode: Required}, false, false},
		{none, TLS{Mode: VerifyCA, CA: ca.file}, false, false},
		{none, TLS{Mode: VerifyIdentity, CA: ca.file}, false, false},
	} {
		secure, err := connect(t, Config{Address: "localhost:" + c.port, TLS: c.tls})
		if secure != c.secure || (err == nil) != c.ok {
			t.Errorf("%s %+v: secure %t, %v", c.port, c.tls, secure, err)
		}
		if c.port == none && !c.ok && !errors.Is(err, ErrNoTLS) {
			t.Error(err)
		}
	}
}

func TestClientCertificate(t *testing.T) {
	ca := newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	port := fake(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t)}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert})
	pair := ca.issue(t)
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := t.TempDir()+"/cert.pem", t.TempDir()+"/key.pem"
	for file, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := connect(t, Config{Address: "localhost:" + port, TLS: TLS{Mode: VerifyCA, CA: ca.file, Cert: cert, Key: key}}); err != nil {
		t.Error(err)
	}
	if _, err := connect(t, Config{Address: "localhost:" + port, TLS: TLS{Mode: VerifyCA, CA: ca.file}}); err == nil {
		t.Error("connected without a certificate")
	}
}

func TestBadConfig(t *testing.T) {
	bad := t.TempDir() + "/bad.pem"
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{
		{Address: "localhost"},
		{Address: "localhost:1", TLS: TLS{Mode: "sometimes"}},
		{Address: "localhost:1", TLS: TLS{CA: bad + "x"}},
		{Address: "localhost:1", TLS: TLS{CA: bad}},
		{Address: "localhost:1", TLS: TLS{Cert: bad, Key: bad}},
		{Address: "/run/s.sock", TLS: TLS{Mode: VerifyIdentity}},
	} {
		if _, err := NewDialer(c); err == nil {
			t.Errorf("accepted %+v", c)
		}
	}
}

func TestDialFaults(t *testing.T) {
	for name, say := range map[string][]byte{
		"error":   append([]byte{13, 0, 0, 0}, wire.NewError(1040, "full").Append(nil)...),
		"garbage": append([]byte{3, 0, 0, 0}, "abc"...),
		"nothing": nil,
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c, err := l.Accept(); err == nil {
				c.Write(say)
				if say != nil {
					c.Close()
				}
			}
			l.Close()
		}()
		d, err := NewDialer(Config{Address: l.Addr().String(), Timeout: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Dial(context.Background())
		var e *wire.Error
		if errors.As(err, &e) != (name == "error") || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAdmin(t *testing.T) {
	for _, address := range []string{os.Getenv("TDEPROXY_TEST_MARIADB"), os.Getenv("TDEPROXY_TEST_MYSQL")} {
		if address == "" {
			if os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "" {
				t.Fatal("no scratch server: set TDEPROXY_TEST_MARIADB and TDEPROXY_TEST_MYSQL")
			}
			continue
		}
		d, err := NewDialer(Config{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		a := NewAdmin(d, "root", "")
		defer a.Close()
		ctx := context.Background()
		for range 3 {
			r, err := a.Query(ctx, "SELECT ? + 1, CONNECTION_ID()", 41)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := r.GetInt(0, 0); err != nil || n != 42 {
				t.Error(n, err)
			}
			r.Close()
		}
		_, err = a.Exec(ctx, "SELECT nothing")
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != 1054 || e.State != "42S22" {
			t.Errorf("%v", err)
		}
		if err := a.Kill(ctx, 1<<31-1); err != nil {
			t.Error(err)
		}
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		began := time.Now()
		if _, err := a.Query(short, "SELECT SLEEP(30)"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 20*time.Second {
			t.Error(err, time.Since(began))
		}
		cancel()
		c, err := a.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Kill(ctx, c.GetConnectionID()); err != nil || c.Ping() == nil {
			t.Error("not killed:", err)
		}
		c.Close()
	}
}
