package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// Mode says whether TLS is used towards upstream, by the names of MySQL's --ssl-mode.
type Mode string

// The modes. Preferred and Required take any certificate, VerifyCA one that the configured CA (or the system's) signed,
// VerifyIdentity also wants upstream's host name in it.
const (
	Disabled       Mode = "disabled"
	Preferred      Mode = "preferred"
	Required       Mode = "required"
	VerifyCA       Mode = "verify-ca"
	VerifyIdentity Mode = "verify-identity"
)

// TLS is how to speak TLS to upstream. Cert and Key are for upstreams that want a client certificate.
type TLS struct {
	Mode Mode   // "" is Preferred
	CA   string // PEM file; "" is the system's
	Cert string // PEM file
	Key  string // PEM file
}

// config makes the tls.Config for a host, nil for Disabled.
func (t TLS) config(host string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	switch t.Mode {
	case Disabled:
		return nil, nil
	case "", Preferred, Required:
		cfg.InsecureSkipVerify = true // these modes protect from listeners only, as MySQL's do
	case VerifyCA:
		cfg.InsecureSkipVerify = true // VerifyConnection does it, without the name
		cfg.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(s, cfg.RootCAs) }
	case VerifyIdentity:
		if host == "" {
			return nil, errors.New("upstream: verify-identity needs an address with a host name")
		}
	default:
		return nil, fmt.Errorf("upstream: unknown TLS mode %q", t.Mode)
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("upstream: reading CA: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("upstream: no certificate in %s", t.CA)
		}
	}
	if t.Cert != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("upstream: client certificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// verifyChain checks who signed the server's certificate, and not whose it is.
func verifyChain(s tls.ConnectionState, roots *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("upstream: server sent no certificate")
	}
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(opts)
	return err
}

// hostOf is the host of a host:port address, "" for a socket path.
func hostOf(network, address string) string {
	if network == "unix" {
		return ""
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}
