package sslcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// handshake runs one TLS handshake against the store and returns both sides' errors and the client's view.
func handshake(t *testing.T, s *Store, client *tls.Config) (tls.ConnectionState, error, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	b, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	deadline := time.Now().Add(10 * time.Second)
	a.SetDeadline(deadline)
	b.SetDeadline(deadline)
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(a, s.Config())
		err := conn.Handshake()
		if err == nil {
			_, err = conn.Write([]byte("x")) // behind TLS 1.3's tickets
		}
		a.Close()
		done <- err
	}()
	conn := tls.Client(b, client)
	err = conn.Handshake()
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	state := conn.ConnectionState()
	b.Close()
	return state, err, <-done
}

// trusting returns a client's config that verifies the folder's CA and the name localhost.
func trusting(t *testing.T, dir string) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	data, err := os.ReadFile(filepath.Join(dir, CAFile))
	if err != nil || !pool.AppendCertsFromPEM(data) {
		t.Fatalf("CA: %v", err)
	}
	return &tls.Config{RootCAs: pool, ServerName: "localhost"}
}

func open(t *testing.T, dir string, opts Options) *Store {
	t.Helper()
	if _, err := Create(dir, opts); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFirstStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var", "certs")
	s := open(t, dir, Options{Names: []string{"db.example.com", "192.0.2.7"}})
	for name, mode := range map[string]os.FileMode{
		CAFile: 0o644, CAKeyFile: 0o600, ServerCertFile: 0o644, ServerKeyFile: 0o600, ClientCertFile: 0o644, ClientKeyFile: 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v, want mode %o", name, info, err, mode)
		}
	}
	leaf := s.Snapshot().Certificate.Leaf
	host, _ := os.Hostname()
	for _, name := range []string{"localhost", "127.0.0.1", "::1", host, "db.example.com", "192.0.2.7"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if life := time.Until(leaf.NotAfter); life < 364*24*time.Hour || life > 366*24*time.Hour {
		t.Errorf("valid for %v, want a year", life)
	}
	if life := time.Until(s.Snapshot().CA[0].NotAfter); life < 3640*24*time.Hour {
		t.Errorf("CA valid for %v, want ten years", life)
	}
	for version, name := range map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"} {
		client := trusting(t, dir)
		client.MaxVersion = version
		if state, err, _ := handshake(t, s, client); err != nil || state.Version != version {
			t.Errorf("TLS %s: %v", name, err)
		}
	}
	old := trusting(t, dir)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if _, err, _ := handshake(t, s, old); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A second start changes no file, whatever the folder held before the first.
func TestNothingIsWrittenOver(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, Options{})
	before := contents(t, dir)
	if before["README"] != "mine" || len(before) != 7 {
		t.Fatalf("the folder holds %d files", len(before))
	}
	open(t, dir, Options{})
	if made, err := Create(dir, Options{}); made || err != nil {
		t.Errorf("Create: %v %v", made, err)
	}
	for name, data := range contents(t, dir) {
		if before[name] != data {
			t.Errorf("%s changed", name)
		}
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func TestIncompleteFolder(t *testing.T) {
	for _, gone := range []string{CAFile, ServerCertFile, ServerKeyFile} {
		dir := t.TempDir()
		open(t, dir, Options{})
		os.Remove(filepath.Join(dir, gone))
		before := contents(t, dir)
		_, err := Open(dir, Options{})
		if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), gone) || !strings.Contains(err.Error(), "restore") {
			t.Errorf("without %s: %v", gone, err)
		}
		if len(contents(t, dir)) != len(before) {
			t.Errorf("without %s: files were made", gone)
		}
	}
	dir := t.TempDir()
	open(t, dir, Options{})
	for _, name := range []string{CAKeyFile, ClientCertFile, ClientKeyFile} {
		os.Remove(filepath.Join(dir, name))
	}
	open(t, dir, Options{}) // the CA's key may be elsewhere
}

func TestOpenMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrNotExist) {
		t.Errorf("Open: %v", err)
	}
	if exists, err := Exists(dir); exists || err != nil {
		t.Errorf("Exists: %v %v", exists, err)
	}
	open(t, dir, Options{})
	if exists, err := Exists(dir); !exists || err != nil {
		t.Errorf("Exists: %v %v", exists, err)
	}
}

func TestReadableKey(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{})
	for mode, ok := range map[os.FileMode]bool{0o644: false, 0o604: false, 0o660: false, 0o600: true, 0o400: true} {
		if err := os.Chmod(filepath.Join(dir, ServerKeyFile), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Options{}); (err == nil) != ok || (!ok && !errors.Is(err, ErrReadable)) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

// authority issues certificates of all sorts for the tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	ca, err := newSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &authority{t, ca.cert, ca.key.(*ecdsa.PrivateKey)}
}

// leaf issues a certificate for localhost after change has had its way with it.
func (a *authority) leaf(usage x509.ExtKeyUsage, change func(*x509.Certificate)) (cert, key []byte) {
	a.t.Helper()
	tmpl := template("leaf", time.Now(), leafLife)
	tmpl.DNSNames = []string{"localhost"}
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	if change != nil {
		change(tmpl)
	}
	cert, key, err := (&signer{a.cert, a.key}).issue(tmpl)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// weakRSA issues a certificate for an RSA key of 1024 bits.
func (a *authority) weakRSA() (cert, key []byte) {
	a.t.Helper()
	a.t.Setenv("GODEBUG", "rsa1024min=0")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		a.t.Fatal(err)
	}
	tmpl := template("weak", time.Now(), leafLife)
	tmpl.DNSNames = []string{"localhost"}
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, small.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(small)
	if err != nil {
		a.t.Fatal(err)
	}
	return certPEM(der), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

func (a *authority) crl(next time.Time, revoked ...*big.Int) []byte {
	a.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: next}
	for _, serial := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: serial, RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

func put(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, name)
		os.Remove(path)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A reload of anything that a client would not accept is refused with the reason, and the old certificate stays.
func TestReloadKeepsTheOld(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Names: []string{"localhost"}})
	before := s.Snapshot()
	a, other := newAuthority(t), newAuthority(t)
	ca, otherCA := certPEM(a.cert.Raw), certPEM(other.cert.Raw)
	server := x509.ExtKeyUsageServerAuth
	set := func(ca, cert, key []byte) map[string][]byte {
		return map[string][]byte{CAFile: ca, ServerCertFile: cert, ServerKeyFile: key}
	}
	good, goodKey := a.leaf(server, nil)
	_, foreignKey := a.leaf(server, nil)
	expired, expiredKey := a.leaf(server, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	future, futureKey := a.leaf(server, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })
	named, namedKey := a.leaf(server, func(c *x509.Certificate) { c.DNSNames = []string{"elsewhere"} })
	client, clientKey := a.leaf(x509.ExtKeyUsageClientAuth, nil)
	weak, weakKey := a.weakRSA()
	for name, test := range map[string]struct {
		files map[string][]byte
		want  error
	}{
		"foreign key":     {set(ca, good, foreignKey), ErrMismatch},
		"foreign CA":      {set(otherCA, good, goodKey), ErrUntrusted},
		"expired":         {set(ca, expired, expiredKey), ErrExpired},
		"not yet valid":   {set(ca, future, futureKey), ErrExpired},
		"another name":    {set(ca, named, namedKey), ErrName},
		"a client's":      {set(ca, client, clientKey), ErrUntrusted},
		"RSA 1024":        {set(ca, weak, weakKey), ErrWeak},
		"truncated key":   {set(ca, good, goodKey[:20]), ErrMismatch},
		"empty CA":        {set(nil, good, goodKey), nil},
		"garbage in cert": {set(ca, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), goodKey), nil},
	} {
		put(t, dir, test.files)
		err := s.Reload()
		if err == nil || (test.want != nil && !errors.Is(err, test.want)) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		} else if strings.Contains(err.Error(), "PRIVATE") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q", name, err)
		}
		if s.Snapshot() != before {
			t.Errorf("%s was taken", name)
		}
	}
	put(t, dir, set(ca, good, goodKey))
	if err := s.Reload(); err != nil || s.Snapshot().Generation != 2 {
		t.Errorf("a good one: %v, generation %d", err, s.Snapshot().Generation)
	}
}

