package sslcert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// made is a folder as the first start makes it.
func made(t *testing.T) (string, *Authority) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "certs")
	if _, err := Create(dir, Options{Names: []string{"db.example.com"}}); err != nil {
		t.Fatal(err)
	}
	return dir, NewAuthority(dir, nil)
}

// clientPair issues a client certificate.
func clientPair(t *testing.T, a *Authority, name string) tls.Certificate {
	t.Helper()
	issued, err := a.IssueClient(name)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(issued.Cert, issued.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestIssueAndRenew(t *testing.T) {
	dir, a := made(t)
	first, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := trusting(t, dir)
	issued, err := a.IssueServer([]string{"other.example.com", "192.0.2.1"})
	if err != nil || issued.VerifyHostname("other.example.com") != nil || issued.VerifyHostname("localhost") != nil {
		t.Fatalf("issued %v, %v", issued, err)
	}
	if issued.VerifyHostname("db.example.com") == nil {
		t.Error("a name of before is still there")
	}
	renewed, err := a.Renew([]string{"third.example.com", "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	want := append(Names(issued), "third.example.com")
	got := Names(renewed)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("renewed for %v, want %v", got, want)
	}
	if samePublicKey(renewed, issued.PublicKey) || renewed.SerialNumber.Cmp(issued.SerialNumber) == 0 {
		t.Error("renewed with the same key or number")
	}
	if err := first.Reload(); err != nil || !first.Snapshot().Certificate.Leaf.Equal(renewed) {
		t.Fatalf("reload: %v", err)
	}
	if _, err, _ := handshake(t, first, client); err != nil {
		t.Errorf("a client that trusts the CA of before: %v", err)
	}
	for name, mode := range map[string]fs.FileMode{ServerKeyFile: 0o600, ServerCertFile: 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 6 {
		t.Errorf("left behind: %v", entries)
	}
}

// What is not this CA's to change it does not change.
func TestAuthorityRefuses(t *testing.T) {
	foreign := newAuthority(t)
	for name, test := range map[string]struct {
		spoil func(dir string) error
		work  func(a *Authority) error
		want  error
		says  string
	}{
		"renew without the CA's key": {
			func(dir string) error { return os.Remove(filepath.Join(dir, CAKeyFile)) },
			func(a *Authority) error { _, err := a.Renew(nil); return err }, ErrNoCAKey, "bring it there",
		},
		"renew another CA's certificate": {
			func(dir string) error {
				cert, key := foreign.leaf(x509.ExtKeyUsageServerAuth, nil)
				put(t, dir, map[string][]byte{ServerCertFile: cert, ServerKeyFile: key})
				return nil
			},
			func(a *Authority) error { _, err := a.Renew(nil); return err }, ErrForeign, "renew it there",
		},
		"rotate another CA's certificate": {
			func(dir string) error {
				cert, key := foreign.leaf(x509.ExtKeyUsageServerAuth, nil)
				put(t, dir, map[string][]byte{ServerCertFile: cert, ServerKeyFile: key})
				return nil
			},
			func(a *Authority) error { _, err := a.Rotate(0, nil); return err }, ErrForeign, "renew it there",
		},
		"a CA key of another CA": {
			func(dir string) error {
				key, err := keyPEM(foreign.key)
				put(t, dir, map[string][]byte{CAKeyFile: key})
				return err
			},
			func(a *Authority) error { _, err := a.IssueServer(nil); return err }, ErrMismatch, CAKeyFile,
		},
		"a garbage CA key": {
			func(dir string) error { put(t, dir, map[string][]byte{CAKeyFile: []byte("key")}); return nil },
			func(a *Authority) error { _, err := a.IssueClient("x"); return err }, nil, CAKeyFile,
		},
		"a linked certificate": {
			func(dir string) error {
				return errors.Join(os.Rename(filepath.Join(dir, ServerCertFile), filepath.Join(dir, "else")),
					os.Symlink("else", filepath.Join(dir, ServerCertFile)))
			},
			func(a *Authority) error { _, err := a.Renew(nil); return err }, nil, "no plain file",
		},
		"revoke another CA's client": {
			func(string) error { return nil },
			func(a *Authority) error { return a.Revoke([]*x509.Certificate{foreign.cert}, nil) }, ErrForeign, "revoke it there",
		},
		"a step too early": {
			func(string) error { return nil },
			func(a *Authority) error { _, err := a.Rotate(StepIssue, nil); return err }, ErrStep, "step 1 is next",
		},
		"no folder": {
			os.RemoveAll,
			func(a *Authority) error { _, err := a.Renew(nil); return err }, fs.ErrNotExist, "certs",
		},
	} {
		dir, a := made(t)
		if err := test.spoil(dir); err != nil {
			t.Fatal(err)
		}
		before := map[string]string{}
		if _, err := os.Stat(dir); err == nil {
			before = contents(t, dir)
		}
		err := test.work(a)
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want %v, %q", name, err, test.want, test.says)
		}
		if _, err := os.Stat(dir); err == nil && !maps.Equal(before, contents(t, dir)) {
			t.Errorf("%s: files have changed", name)
		}
	}
}

// The CA is replaced in three steps, and no client that does what they say ever fails.
func TestRotate(t *testing.T) {
	dir, a := made(t)
	opts := Options{ClientCA: filepath.Join(dir, CAFile), CRL: filepath.Join(dir, CRLFile)}
	if err := a.Revoke(nil, []*big.Int{big.NewInt(7)}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, s, watchPatience, noPoll)
	before, oldClient := trusting(t, dir), clientPair(t, a, "app")
	check := func(what string, client *tls.Config, pair tls.Certificate, want bool) {
		t.Helper()
		client = client.Clone() // Certificates would be sent to a server only that has said to know their CA
		client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		if _, err, server := handshake(t, s, client); (err == nil && server == nil) != want {
			t.Errorf("%s: %v, %v", what, err, server)
		}
	}
	rotate := func(step int) Rotation {
		t.Helper()
		generation := s.Snapshot().Generation
		r, err := a.Rotate(step, []string{"new.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		w.takes(generation, "step")
		return r
	}
	if r := rotate(0); r.Next != StepIssue || r.Old == nil || r.New == nil || r.Old.Equal(r.New) {
		t.Fatalf("after step 1: %+v", r)
	}
	between := trusting(t, dir)
	check("old ca.pem after step 1", before, oldClient, true)
	check("new ca.pem after step 1", between, oldClient, true)
	generation := s.Snapshot().Generation
	if _, err := a.Renew(nil); err != nil {
		t.Errorf("renewing in between: %v", err)
	}
	w.takes(generation, "the renewal in between")
	r := rotate(StepIssue)
	if r.Next != StepDrop || !s.Snapshot().Issuer.Equal(r.New) {
		t.Fatalf("after step 2: %+v", r)
	}
	newClient := clientPair(t, a, "app")
	check("old ca.pem after step 2", before, oldClient, false)
	check("ca.pem of step 1 after step 2", between, oldClient, true)
	check("ca.pem of step 1, new client certificate", between, newClient, true)
	for _, name := range []string{"db.example.com", "new.example.com"} {
		if err := s.Snapshot().Certificate.Leaf.VerifyHostname(name); err != nil {
			t.Errorf("after step 2: %v", err)
		}
	}
	if _, err := tls.LoadX509KeyPair(filepath.Join(dir, ClientCertFile), filepath.Join(dir, ClientKeyFile)); err != nil {
		t.Error(err)
	}
	again, err := a.Rotate(StepTrust, nil) // it has been taken
	if err != nil || again.Next != StepDrop {
		t.Errorf("step 1 again: %+v, %v", again, err)
	}
	if r := rotate(0); r.Next != StepTrust || r.Old != nil || r.New == nil {
		t.Errorf("after step 3: %+v", r)
	}
	check("ca.pem of step 1 after step 3", between, newClient, true)
	check("last ca.pem after step 3", trusting(t, dir), newClient, true)
	check("a client certificate of the old CA after step 3", between, oldClient, false)
	if len(s.Snapshot().CA) != 1 || len(s.Snapshot().CRLs) != 1 || len(s.Snapshot().CRLs[0].RevokedCertificateEntries) != 0 {
		t.Errorf("after step 3: %d CAs, lists %v", len(s.Snapshot().CA), s.Snapshot().CRLs)
	}
	if files := contents(t, dir); len(files) != 7 || files[OldCAKeyFile] != "" || files[NextCAKeyFile] != "" {
		t.Errorf("after step 3 the folder holds %v", slices.Sorted(maps.Keys(files)))
	}
}

// A CA that has ended can still be replaced.
func TestRotateExpired(t *testing.T) {
	dir, _ := made(t)
	later := func() time.Time { return time.Now().Add(caLife + 24*time.Hour) }
	a := NewAuthority(dir, later)
	if _, err := a.Renew(nil); !errors.Is(err, ErrExpired) || !strings.Contains(err.Error(), "cert rotate") {
		t.Errorf("renewing: %v", err)
	}
	for range 3 {
		if _, err := a.Rotate(0, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, Options{Now: later}); err != nil {
		t.Error(err)
	}
}

// A revoked client is refused from the next handshake on, also when it resumes a session, and the others are not.
func TestRevoke(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		dir, a := made(t)
		bad, good := clientPair(t, a, "bad"), clientPair(t, a, "good")
		if err := a.Revoke(nil, nil); err != nil { // the configuration wants a list to be there
			t.Fatal(err)
		}
		s, err := Open(dir, Options{ClientCA: filepath.Join(dir, CAFile), CRL: filepath.Join(dir, CRLFile), RequireClientCert: true})
		if err != nil {
			t.Fatal(err)
		}
		w := watch(t, s, watchPatience, noPoll)
		client := func(pair tls.Certificate) *tls.Config {
			config := trusting(t, dir)
			config.MaxVersion = version
			config.Certificates = []tls.Certificate{pair}
			config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
			return config
		}
		badClient, goodClient, twice := client(bad), client(good), client(bad)
		for i := range 2 {
			for name, config := range map[string]*tls.Config{"bad": badClient, "good": goodClient} {
				if state, err, _ := handshake(t, s, config); err != nil || state.DidResume != (i == 1) {
					t.Fatalf("TLS %x: %s before: %v, resumed %v", version, name, err, state.DidResume)
				}
			}
		}
		generation := s.Snapshot().Generation
		if err := a.Revoke([]*x509.Certificate{bad.Leaf}, nil); err != nil {
			t.Fatal(err)
		}
		w.takes(generation, "the list")
		for name, config := range map[string]*tls.Config{"resuming": badClient, "anew": twice} {
			if _, err, server := handshake(t, s, config); err == nil || !errors.Is(server, ErrRevoked) {
				t.Errorf("TLS %x: revoked, %s: %v, %v", version, name, err, server)
			}
		}
		if _, err, server := handshake(t, s, goodClient); err != nil || server != nil {
			t.Errorf("TLS %x: the other: %v, %v", version, err, server)
		}
		if err := a.Revoke([]*x509.Certificate{bad.Leaf}, []*big.Int{good.Leaf.SerialNumber}); err != nil {
			t.Fatal(err)
		}
		if err := s.Reload(); err != nil || len(s.Snapshot().CRLs[0].RevokedCertificateEntries) != 2 {
			t.Fatalf("a second time: %v, %v", err, s.Snapshot().CRLs)
		}
		if _, _, server := handshake(t, s, goodClient); !errors.Is(server, ErrRevoked) {
			t.Errorf("TLS %x: by number: %v", version, server)
		}
	}
}

// While a CA is replaced both of them revoke what they have issued.
func TestRevokeInRotation(t *testing.T) {
	dir, a := made(t)
	oldClient := clientPair(t, a, "old")
	for range 2 {
		if _, err := a.Rotate(0, nil); err != nil {
			t.Fatal(err)
		}
	}
	newClient := clientPair(t, a, "new")
	if err := a.Revoke([]*x509.Certificate{oldClient.Leaf, newClient.Leaf}, nil); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Options{ClientCA: filepath.Join(dir, CAFile), CRL: filepath.Join(dir, CRLFile)})
	if err != nil || len(s.Snapshot().CRLs) != 2 {
		t.Fatalf("%v, want two lists", err)
	}
	for _, pair := range []tls.Certificate{oldClient, newClient} {
		client := trusting(t, dir)
		client.Certificates = []tls.Certificate{pair}
		if _, _, server := handshake(t, s, client); !errors.Is(server, ErrRevoked) {
			t.Errorf("%s: %v", pair.Leaf.Subject, server)
		}
	}
	if _, err := a.Rotate(StepDrop, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err != nil || len(s.Snapshot().CRLs) != 1 {
		t.Errorf("after step 3: %v", err)
	}
}
