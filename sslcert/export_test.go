package sslcert

import (
	"bytes"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
)

// Two CAs, as in a rotation, come out of each form as they went in; the programs that clients use read them.
func TestExport(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	cas := []*x509.Certificate{a.cert, b.cert}
	dir := t.TempDir()
	file := func(format, password string) string {
		data, err := Export(cas, format, password)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Export(cas, format, password)
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: another file the second time", format)
		}
		put(t, dir, map[string][]byte{format: data})
		return filepath.Join(dir, format)
	}
	t.Run("pem", func(t *testing.T) {
		data, err := os.ReadFile(file("pem", ""))
		if err != nil {
			t.Fatal(err)
		}
		certs, err := parseCertificates(data)
		if err != nil || len(certs) != 2 || !certs[0].Equal(a.cert) || !certs[1].Equal(b.cert) {
			t.Errorf("%v %v", certs, err)
		}
	})
	t.Run("p7b", func(t *testing.T) {
		path := file("p7b", "")
		if _, err := exec.LookPath("openssl"); err != nil {
			t.Fatal("openssl is needed: scripts/packages.sh openssl")
		}
		out, err := exec.Command("openssl", "pkcs7", "-inform", "DER", "-in", path, "-print_certs").Output()
		if err != nil {
			t.Fatal(err)
		}
		certs, err := parseCertificates(out)
		if err != nil || len(certs) != 2 || !certs[0].Equal(a.cert) || !certs[1].Equal(b.cert) {
			t.Errorf("openssl reads %v %v", certs, err)
		}
	})
	t.Run("jks", func(t *testing.T) {
		path := file("jks", "changeit")
		store := keystore.New()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := store.Load(f, []byte("changeit")); err != nil || len(store.Aliases()) != 2 {
			t.Fatalf("%v %v", store.Aliases(), err)
		}
		for alias, cert := range map[string]*x509.Certificate{"tdeproxy-ca-1": a.cert, "tdeproxy-ca-2": b.cert} {
			entry, err := store.GetTrustedCertificateEntry(alias)
			if err != nil || !bytes.Equal(entry.Certificate.Content, cert.Raw) {
				t.Errorf("%s: %v", alias, err)
			}
		}
		if _, err := Export(cas, "jks", "short"); err == nil || !strings.Contains(err.Error(), "six characters") {
			t.Errorf("a short password: %v", err)
		}
	})
	if _, err := Export(cas, "pfx", ""); err == nil || !strings.Contains(err.Error(), "pem, jks, p7b") {
		t.Errorf("an unknown format: %v", err)
	}
}

// Java itself reads the trust store, where there is one.
func TestExportKeytool(t *testing.T) {
	keytool, err := exec.LookPath("keytool")
	if err != nil {
		t.Skip("no Java here; TestExport reads the trust store with the library that wrote it")
	}
	a, b := newAuthority(t), newAuthority(t)
	data, err := Export([]*x509.Certificate{a.cert, b.cert}, "jks", "s3cret-store")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, dir, map[string][]byte{"store.jks": data})
	list := func(password string) (string, error) {
		out, err := exec.Command(keytool, "-list", "-rfc", "-keystore", filepath.Join(dir, "store.jks"), "-storepass", password).CombinedOutput()
		return string(out), err
	}
	out, err := list("s3cret-store")
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	certs, err := parseCertificates([]byte(out))
	if err != nil || len(certs) != 2 || !strings.Contains(out, "trustedCertEntry") || !strings.Contains(out, "tdeproxy-ca-2") {
		t.Errorf("keytool reads %d certificates, %v: %s", len(certs), err, out)
	}
	if out, err := list("another"); err == nil {
		t.Errorf("keytool takes a wrong password: %s", out)
	}
}