// After a reload a client that resumes gets the new certificate, also where the config comes from GetConfigForClient.
func TestNoResumptionAcrossReloads(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		dir := t.TempDir()
		s := open(t, dir, Options{})
		client := trusting(t, dir)
		client.MaxVersion = version
		client.ClientSessionCache = tls.NewLRUClientSessionCache(4)
		var resumed []bool
		for i := range 4 {
			if i == 2 {
				if err := s.Reload(); err != nil {
					t.Fatal(err)
				}
			}
			state, err, _ := handshake(t, s, client)
			if err != nil {
				t.Fatal(err)
			}
			resumed = append(resumed, state.DidResume)
		}
		if resumed[0] || !resumed[1] || resumed[2] || !resumed[3] {
			t.Errorf("TLS %x: resumed %v, want no across the reload and yes otherwise", version, resumed)
		}
	}
}

func TestTicketKeysRotateDaily(t *testing.T) {
	now := time.Now()
	var keys tickets
	config := &tls.Config{}
	for day := range 10 {
		keys.rotate(config, now.Add(time.Duration(day)*ticketKeyAge))
		keys.rotate(config, now.Add(time.Duration(day)*ticketKeyAge+time.Hour))
		if want := min(day+1, ticketKeys); len(keys.keys) != want {
			t.Errorf("day %d: %d keys, want %d", day, len(keys.keys), want)
		}
	}
}

func TestClientCertificates(t *testing.T) {
	dir := t.TempDir()
	a, other := newAuthority(t), newAuthority(t)
	put(t, dir, map[string][]byte{"clients.pem": certPEM(a.cert.Raw)})
	certs := filepath.Join(dir, "certs")
	revoked := big.NewInt(0)
	pair := func(a *authority, change func(*x509.Certificate)) tls.Certificate {
		cert, err := tls.X509KeyPair(a.leaf(x509.ExtKeyUsageClientAuth, change))
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	good, foreign := pair(a, nil), pair(other, nil)
	bad := pair(a, func(c *x509.Certificate) { revoked = c.SerialNumber })
	put(t, dir, map[string][]byte{"crl.pem": a.crl(time.Now().Add(time.Hour), revoked)})
	opts := Options{ClientCA: filepath.Join(dir, "clients.pem"), CRL: filepath.Join(dir, "crl.pem")}
	check := func(s *Store, what string, cert *tls.Certificate, want bool) {
		t.Helper()
		client := trusting(t, certs)
		if cert != nil {
			client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
		}
		if _, _, err := handshake(t, s, client); (err == nil) != want {
			t.Errorf("%s: %v", what, err)
		}
	}
	s := open(t, certs, opts)
	check(s, "no certificate where one is optional", nil, true)
	check(s, "a good one", &good, true)
	check(s, "one of another CA", &foreign, false)
	check(s, "a revoked one", &bad, false)
	opts.RequireClientCert = true
	s = open(t, certs, opts)
	check(s, "no certificate where one is required", nil, false)
	check(s, "a good one where one is required", &good, true)
}

// A revocation reaches clients that resume a session from before it.
func TestRevocationOnResumption(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t)
	next := time.Now().Add(time.Hour)
	put(t, dir, map[string][]byte{"clients.pem": certPEM(a.cert.Raw), "crl.pem": a.crl(next)})
	now := time.Now()
	s := open(t, filepath.Join(dir, "certs"), Options{
		ClientCA: filepath.Join(dir, "clients.pem"), CRL: filepath.Join(dir, "crl.pem"), Now: func() time.Time { return now },
	})
	cert, err := tls.X509KeyPair(a.leaf(x509.ExtKeyUsageClientAuth, nil))
	if err != nil {
		t.Fatal(err)
	}
	client := trusting(t, filepath.Join(dir, "certs"))
	client.Certificates = []tls.Certificate{cert}
	client.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	if _, _, err := handshake(t, s, client); err != nil {
		t.Fatal(err)
	}
	if state, _, err := handshake(t, s, client); err != nil || !state.DidResume {
		t.Fatalf("second handshake: %v, resumed %v", err, state.DidResume)
	}
	now = next.Add(time.Minute) // the list is out of date: nobody is let in on it
	if _, _, err := handshake(t, s, client); !errors.Is(err, ErrCRL) {
		t.Errorf("with a list out of date: %v", err)
	}
	if err := s.Reload(); !errors.Is(err, ErrCRL) {
		t.Errorf("reload of a list out of date: %v", err)
	}
	other := newAuthority(t)
	put(t, dir, map[string][]byte{"crl.pem": other.crl(next.Add(time.Hour))})
	if err := s.Reload(); !errors.Is(err, ErrCRL) {
		t.Errorf("reload of another CA's list: %v", err)
	}
}

