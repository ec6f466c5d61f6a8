package sslcert

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// watched is a store with a Watch over it.
type watched struct {
	*Store
	t   *testing.T
	log *safeBuffer
}

// safeBuffer collects a log.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Tests of what events find must not be saved by a poll; tests of faults need not wait for them long.
const (
	noPoll  = time.Hour
	shortly = 100 * time.Millisecond
)

func watch(t *testing.T, s *Store, patience, poll time.Duration) *watched {
	t.Helper()
	w := &watched{Store: s, t: t, log: &safeBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Watch(ctx, s, WatchOptions{Log: slog.New(slog.NewTextHandler(w.log, nil)), Patience: patience, Poll: poll})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	time.Sleep(50 * time.Millisecond) // until it watches; if it does not yet, its first look finds what follows
	return w
}

// takes waits until another generation than before is served; how long that takes is for the log to say.
func (w *watched) takes(before uint64, what string) {
	w.t.Helper()
	start := time.Now()
	for time.Since(start) < 10*time.Second {
		if w.Snapshot().Generation != before {
			w.t.Logf("%s: taken after %v", what, time.Since(start))
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("%s: not taken; %s", what, w.log)
}

// fails waits until a fault is counted.
func (w *watched) fails(before uint64, what string) error {
	w.t.Helper()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		if status := w.Status(); status.Failed != before {
			return status.Err
		}
	}
	w.t.Fatalf("%s: not reported; %s", what, w.log)
	return nil
}

// serverSet are the three needed files.
func serverSet(ca, cert, key []byte) map[string][]byte {
	return map[string][]byte{CAFile: ca, ServerCertFile: cert, ServerKeyFile: key}
}

// good issues a set that can be served.
func (a *authority) good() map[string][]byte {
	cert, key := a.leaf(x509.ExtKeyUsageServerAuth, nil)
	return serverSet(certPEM(a.cert.Raw), cert, key)
}

// New files are taken however they come into place.
func TestWatchTakes(t *testing.T) {
	a := newAuthority(t)
	inPlace := func(dir string) {
		for name, data := range a.good() {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	renamed := func(dir string) {
		for name, data := range a.good() {
			temporary := filepath.Join(dir, "."+name+".tmp")
			if err := errors.Join(os.WriteFile(temporary, data, 0o600), os.Rename(temporary, filepath.Join(dir, name))); err != nil {
				t.Fatal(err)
			}
		}
	}
	slow := func(dir string) { // by hand, in pieces
		for name, data := range a.good() {
			f, err := os.Create(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for len(data) > 0 {
				n := min(len(data), 200)
				if _, err := f.Write(data[:n]); err != nil {
					t.Fatal(err)
				}
				data = data[n:]
				time.Sleep(20 * time.Millisecond)
			}
			f.Close()
		}
	}
	folder := func(dir string) {
		put(t, mkdir(t, dir+".new"), a.good())
		if err := errors.Join(os.Rename(dir, dir+".old"), os.Rename(dir+".new", dir), os.RemoveAll(dir+".old")); err != nil {
			t.Fatal(err)
		}
	}
	for name, replace := range map[string]func(dir string){"in place": inPlace, "renamed": renamed, "slowly": slow, "the folder": folder} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "certs")
			w := watch(t, open(t, dir, Options{}), watchPatience, noPoll)
			for range 3 {
				before := w.Snapshot().Generation
				replace(dir)
				w.takes(before, name)
				if status := w.Status(); status.Failed != 0 || status.Err != nil {
					t.Errorf("a fault was counted: %+v", status)
				}
			}
		})
	}
}

func mkdir(t *testing.T, path string) string {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Kubernetes mounts a secret as links through ..data, which it swaps.
func TestWatchKubernetes(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t)
	swap := func(n int) {
		version := fmt.Sprintf("..version-%d", n)
		put(t, mkdir(t, filepath.Join(dir, version)), a.good())
		link := filepath.Join(dir, "..data_tmp")
		if err := errors.Join(os.Symlink(version, link), os.Rename(link, filepath.Join(dir, "..data"))); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			os.RemoveAll(filepath.Join(dir, fmt.Sprintf("..version-%d", n-1)))
		}
	}
	swap(0)
	for _, name := range []string{CAFile, ServerCertFile, ServerKeyFile} {
		if err := os.Symlink("..data/"+name, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, s, watchPatience, noPoll)
	for n := 1; n < 5; n++ {
		before := w.Snapshot().Generation
		swap(n)
		w.takes(before, "swap")
	}
	if status := w.Status(); status.Reloaded != 4 || status.Failed != 0 {
		t.Errorf("status %+v, want 4 reloads and no fault", status)
	}
}

// A link in the middle of a chain of links is in a folder that nothing is told of; the poll finds it.
func TestWatchPolls(t *testing.T) {
	dir, a := t.TempDir(), newAuthority(t)
	for _, folder := range []string{"1", "2", "middle", "certs"} {
		mkdir(t, filepath.Join(dir, folder))
	}
	put(t, filepath.Join(dir, "1"), a.good())
	put(t, filepath.Join(dir, "2"), a.good())
	link := func(to, name string) {
		os.Remove(filepath.Join(dir, name))
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("../1", "middle/current")
	for _, name := range []string{CAFile, ServerCertFile, ServerKeyFile} {
		link("../middle/current/"+name, "certs/"+name)
	}
	s, err := Open(filepath.Join(dir, "certs"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, s, watchPatience, 200*time.Millisecond)
	link("../2", "middle/current")
	w.takes(1, "the other folder")
}

// Files are touched, and written anew with what they hold, without a new generation.
func TestWatchUnchanged(t *testing.T) {
	dir := t.TempDir()
	w := watch(t, open(t, dir, Options{}), watchPatience, 50*time.Millisecond)
	for range 3 {
		files := map[string][]byte{}
		for name, data := range contents(t, dir) {
			files[name] = []byte(data)
		}
		put(t, dir, files)
		put(t, dir, map[string][]byte{"another file": []byte("x")})
		time.Sleep(2*watchQuiet + 50*time.Millisecond)
	}
	if status := w.Status(); status.Reloaded != 0 || status.Failed != 0 || w.Snapshot().Generation != 1 {
		t.Errorf("generation %d, %+v", w.Snapshot().Generation, status)
	}
	if err := w.Reload(); err != nil || w.Snapshot().Generation != 2 {
		t.Errorf("on demand: %v, generation %d", err, w.Snapshot().Generation)
	}
	if status := w.Status(); status.Reloaded != 1 || status.At.IsZero() {
		t.Errorf("on demand: %+v", status)
	}
}

// A new certificate with the old key is a set that somebody is half-way through replacing: no fault is reported while
// patience lasts, and the key completes it.
func TestWatchWaitsForTheRest(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	a := newAuthority(t)
	w := watch(t, s, watchPatience, noPoll)
	for _, order := range [][]string{{ServerCertFile, ServerKeyFile, CAFile}, {CAFile, ServerKeyFile, ServerCertFile}} {
		before := w.Snapshot().Generation
		set := a.good()
		for i, name := range order {
			if i > 0 {
				time.Sleep(3 * watchRetry)
				if w.Snapshot().Generation != before {
					t.Fatalf("%s without %s was taken", order[:i], name)
				}
			}
			put(t, dir, map[string][]byte{name: set[name]})
		}
		w.takes(before, "the last file")
	}
	if status := w.Status(); status.Failed != 0 || strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("half-way was reported: %+v %s", status, w.log)
	}
}

// badSet is one way in which files can be wrong, and the error that says so; nil is the file system's or the parser's.
type badSet struct {
	want  error
	spoil func(dir string) error
}

// badSets is every way in which files can be wrong that a has issued.
func badSets(t *testing.T, a *authority) map[string]badSet {
	other := newAuthority(t)
	ca := certPEM(a.cert.Raw)
	server := x509.ExtKeyUsageServerAuth
	cert, key := a.leaf(server, nil)
	write := func(files map[string][]byte) func(string) error {
		return func(dir string) error { put(t, dir, files); return nil }
	}
	set := func(ca, cert, key []byte) func(string) error { return write(serverSet(ca, cert, key)) }
	one := func(name string, data []byte) func(string) error { return write(map[string][]byte{name: data}) }
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.RemoveAll(filepath.Join(dir, name)) }
	}
	issue := func(change func(*x509.Certificate)) func(string) error {
		cert, key := a.leaf(server, change)
		return set(ca, cert, key)
	}
	_, foreignKey := a.leaf(server, nil)
	weakCert, weakKey := a.weakRSA()
	client, clientKey := a.leaf(x509.ExtKeyUsageClientAuth, nil)
	curveCert, curveKey := a.onCurve(elliptic.P224())
	sha1Cert, sha1Key := a.signed(x509.ECDSAWithSHA1)
	garbage := []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Minute)
	return map[string]badSet{
		"expired":             {ErrExpired, issue(func(c *x509.Certificate) { c.NotAfter = past })},
		"not yet valid":       {ErrExpired, issue(func(c *x509.Certificate) { c.NotBefore = soon })},
		"wrong name":          {ErrName, issue(func(c *x509.Certificate) { c.DNSNames = []string{"elsewhere"} })},
		"wrong key":           {ErrMismatch, set(ca, cert, foreignKey)},
		"broken chain":        {ErrUntrusted, set(certPEM(other.cert.Raw), cert, key)},
		"a client's":          {ErrUntrusted, set(ca, client, clientKey)},
		"weak RSA":            {ErrWeak, set(ca, weakCert, weakKey)},
		"weak curve":          {ErrWeak, set(ca, curveCert, curveKey)},
		"SHA-1":               {ErrWeak, set(ca, sha1Cert, sha1Key)},
		"half a certificate":  {nil, set(ca, cert[:len(cert)/2], key)},
		"half a key":          {ErrMismatch, set(ca, cert, key[:len(key)/2])},
		"half a CA":           {nil, set(ca[:len(ca)/2], cert, key)},
		"empty certificate":   {nil, set(ca, nil, key)},
		"empty key":           {ErrMismatch, set(ca, cert, nil)},
		"empty CA":            {nil, set(nil, cert, key)},
		"garbage certificate": {nil, set(ca, garbage, key)},
		"garbage CA":          {nil, set(garbage, cert, key)},
		"garbage key":         {ErrMismatch, set(ca, cert, bytes.ReplaceAll(garbage, []byte("CERTIFICATE"), []byte("PRIVATE KEY")))},
		"key as certificate":  {nil, set(ca, key, cert)},
		"expired CA":          {ErrExpired, set(a.expired(), cert, key)},
		"key readable by all": {ErrReadable, func(dir string) error { return os.Chmod(filepath.Join(dir, ServerKeyFile), 0o644) }},
		"no certificate":      {fs.ErrNotExist, remove(ServerCertFile)},
		"no key":              {fs.ErrNotExist, remove(ServerKeyFile)},
		"no CA":               {fs.ErrNotExist, remove(CAFile)},
		"no folder":           {fs.ErrNotExist, remove("")},
		"a folder as key": {ErrReadable, func(dir string) error {
			return errors.Join(remove(ServerKeyFile)(dir), os.Mkdir(filepath.Join(dir, ServerKeyFile), 0o755))
		}},
		"CRL of another CA": {ErrCRL, one("crl", other.crl(soon))},
		"CRL overdue":       {ErrCRL, one("crl", a.crl(past))},
		"garbage CRL":       {ErrCRL, one("crl", garbage)},
		"empty CRL":         {ErrCRL, one("crl", nil)},
		"one CRL too many":  {ErrCRL, one("crl", append(a.crl(soon), other.crl(soon)...))},
		"client CA expired": {ErrExpired, one("clients", a.expired())},
		"no client CA":      {fs.ErrNotExist, remove("clients")},
	}
}

