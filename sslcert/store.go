// Package sslcert keeps the proxy's own certificate: it makes one where there is none, as mysqld does at its first
// start, checks whatever it loads, and replaces it under running connections in one step.
//
// All that a TLS handshake needs is one immutable Snapshot behind an atomic pointer, so a handshake never mixes two
// generations. A reload that fails keeps the snapshot that is there and says why.
package sslcert

import (
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
	Names             []string         // further names and addresses that the certificate must be valid for
	ClientCA          string           // PEM file that client certificates are verified against; empty asks for none
	RequireClientCert bool             // refuse TLS clients without a certificate; needs ClientCA
	CRL               string           // PEM or DER file of revoked client certificates; needs ClientCA
	Now               func() time.Time // nil is time.Now
}

// Snapshot is one generation of everything a handshake needs. It is immutable but for the daily ticket key.
type Snapshot struct {
	Generation  uint64               // from 1, one more for each reload
	Certificate tls.Certificate      // with its chain; Leaf is set
	CA          []*x509.Certificate  // what clients should trust
	ClientCAs   *x509.CertPool       // nil where clients are not asked for certificates
	CRL         *x509.RevocationList // nil where there is none
	Config      *tls.Config          // ready for tls.Server

	tickets *tickets
}

// Store serves the certificate of one folder.
type Store struct {
	dir     string
	opts    Options
	now     func() time.Time
	mu      sync.Mutex // one reload at a time
	current atomic.Pointer[Snapshot]
}

// Open loads and checks the folder's certificate. A folder that holds none is ErrNotExist: Create makes one.
func Open(dir string, opts Options) (*Store, error) {
	have, err := present(dir)
	if err != nil {
		return nil, err
	}
	if len(have) == 0 {
		return nil, fmt.Errorf("certificate folder %s %w", dir, ErrNotExist)
	}
	if err := complete(dir, have); err != nil {
		return nil, err
	}
	s := &Store{dir: dir, opts: opts, now: opts.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.Reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// Snapshot returns the current generation.
func (s *Store) Snapshot() *Snapshot { return s.current.Load() }

// Config returns the tls.Config for a new handshake: call it once per connection and give the result to tls.Server
// as it is. Each generation has ticket keys of its own, so a client cannot resume a session of a certificate that has
// been replaced; returned from another config's GetConfigForClient it keeps them, too.
func (s *Store) Config() *tls.Config {
	snap := s.current.Load()
	snap.tickets.rotate(snap.Config, s.now())
	return snap.Config
}

// Reload reads and checks all files and, when all is well, serves them from the next handshake on. After an error the
// old generation stays. Running connections are not touched.
func (s *Store) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := s.load()
	if err != nil {
		return err
	}
	if old := s.current.Load(); old != nil {
		next.Generation = old.Generation
	}
	next.Generation++
	s.current.Store(next)
	return nil
}

// load builds a snapshot from the files.
func (s *Store) load() (*Snapshot, error) {
	now := s.now()
	certFile, keyFile := filepath.Join(s.dir, ServerCertFile), filepath.Join(s.dir, ServerKeyFile)
	cert, err := loadPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	ca, err := loadCertificates(filepath.Join(s.dir, CAFile))
	if err != nil {
		return nil, err
	}
	if err := checkServer(cert, ca, s.opts.Names, now); err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	next := &Snapshot{Certificate: cert, CA: ca}
	if s.opts.ClientCA != "" {
		if err := s.loadClientTrust(next, now); err != nil {
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
	if snap.CRL != nil {
		// Not VerifyPeerCertificate: that is not called for resumed sessions.
		config.VerifyConnection = func(state tls.ConnectionState) error {
			return checkRevoked(snap.CRL, state.PeerCertificates, s.now())
		}
	}
	return config
}
