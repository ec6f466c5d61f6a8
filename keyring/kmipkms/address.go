package kmipkms

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

const defaultPort = "5696"

// address is what the URL says.
type address struct {
	host string // with port
	key  string
	tls  *tls.Config
}

// String is the key's URL without its options.
func (a address) String() string { return "kmip://" + a.host + "/" + a.key }

const form = "kmip://HOST:PORT/NAME?ca=FILE&cert=FILE&key=FILE"

// cbcSuites are those of TLS 1.2 that KMIP 1.4 made mandatory and that old servers have alone. Go's defaults leave them
// out; with them come the defaults that are authenticated.
func cbcSuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	}
}

func parse(u *url.URL) (a address, err error) {
	if u.User != nil {
		return a, errors.New("a KMIP server's URL holds no user or password; name a client certificate by cert and key")
	}
	a.key = strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || a.key == "" || len(a.key) > 255 || u.Opaque != "" || u.Fragment != "" {
		return a, errors.New("a KMIP server's key is named as " + form)
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	a.host = net.JoinHostPort(u.Hostname(), port)
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return a, fmt.Errorf("%v: options that are none", a)
	}
	if a.tls, err = config(u.Hostname(), options); err != nil {
		return a, fmt.Errorf("%v: %w", a, err)
	}
	return a, nil
}

// config reads the certificates.
func config(host string, options url.Values) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	for name := range options {
		switch value := options.Get(name); name {
		case "ca":
			text, err := os.ReadFile(value)
			if err != nil {
				return nil, fmt.Errorf("ca: %w", err)
			}
			c.RootCAs = x509.NewCertPool()
			if !c.RootCAs.AppendCertsFromPEM(text) {
				return nil, fmt.Errorf("ca: no certificate in %s", value)
			}
		case "cert", "key": // below
		case "server-name":
			c.ServerName = value
		case "ciphers":
			if value != "cbc" {
				return nil, errors.New("ciphers is cbc, or not there")
			}
			c.CipherSuites = cbcSuites()
		default:
			return nil, fmt.Errorf("no option %q; there are ca, cert, key, server-name and ciphers", name)
		}
	}
	if !options.Has("cert") || !options.Has("key") {
		return nil, errors.New("cert and key name no client certificate; a KMIP server knows its clients by that")
	}
	pair, err := tls.LoadX509KeyPair(options.Get("cert"), options.Get("key"))
	if err != nil {
		return nil, fmt.Errorf("cert and key: %s", remote.OneLine(err.Error()))
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}
