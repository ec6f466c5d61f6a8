package kmipkms_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/kmipkms"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, address string) *kmipkms.KMS {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	kms, err := kmipkms.New(context.Background(), u)
	must(t, err)
	return kms
}

// lab is a PyKMIP with the keys cmk and other, and a client to administer it.
type lab struct {
	*harness.PyKMIP
	admin *kmipclient.Client
}

const usage = kmip.CryptographicUsageEncrypt | kmip.CryptographicUsageDecrypt

func start(t testing.TB, old bool) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	p, err := harness.StartPyKMIP(old)
	if errors.Is(err, harness.ErrNoServer) {
		kmstest.Need(t, err)
	}
	must(t, err)
	t.Cleanup(p.Remove)
	config, err := p.Config()
	must(t, err)
	if old {
		config.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256}
	}
	admin, err := kmipclient.Dial(p.Host, kmipclient.WithTlsConfig(config))
	must(t, err)
	t.Cleanup(func() { _ = admin.Close() })
	l := &lab{p, admin}
	l.create(t, "cmk", usage, true)
	l.create(t, "other", usage, true)
	return l
}

// create makes a 256-bit AES key and gives its identifier.
func (l *lab) create(t testing.TB, name string, mask kmip.CryptographicUsageMask, active bool) string {
	t.Helper()
	made, err := l.admin.Create().AES(256, mask).WithName(name).Exec()
	must(t, err)
	if active {
		_, err = l.admin.Activate(made.UniqueIdentifier).Exec()
		must(t, err)
	}
	return made.UniqueIdentifier
}

func (l *lab) subject() kmstest.Subject {
	return kmstest.Subject{
		Name:   "kmip://" + l.Host + "/",
		Open:   func(t testing.TB) keyring.KMS { return open(t, l.URL("cmk", l.Client)) },
		Other:  func(t testing.TB) keyring.KMS { return open(t, l.URL("other", l.Client)) },
		Rotate: func(t testing.TB) { l.create(t, "cmk", usage, true) },
	}
}

func TestContract(t *testing.T) {
	l := start(t, false)
	kmstest.Real{Subject: l.subject(), Stop: func(testing.TB) { l.Stop() }, Stopped: keyring.ErrUnavailable}.Run(t)
}

// A server whose cipher suites are those of KMIP 1.4 alone is reached with ciphers=cbc.
func TestOldCiphers(t *testing.T) {
	l := start(t, true)
	key, aad := kmstest.NewKey()
	kms := open(t, l.URL("cmk", l.Client)+"&ciphers=cbc")
	kmstest.MustUnwrap(t, kms, kmstest.MustWrap(t, kms, key, aad), aad, key)
	_, err := l.subject().Open(t).Wrap(kmstest.Bounded(t), key, aad)
	l.subject().Check(t, "without cbc", err, keyring.ErrDenied, key)
	if err != nil && !strings.Contains(err.Error(), "ciphers") {
		t.Errorf("%v does not name the remedy", err)
	}
}

// What goes wrong with the key in a real server has its class.
func TestKeyStates(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	key, aad := kmstest.NewKey()

	t.Run("absent", func(t *testing.T) {
		_, err := open(t, l.URL("absent", l.Client)).Wrap(kmstest.Bounded(t), key, aad)
		s.Check(t, "absent", err, keyring.ErrKeyState, key)
	})
	t.Run("not active yet", func(t *testing.T) {
		l.create(t, "preactive", usage, false)
		_, err := open(t, l.URL("preactive", l.Client)).Wrap(kmstest.Bounded(t), key, aad)
		s.Check(t, "preactive", err, keyring.ErrKeyState, key)
	})
	t.Run("another use", func(t *testing.T) {
		l.create(t, "signs", kmip.CryptographicUsageMACGenerate, true)
		_, err := open(t, l.URL("signs", l.Client)).Wrap(kmstest.Bounded(t), key, aad)
		s.Check(t, "another use", err, keyring.ErrKeyState, key)
	})
	t.Run("revoked, and destroyed", func(t *testing.T) {
		id := l.create(t, "brief", usage, true)
		kms := open(t, l.URL("brief", l.Client))
		wrapped := kmstest.MustWrap(t, kms, key, aad)
		_, err := l.admin.Revoke(id).WithRevocationReasonCode(kmip.RevocationReasonCodeCessationOfOperation).Exec()
		must(t, err)
		s.Both(t, "revoked", kms, wrapped, keyring.ErrKeyState)
		_, err = l.admin.Destroy(id).Exec()
		must(t, err)
		s.Both(t, "destroyed", kms, wrapped, keyring.ErrKeyState)
	})
}

// The name is bound: an identifier in a wrapped key that leads elsewhere opens nothing.
func TestIdentifierIsNotTrusted(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	key, aad := kmstest.NewKey()
	mine, others := kmstest.MustWrap(t, s.Open(t), key, aad), kmstest.MustWrap(t, s.Other(t), key, aad)
	if len(mine) != len(others) || mine[2] == others[2] {
		t.Fatalf("%x and %x", mine, others)
	}
	mine[2] = others[2]
	_, err := s.Open(t).Unwrap(kmstest.Bounded(t), mine, aad)
	s.Check(t, "redirected", err, keyring.ErrWrongKey, key)
}

