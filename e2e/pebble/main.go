// Command pebble is an ACME service for tests, on loopback: Let's Encrypt's Pebble, and a DNS server whose records the
// three kinds of DNS providers can change. It prints where everything is as one line of JSON, and ends with its
// standard input.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// started is what the tests are told.
type started struct {
	Directory string // URL of the ACME service
	CA        string // of the service's own certificate, in PEM
	Root      string // of the certificates that it issues, in PEM
	DNS       string // host:port of the DNS server
	Records   string // URL to change records by: POST /present and /cleanup of {"fqdn", "value"}
	Key       string // name of the TSIG key, HMAC-SHA256
	Secret    string // of the TSIG key
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pebble:", err)
		os.Exit(1)
	}
}

func run() error {
	records, err := startDNS()
	if err != nil {
		return err
	}
	changes, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { log.Println(http.Serve(changes, records.handler())) }()

	logger := log.New(os.Stderr, "", 0)
	os.Setenv("PEBBLE_VA_NOSLEEP", "1") // it is slow on purpose
	store := db.NewMemoryStore()
	authority := ca.New(logger, store, "", 0, 1, map[string]ca.Profile{"default": {Description: "the default"}})
	validation := va.New(logger, 80, 443, true, records.address, store)
	service := wfe.New(logger, store, validation, authority, true, false, 1, 1)
	pair, own, err := selfSigned()
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return err
	}
	go func() { log.Println(http.Serve(listener, service.Handler())) }()
	out := started{
		Directory: "https://" + listener.Addr().String() + wfe.DirectoryPath, CA: own,
		Root: string(authority.GetRootCert(0).PEM()),
		DNS:  records.address, Records: "http://" + changes.Addr().String(), Key: tsigKey, Secret: tsigSecret,
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// selfSigned makes the service's own certificate, which is its own CA.
func selfSigned() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pebble"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(text), nil
}