// Files that are bad in any way change nothing, are reported once, and do not keep the next good ones from being taken.
func TestWatchKeepsTheOld(t *testing.T) {
	a := newAuthority(t)
	for name, bad := range badSets(t, a) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "certs")
			fill := func() {
				os.MkdirAll(dir, 0o755)
				put(t, dir, a.good())
				put(t, dir, map[string][]byte{"clients": certPEM(a.cert.Raw), "crl": a.crl(time.Now().Add(time.Hour))})
			}
			fill()
			s, err := Open(dir, Options{
				Names: []string{"localhost"}, ClientCA: filepath.Join(dir, "clients"), CRL: filepath.Join(dir, "crl"),
			})
			if err != nil {
				t.Fatal(err)
			}
			before := s.Snapshot()
			trusted := trusting(t, dir)
			w := watch(t, s, shortly, shortly)
			if err := bad.spoil(dir); err != nil {
				t.Fatal(err)
			}
			err = w.fails(0, name)
			if err == nil || bad.want != nil && !errors.Is(err, bad.want) {
				t.Fatalf("error %v, want %v", err, bad.want)
			}
			if strings.Contains(err.Error(), "PRIVATE") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
			time.Sleep(4 * shortly) // polls go on, and say nothing more
			if status := w.Status(); status.Failed != 1 || strings.Count(w.log.String(), "level=ERROR") != 1 {
				t.Errorf("reported more than once: %+v %s", status, w.log)
			}
			if s.Snapshot() != before {
				t.Fatal("the bad set was taken")
			}
			if _, err, _ := handshake(t, s, trusted); err != nil {
				t.Errorf("a client meanwhile: %v", err)
			}
			if err := s.Reload(); err == nil || s.Snapshot() != before {
				t.Errorf("on demand: %v", err)
			}
			os.RemoveAll(filepath.Join(dir, ServerKeyFile))
			fill()
			w.takes(before.Generation, "a good set")
			if status := w.Status(); status.Err != nil || status.Reloaded == 0 {
				t.Errorf("in the end: %+v", status)
			}
		})
	}
}

