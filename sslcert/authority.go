package sslcert

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Errors of an Authority. Each comes wrapped with what to do.
var (
	ErrNoCAKey = errors.New("the folder holds no CA key")
	ErrForeign = errors.New("certificate is not of this folder's CA")
)

// Authority is the built-in CA: the one whose key is in the certificate folder. Each of its methods changes the folder
// as a whole or not at all, whenever it is killed, and a Store that watches the folder serves what it has made.
type Authority struct {
	folder folder
	now    func() time.Time
}

// NewAuthority returns the CA of a folder; whether there is one its methods find out. Nil for now is time.Now.
func NewAuthority(dir string, now func() time.Time) *Authority {
	if now == nil {
		now = time.Now
	}
	return &Authority{folder: folder{dir: filepath.Clean(dir)}, now: now}
}

// Settle ends what a killed change has left half done.
func (a *Authority) Settle() error {
	return a.folder.edit(func(set) (set, error) { return nil, nil })
}

// HasKey says whether the folder holds the CA's key.
func (a *Authority) HasKey() bool {
	_, err := os.Stat(filepath.Join(a.folder.dir, CAKeyFile))
	return err == nil
}

// IssueServer replaces the server's certificate and key by new ones for this host's names and others.
func (a *Authority) IssueServer(names []string) (*x509.Certificate, error) {
	var issued *x509.Certificate
	err := a.folder.edit(func(old set) (set, error) {
		ca, bundle, err := a.open(old, CAKeyFile)
		if err != nil {
			return nil, err
		}
		changes := set{}
		issued, err = a.server(changes, ca, bundle, append(hostNames(), names...))
		return changes, err
	})
	return issued, err
}

// Renew replaces the server's certificate and key by new ones of the same CA for the same names, and for the given ones.
// A certificate of another CA is ErrForeign: it is renewed where it came from.
func (a *Authority) Renew(names []string) (*x509.Certificate, error) {
	var issued *x509.Certificate
	err := a.folder.edit(func(old set) (set, error) {
		ca, bundle, err := a.open(old, CAKeyFile)
		if err != nil {
			return nil, err
		}
		leaf, err := a.ours(old[ServerCertFile], ca)
		if err != nil {
			return nil, err
		}
		changes := set{}
		issued, err = a.server(changes, ca, bundle, append(Names(leaf), names...))
		return changes, err
	})
	return issued, err
}

// Pair is a certificate with its key, both also in PEM.
type Pair struct {
	Leaf      *x509.Certificate
	Cert, Key []byte
}

// IssueClient makes a client's certificate. Nothing of it stays in the folder.
func (a *Authority) IssueClient(name string) (Pair, error) {
	return a.issue(clientTemplate(name, a.now()))
}

// IssueOther makes a certificate for this host's names and others, as IssueServer does, for use elsewhere. Nothing of
// it stays in the folder.
func (a *Authority) IssueOther(names []string) (Pair, error) {
	return a.issue(serverTemplate(names, a.now()))
}

func (a *Authority) issue(tmpl *x509.Certificate) (Pair, error) {
	var pair Pair
	err := a.folder.edit(func(old set) (set, error) {
		ca, _, err := a.open(old, CAKeyFile)
		if err != nil {
			return nil, err
		}
		if pair.Cert, pair.Key, err = ca.issue(tmpl); err != nil {
			return nil, err
		}
		certs, err := parseCertificates(pair.Cert)
		if err != nil {
			return nil, err
		}
		pair.Leaf = certs[0]
		return nil, nil
	})
	return pair, err
}

// open returns the CA of a key file, which is to issue something now, and the bundle that it is in.
func (a *Authority) open(files set, keyFile string) (*signer, []*x509.Certificate, error) {
	ca, bundle, err := a.find(files, keyFile)
	if err != nil {
		return nil, nil, err
	}
	if err := checkDates(ca.cert, a.now()); err != nil {
		return nil, nil, fmt.Errorf("CA %s: %w; tdeproxy cert rotate makes another", ca.cert.Subject, err)
	}
	return ca, bundle, nil
}

// find returns the CA of a key file, valid or not, and the bundle that it is in.
func (a *Authority) find(files set, keyFile string) (*signer, []*x509.Certificate, error) {
	if files[keyFile] == nil {
		return nil, nil, fmt.Errorf("%w: %s is not in %s; bring it there for the time of this command", ErrNoCAKey, keyFile, a.folder.dir)
	}
	bundle, err := parseCertificates(files[CAFile])
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", CAFile, err)
	}
	ca, err := openSigner(files[keyFile], bundle)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	return ca, bundle, nil
}