func TestCredentials(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	key, aad := kmstest.NewKey()
	wrapped := kmstest.MustWrap(t, s.Open(t), key, aad)

	stranger, err := harness.NewCertDir(t.TempDir())
	must(t, err)
	strange, err := stranger.Client("tdeproxy")
	must(t, err)
	strange.CA = l.Client.CA
	s.Both(t, "certificate of another CA", open(t, l.URL("cmk", strange)), wrapped, keyring.ErrDenied)

	other, err := l.CA.Client("someone-else")
	must(t, err)
	_, err = open(t, l.URL("cmk", other)).Unwrap(kmstest.Bounded(t), wrapped, aad)
	s.Check(t, "another client", err, keyring.ErrDenied, key)
	_, err = open(t, l.URL("cmk", other)).Wrap(kmstest.Bounded(t), key, aad) // it does not even find the name
	s.Check(t, "another client", err, keyring.ErrKeyState, key)

	mistrusted := l.Client
	mistrusted.CA = strings.TrimSuffix(strange.Cert, "tdeproxy.pem") + "ca.pem"
	s.Both(t, "CA of another server", open(t, l.URL("cmk", mistrusted)), wrapped, keyring.ErrAnswer)
	s.Both(t, "another name", open(t, l.URL("cmk", l.Client)+"&server-name=kms.example.com"), wrapped, keyring.ErrAnswer)
}

// tlsServer answers as handle does, with a certificate that clients trust.
func tlsServer(t testing.TB, handle func(net.Conn)) (host string, client harness.Certs) {
	t.Helper()
	ca, err := harness.NewCertDir(t.TempDir())
	must(t, err)
	key, err := harness.NewServerKey(false)
	must(t, err)
	server, err := ca.Server(key)
	must(t, err)
	client, err = ca.Client("tdeproxy")
	must(t, err)
	pair, err := tls.LoadX509KeyPair(server.Cert, server.Key)
	must(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return kmstest.Listen(t, func(c net.Conn) {
		secure := tls.Server(c, config)
		defer secure.Close()
		handle(secure)
	}), client
}

// Servers that are no KMIP server, or none any more.
func TestBrokenServers(t *testing.T) {
	wrapped := append([]byte{1, 1, '1'}, make([]byte, 44)...)
	for name, c := range map[string]struct {
		handle func(net.Conn)
		want   error
	}{
		"closes":          {kmstest.Close, keyring.ErrUnavailable},
		"cut":             {kmstest.SayOnce("\x42\x00\x7b\x01\x00\x00\x00\xa0\x42\x00"), keyring.ErrUnavailable},
		"HTTP":            {kmstest.Say("HTTP/1.1 400 Bad Request\r\n\r\n"), keyring.ErrAnswer},
		"wrong tag":       {kmstest.Say("\x42\x00\x01\x01\x00\x00\x00\x00"), keyring.ErrAnswer},
		"empty":           {kmstest.Say("\x42\x00\x7b\x01\x00\x00\x00\x00"), keyring.ErrAnswer},
		"too long":        {kmstest.Say("\x42\x00\x7b\x01\x7f\xff\xff\xff"), keyring.ErrAnswer},
		"length too long": {kmstest.Say("\x42\x00\x7b\x01\x00\x00\x00\x08\x42\x00\x7a\x01\x00\x00\x10\x00"), keyring.ErrAnswer},
		"zeros":           {kmstest.Say(strings.Repeat("\x00", 64)), keyring.ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			host, client := tlsServer(t, c.handle)
			p := &harness.PyKMIP{Host: host}
			kmstest.Subject{Name: "kmip://" + host + "/cmk"}.Both(t, name, open(t, p.URL("cmk", client)), wrapped, c.want)
		})
	}
	host, client := tlsServer(t, kmstest.Mute)
	s := kmstest.Subject{Name: "kmip://" + host + "/cmk"}
	hanging := open(t, (&harness.PyKMIP{Host: host}).URL("cmk", client))
	s.Hanging(t, hanging, wrapped)
	mute := kmstest.Listen(t, kmstest.Mute) // not even TLS
	kmstest.Subject{Name: mute}.Hanging(t, open(t, (&harness.PyKMIP{Host: mute}).URL("cmk", client)), wrapped)
	clear := kmstest.Listen(t, kmstest.Say("SSH-2.0-x\r\n"))
	kmstest.Subject{Name: clear}.Both(t, "no TLS", open(t, (&harness.PyKMIP{Host: clear}).URL("cmk", client)), wrapped, keyring.ErrAnswer)
}

func TestURLs(t *testing.T) {
	certs, err := harness.WriteCerts(t.TempDir())
	must(t, err)
	good := "?ca=" + certs.CA + "&cert=" + certs.Cert + "&key=" + certs.Key
	none := t.TempDir() + "/none.pem"
	must(t, os.WriteFile(none, []byte("nothing"), 0o600))
	for text, want := range map[string]string{
		"kmip://h/name" + good: "",
		"kmip://h:5696/a/name" + good + "&server-name=x&ciphers=cbc": "",
		"kmip://h:5696/" + good:                                 "kmip://HOST",
		"kmip:///name" + good:                                   "kmip://HOST",
		"kmip:name":                                             "kmip://HOST",
		"kmip://h/name":                                         "client certificate",
		"kmip://h/name?ca=" + certs.CA:                          "client certificate",
		"kmip://h/name" + good + "&ciphers=all":                 "ciphers",
		"kmip://h/name" + good + "&tls=off":                     "tls",
		"kmip://h/name?cert=/none&key=/none":                    "/none",
		"kmip://h/name?cert=" + certs.Cert + "&key=" + certs.CA: "cert and key",
		"kmip://h/name?ca=" + none + "&cert=x&key=x":            "ca: no certificate",
		"kmip://h/name?ca=/absent.pem&cert=x&key=x":             "/absent.pem",
		"kmip://u:canary@h/name" + good:                         "client certificate",
	} {
		u, err := url.Parse(text)
		must(t, err)
		_, err = kmipkms.New(context.Background(), u)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
