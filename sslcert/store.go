// Package sslcert keeps the proxy's own certificate: it makes one where there is none, as mysqld does at its first
// start, checks whatever it loads, renews what its own CA has issued, and replaces it under running connections in one
// step.
//
// All that a TLS handshake needs is one immutable Snapshot behind an atomic pointer, so a handshake never mixes two
// generations. A reload that fails keeps the snapshot that is there and says why.
package sslcert

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// The files of a certificate folder, named as mysqld names them. Only the first three must be there: a certificate
// that an organisation's own CA has issued comes without the CA's key.
const (
	CAFile         = "ca.pem"
	ServerCertFile = "server-cert.pem"
	ServerKeyFile  = "server-key.pem"
	CAKeyFile      = "ca-key.pem"
	ClientCertFile = "client-cert.pem"
	ClientKeyFile  = "client-key.pem"

	// CRLFile lists the client certificates that the built-in CA has revoked.
	CRLFile = "crl.pem"
	// NextCAKeyFile and OldCAKeyFile are there while the built-in CA is replaced, see Authority.Rotate.
	NextCAKeyFile = "ca-key-next.pem"
	OldCAKeyFile  = "ca-key-old.pem"
)

// Errors of Open and Reload. Each comes wrapped with the file it is about and what to do.
var (
	ErrNotExist   = errors.New("holds no certificate")
	ErrIncomplete = errors.New("incomplete certificate folder")
	ErrReadable   = errors.New("private key is readable by others")
	ErrMismatch   = errors.New("key does not belong to certificate")
	ErrExpired    = errors.New("certificate is not valid now")
	ErrUntrusted  = errors.New("certificate does not chain to CA")
	ErrName       = errors.New("certificate is not valid for name")
	ErrWeak       = errors.New("key or signature is too weak")
	ErrRevoked    = errors.New("client certificate is revoked")
	ErrCRL        = errors.New("certificate revocation list is not usable")
)

// Options say what a Store serves beside the files of its folder. The zero value asks clients for no certificate.
type Options struct {
	Cert, Key, CA     string           // paths in place of the folder's server-cert.pem, server-key.pem and ca.pem
	Names             []string         // further names and addresses that the certificate must be valid for
	ClientCA          string           // PEM file that client certificates are verified against; empty asks for none
	RequireClientCert bool             // refuse TLS clients without a certificate; needs ClientCA
	CRL               string           // PEM or DER file of revoked client certificates; needs ClientCA
	Now               func() time.Time // nil is time.Now
}

// Snapshot is one generation of everything a handshake needs. It is immutable but for the daily ticket key.
type Snapshot struct {
	Generation  uint64                 // from 1, one more for each reload
	Certificate tls.Certificate        // with its chain; Leaf is set
	CA          []*x509.Certificate    // what clients should trust: one, or the old and the new while a CA is replaced
	Issuer      *x509.Certificate      // the one of them that the certificate chains to
	ClientCAs   *x509.CertPool         // nil where clients are not asked for certificates
	CRLs        []*x509.RevocationList // one of each CA that has revoked certificates
	Config      *tls.Config            // ready for tls.Server

	tickets *tickets
	sum     [sha256.Size]byte // of the files
}

// Store serves the certificate of one folder.
type Store struct {
	files   files
	opts    Options
	now     func() time.Time
	mu      sync.Mutex // one reload at a time; holds status
	status  Status
	fault   fault // the last one in status
	current atomic.Pointer[Snapshot]
}

// Status tells how reloads went since the start. A set of files that was found incomplete and was whole a moment later
// counts once, as good.
type Status struct {
	Reloaded uint64    // how often new files, or the same on demand, were taken into use
	Failed   uint64    // how often files were not
	At       time.Time // when the last of both was; zero where there was none
	Err      error     // why the files as they are now are not in use; nil where they are
}

// Open loads and checks the folder's certificate. A folder that holds none is ErrNotExist: Create makes one.
func Open(dir string, opts Options) (*Store, error) {
	s := &Store{files: locate(dir, opts), opts: opts, now: opts.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.files.inventory(dir); err != nil {
		return nil, err
	}
	in, err := s.files.read()
	if err != nil {
		return nil, err
	}
	defer in.wipe()
	first, err := s.build(in)
	if err != nil {
		return nil, err
	}
	first.Generation = 1
	s.current.Store(first)
	return s, nil
}

// Snapshot returns the current generation.
func (s *Store) Snapshot() *Snapshot { return s.current.Load() }

// CertFile is the path of the server's certificate.
func (s *Store) CertFile() string { return s.files.cert }

// CAFile is the path of what clients should trust.
func (s *Store) CAFile() string { return s.files.ca }

// Status tells how reloads went.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Config returns the tls.Config for a new handshake: call it once per connection and give the result to tls.Server
// as it is. Each generation has ticket keys of its own, so a client cannot resume a session of a certificate that has
// been replaced; returned from another config's GetConfigForClient it keeps them, too.
func (s *Store) Config() *tls.Config {
	snap := s.current.Load()
	snap.tickets.rotate(snap.Config, s.now())
	return snap.Config
}

// build checks what was read and makes a snapshot of it.
func (s *Store) build(in *inputs) (*Snapshot, error) {
	now := s.now()
	cert, err := parsePair(s.files, in)
	if err != nil {
		return nil, err
	}
	ca, err := parseCertificates(in.ca)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.files.ca, err)
	}
	issuer, err := checkServer(cert, ca, s.opts.Names, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.files.cert, err)
	}
	next := &Snapshot{Certificate: cert, CA: ca, Issuer: issuer, sum: in.sum}
	if s.files.clientCA != "" {
		if err := s.clientTrust(next, in, now); err != nil {
			return nil, err
		}
	}
	next.Config = s.tlsConfig(next)
	next.tickets = &tickets{}
	next.tickets.rotate(next.Config, now)
	return next, nil
}

// tlsConfig builds the config of one generation.
func (s *Store) tlsConfig(snap *Snapshot) *tls.Config {
	config := &tls.Config{
		Certificates: []tls.Certificate{snap.Certificate},
		MinVersion:   tls.VersionTLS12, // 1.3 is chosen wherever the client has it
		Time:         s.now,
	}
	if snap.ClientCAs == nil {
		return config
	}
	config.ClientCAs = snap.ClientCAs
	config.ClientAuth = tls.VerifyClientCertIfGiven
	if s.opts.RequireClientCert {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if len(snap.CRLs) > 0 {
		// Not VerifyPeerCertificate: that is not called for resumed sessions.
		config.VerifyConnection = func(state tls.ConnectionState) error {
			return checkRevoked(snap.CRLs, state.PeerCertificates, s.now())
		}
	}
	return config
}

// locate names the files that a Store of dir reads.
func locate(dir string, opts Options) files {
	f := files{cert: opts.Cert, key: opts.Key, ca: opts.CA, clientCA: opts.ClientCA, crl: opts.CRL}
	for path, name := range map[*string]string{&f.cert: ServerCertFile, &f.key: ServerKeyFile, &f.ca: CAFile} {
		if *path == "" {
			*path = filepath.Join(dir, name)
		}
	}
	return f
}
