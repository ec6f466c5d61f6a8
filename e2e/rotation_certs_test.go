package e2e_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

// operator looks after the certificates of a proxy and the CA bundle of its clients.
type operator struct {
	dir    string // the proxy's certificate folder
	bundle string // the clients' CAs

	ca    *harness.Authority   // issues
	cas   []*harness.Authority // are trusted
	pair  harness.Pair         // served
	turns int
}

// newOperator puts a first certificate of a CA of its own where the proxy will look, in place of what is there.
func newOperator(t *testing.T, dir, bundle string) *operator {
	t.Helper()
	ca, err := harness.NewAuthority("CA 0")
	must(t, err)
	must(t, os.RemoveAll(dir))
	must(t, os.Mkdir(dir, 0o755))
	o := &operator{dir: dir, bundle: bundle, ca: ca, cas: []*harness.Authority{ca}}
	o.trust(t)
	o.reissue(t)
	return o
}

// rotate issues a new certificate. In every ten turns the CA changes, too, and as it has to be: first everyone trusts
// the new one beside the old, turns later it issues, turns later the old one goes.
func (o *operator) rotate(t *testing.T) {
	t.Helper()
	o.turns++
	switch o.turns % 10 {
	case 1:
		next, err := harness.NewAuthority("CA of another year")
		must(t, err)
		o.cas = append(o.cas, next)
		o.trust(t)
	case 5:
		o.ca = o.cas[1]
	case 9:
		o.cas = o.cas[1:]
		o.trust(t)
	}
	o.reissue(t)
}

// trust writes the CAs for clients first, then for the proxy.
func (o *operator) trust(t *testing.T) {
	t.Helper()
	o.write(t, o.bundle, o.trusted())
	o.write(t, filepath.Join(o.dir, sslcert.CAFile), o.trusted())
}

func (o *operator) trusted() []byte {
	var all []byte
	for _, ca := range o.cas {
		all = append(all, ca.PEM...)
	}
	return all
}

func (o *operator) reissue(t *testing.T) {
	t.Helper()
	var err error
	o.pair, err = o.ca.Issue(nil)
	must(t, err)
	o.install(t, o.pair)
}

// install writes a certificate and its key; what may be in the way goes.
func (o *operator) install(t *testing.T, p harness.Pair) {
	t.Helper()
	o.write(t, filepath.Join(o.dir, sslcert.ServerCertFile), p.Cert)
	o.write(t, filepath.Join(o.dir, sslcert.ServerKeyFile), p.Key)
}

// write replaces a file by renaming; every second turn the proxy's files are written in place, as cp does.
func (o *operator) write(t *testing.T, path string, data []byte) {
	t.Helper()
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		must(t, os.Remove(path))
	}
	if path != o.bundle && o.turns%2 == 1 {
		must(t, os.WriteFile(path, data, 0o600))
		must(t, os.Chmod(path, 0o600))
		return
	}
	temporary := filepath.Join(filepath.Dir(path), ".new-"+filepath.Base(path))
	must(t, os.WriteFile(temporary, data, 0o600))
	must(t, os.Rename(temporary, path))
}

// bad is a fault in the files, and what the proxy must say about it.
type bad struct {
	name string
	put  func(*testing.T, *operator)
	says string
}

// badSets are all the faults that must change nothing.
func badSets() []bad {
	issue := func(t *testing.T, o *operator, change func(*x509.Certificate)) harness.Pair {
		p, err := o.ca.Issue(change)
		must(t, err)
		return p
	}
	altered := func(change func(*x509.Certificate)) func(*testing.T, *operator) {
		return func(t *testing.T, o *operator) { o.install(t, issue(t, o, change)) }
	}
	cert := func(o *operator) string { return filepath.Join(o.dir, sslcert.ServerCertFile) }
	key := func(o *operator) string { return filepath.Join(o.dir, sslcert.ServerKeyFile) }
	half := func(b []byte) []byte { return b[:len(b)/2] }
	return []bad{
		{"expired", altered(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), "not valid now"},
		{"not yet valid", altered(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), "not valid now"},
		{"another name", altered(func(c *x509.Certificate) {
			c.DNSNames, c.IPAddresses = []string{"elsewhere"}, []net.IP{net.IPv4(192, 0, 2, 1)}
		}), "not valid for name"},
		{"a client's", altered(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), "does not chain"},
		{"another's key", func(t *testing.T, o *operator) {
			o.install(t, harness.Pair{Cert: issue(t, o, nil).Cert, Key: issue(t, o, nil).Key})
		}, "key does not belong"},
		{"broken chain", func(t *testing.T, o *operator) {
			below, err := o.ca.Intermediate("intermediate that nobody was given")
			must(t, err)
			p, err := below.Issue(nil)
			must(t, err)
			o.install(t, p)
		}, "does not chain"},
		{"weak key", func(t *testing.T, o *operator) { o.install(t, weakPair(t, o.ca)) }, "too weak"},
		{"key that others can read", func(t *testing.T, o *operator) {
			o.install(t, issue(t, o, nil))
			must(t, os.Chmod(key(o), 0o644))
		}, "readable by others"},
		{"unreadable key", func(t *testing.T, o *operator) {
			// To root, whom tests may run as, only what is no file is unreadable.
			must(t, os.Remove(key(o)))
			must(t, os.Mkdir(key(o), 0o700))
		}, "directory"},
		{"half-written certificate", func(t *testing.T, o *operator) {
			must(t, os.WriteFile(cert(o), half(issue(t, o, nil).Cert), 0o600))
		}, "no CERTIFICATE block"},
		{"half-written key", func(t *testing.T, o *operator) {
			p := issue(t, o, nil)
			o.install(t, harness.Pair{Cert: p.Cert, Key: half(p.Key)})
		}, "key does not belong"},
		{"half-written CA", func(t *testing.T, o *operator) {
			must(t, os.WriteFile(filepath.Join(o.dir, sslcert.CAFile), half(o.cas[0].PEM), 0o600))
		}, "no CERTIFICATE block"},
		{"missing certificate", func(t *testing.T, o *operator) { must(t, os.Remove(cert(o))) }, "no such file"},
		{"missing key", func(t *testing.T, o *operator) { must(t, os.Remove(key(o))) }, "no such file"},
	}
}

// weakPair is a certificate for a curve of 224 bits.
func weakPair(t *testing.T, ca *harness.Authority) harness.Pair {
	t.Helper()
	var key crypto.Signer
	key, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	must(t, err)
	p, err := ca.IssueFor(key, nil)
	must(t, err)
	return p
}