// ours returns the first certificate of a file when the CA has signed it.
func (a *Authority) ours(data []byte, ca *signer) (*x509.Certificate, error) {
	certs, err := parseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ServerCertFile, err)
	}
	if certs[0].CheckSignatureFrom(ca.cert) != nil {
		return nil, fmt.Errorf("%w: %s was issued by %s; renew it there, or have tdeproxy cert issue replace it",
			ErrForeign, ServerCertFile, certs[0].Issuer)
	}
	return certs[0], nil
}

// server issues a server's certificate, holds it to what a Store will, and puts it among the changes.
func (a *Authority) server(changes set, ca *signer, bundle []*x509.Certificate, names []string) (*x509.Certificate, error) {
	tmpl := serverTemplate(nil, a.now())
	tmpl.DNSNames, tmpl.IPAddresses = splitNames(names)
	cert, key, err := ca.issue(tmpl)
	if err != nil {
		return nil, err
	}
	return a.install(changes, cert, key, bundle, names)
}

// install puts a server's certificate and key among the changes, if a Store will serve them.
func (a *Authority) install(changes set, cert, key []byte, bundle []*x509.Certificate, names []string) (*x509.Certificate, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%w: the new certificate and its key: %w", ErrMismatch, err)
	}
	if _, err := checkServer(pair, bundle, names, a.now()); err != nil {
		return nil, fmt.Errorf("the new certificate: %w", err)
	}
	changes[ServerCertFile], changes[ServerKeyFile] = cert, key
	return pair.Leaf, nil
}

// Install replaces the server's certificate and key by those that another CA has issued. Its chain's last certificate
// becomes part of ca.pem where that does not lead to it yet; what is expired there leaves it.
func (a *Authority) Install(chain, key []byte, names []string) (*x509.Certificate, error) {
	certs, err := parseCertificates(chain)
	if err != nil {
		return nil, err
	}
	var issued *x509.Certificate
	err = a.folder.edit(func(old set) (set, error) {
		var bundle []*x509.Certificate
		if old[CAFile] != nil {
			if bundle, err = parseCertificates(old[CAFile]); err != nil {
				return nil, fmt.Errorf("%s: %w", CAFile, err)
			}
		}
		changes := set{}
		if issued, err = a.install(changes, chain, key, bundle, names); !errors.Is(err, ErrUntrusted) {
			return changes, err
		}
		bundle = slices.DeleteFunc(bundle, func(ca *x509.Certificate) bool { return a.now().After(ca.NotAfter) })
		bundle = append(bundle, certs[len(certs)-1])
		changes[CAFile] = bundlePEM(bundle)
		issued, err = a.install(changes, chain, key, bundle, names)
		return changes, err
	})
	return issued, err
}

// bundlePEM writes certificates one after the other.
func bundlePEM(certs []*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, cert := range certs {
		out.Write(certPEM(cert.Raw))
	}
	return out.Bytes()
}

// WritePair writes a certificate and its key as NAME-cert.pem and NAME-key.pem into a folder, and never over anything.
func WritePair(dir, name string, pair Pair) (certFile, keyFile string, err error) {
	if name == "" || strings.ContainsAny(name, "/\\\x00") || strings.HasPrefix(name, ".") {
		return "", "", fmt.Errorf("%q cannot be part of a file's name", name)
	}
	certFile, keyFile = filepath.Join(dir, name+"-cert.pem"), filepath.Join(dir, name+"-key.pem")
	if err := writeNew(keyFile, 0o600, pair.Key); err != nil {
		return "", "", err
	}
	if err := writeNew(certFile, 0o644, pair.Cert); err != nil {
		return "", "", errors.Join(err, os.Remove(keyFile))
	}
	return certFile, keyFile, syncDir(dir)
}

// issued says whether the CA has issued a certificate.
func (a *Authority) issued(leaf *x509.Certificate) (bool, error) {
	files, err := a.folder.view()
	if err != nil || files[CAKeyFile] == nil {
		return false, err
	}
	defer files.wipe()
	ca, _, err := a.find(files, CAKeyFile)
	return err == nil && leaf.CheckSignatureFrom(ca.cert) == nil, err
}