// Files that are put back as they were are good again, without a new generation.
func TestWatchPutBack(t *testing.T) {
	dir := t.TempDir()
	w := watch(t, open(t, dir, Options{}), shortly, noPoll)
	cert := contents(t, dir)[ServerCertFile]
	put(t, dir, map[string][]byte{ServerCertFile: []byte(cert[:100])})
	if err := w.fails(0, "half a file"); err == nil {
		t.Error("no error")
	}
	put(t, dir, map[string][]byte{ServerCertFile: []byte(cert)})
	for start := time.Now(); w.Status().Err != nil; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("still a fault: %+v", w.Status())
		}
	}
	if status := w.Status(); w.Snapshot().Generation != 1 || status.Reloaded != 0 || status.Failed != 1 {
		t.Errorf("generation %d, %+v", w.Snapshot().Generation, status)
	}
}

// onCurve issues a server certificate for a key on a curve.
func (a *authority) onCurve(curve elliptic.Curve) (cert, key []byte) {
	a.t.Helper()
	leafKey, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.sign(leafKey, x509.UnknownSignatureAlgorithm)
}

// signed issues a server certificate with a signature algorithm of the test's choice.
func (a *authority) signed(algorithm x509.SignatureAlgorithm) (cert, key []byte) {
	a.t.Helper()
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.sign(leafKey, algorithm)
}

func (a *authority) sign(leafKey *ecdsa.PrivateKey, algorithm x509.SignatureAlgorithm) (cert, key []byte) {
	a.t.Helper()
	tmpl := template("leaf", time.Now(), leafLife)
	tmpl.DNSNames = []string{"localhost"}
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	tmpl.SignatureAlgorithm = algorithm
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, leafKey.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	key, err = keyPEM(leafKey)
	if err != nil {
		a.t.Fatal(err)
	}
	return certPEM(der), key
}

// expired is the CA's certificate of a time that is over.
func (a *authority) expired() []byte {
	a.t.Helper()
	tmpl := template("", time.Now().Add(-2*leafLife), leafLife)
	tmpl.Subject, tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = a.cert.Subject, true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, a.key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return certPEM(der)
}