// Certificates are replaced while clients come and go: each handshake gets a whole old or a whole new one.
func TestRotationUnderHandshakes(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	ca := contents(t, dir)[CAFile]
	a := newAuthority(t)
	both := []byte(ca + string(certPEM(a.cert.Raw)))
	put(t, dir, map[string][]byte{CAFile: both})
	client := trusting(t, dir)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			config := client.Clone()
			config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err, server := handshake(t, s, config); err != nil || server != nil {
					t.Errorf("handshake: %v / %v", err, server)
					return
				}
			}
		})
	}
	for range 50 {
		cert, key := a.leaf(x509.ExtKeyUsageServerAuth, nil)
		put(t, dir, map[string][]byte{ServerCertFile: cert}) // for a moment it does not match the key
		if err := s.Reload(); !errors.Is(err, ErrMismatch) {
			t.Errorf("reload in between: %v", err)
		}
		put(t, dir, map[string][]byte{ServerKeyFile: key})
		if err := s.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	clients.Wait()
	if got := s.Snapshot().Generation; got != 51 {
		t.Errorf("generation %d, want 51", got)
	}
}

// While a CA is replaced ca.pem holds two. What the one is worth that is not in use, does not matter.
func TestBundle(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	ca, otherCA := certPEM(a.cert.Raw), certPEM(other.cert.Raw)
	for name, test := range map[string]struct {
		bundle [][]byte
		want   error
	}{
		"old and new":            {[][]byte{otherCA, ca}, nil},
		"new and old":            {[][]byte{ca, otherCA}, nil},
		"an expired one beside":  {[][]byte{other.expired(), ca}, nil},
		"only the other":         {[][]byte{otherCA}, ErrUntrusted},
		"the one in use expired": {[][]byte{otherCA, a.expired()}, ErrExpired},
		"the same twice":         {[][]byte{ca, ca}, nil},
		"its own from before":    {[][]byte{a.expired(), ca}, nil},
	} {
		dir := t.TempDir()
		put(t, dir, a.good())
		put(t, dir, map[string][]byte{CAFile: bytes.Join(test.bundle, nil)})
		s, err := Open(dir, Options{ClientCA: filepath.Join(dir, CAFile)})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err != nil {
			continue
		}
		if !s.Snapshot().Issuer.Equal(a.cert) {
			t.Errorf("%s: issued by %s", name, s.Snapshot().Issuer.Subject)
		}
		if _, err, server := handshake(t, s, trusting(t, dir)); err != nil || server != nil {
			t.Errorf("%s: handshake %v, %v", name, err, server)
		}
	}
}
