package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leaf reads the first certificate of a file.
func leaf(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// The verbs from issuing to dropping the old CA, in a folder that no proxy uses.
func TestCertificateVerbs(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	certs := filepath.Join(dir, "var/certs")
	cert := func(args ...string) string {
		t.Helper()
		return must(t, dir, append([]string{"cert", args[0], "-c", "tdeproxy.toml"}, args[1:]...)...).stdout
	}
	server := func() *x509.Certificate { return leaf(t, filepath.Join(certs, "server-cert.pem")) }
	first := server()
	if out := cert("issue", "--names", "db.example.com,192.0.2.7"); !strings.Contains(out, "db.example.com, ") {
		t.Errorf("issue: %s", out)
	}
	if server().VerifyHostname("192.0.2.7") != nil || server().Equal(first) {
		t.Error("issue has not replaced the certificate")
	}
	issued := server()
	cert("renew")
	if server().Equal(issued) || server().VerifyHostname("db.example.com") != nil {
		t.Error("renew has not replaced the certificate, or lost a name")
	}
	renewed := server()
	cert("issue", "--out", dir, "--names", "elsewhere.example.com")
	if !server().Equal(renewed) || leaf(t, filepath.Join(dir, "server-cert.pem")).VerifyHostname("elsewhere.example.com") != nil {
		t.Error("issue --out")
	}
	out := cert("issue", "--client", "app")
	if _, err := tls.LoadX509KeyPair(filepath.Join(dir, "app-cert.pem"), filepath.Join(dir, "app-key.pem")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "app-key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("app-key.pem: %v %v", info, err)
	}
	serial := regexp.MustCompile(`serial +([0-9a-f]+)`).FindStringSubmatch(out)
	if serial == nil {
		t.Fatalf("issue --client prints no serial: %s", out)
	}
	if out := cert("revoke", "--cert", "app-cert.pem", "--serial", "0A:1b"); !strings.Contains(out, "client_ca = ") {
		t.Errorf("revoke: %s", out)
	}
	cert("revoke", "--serial", serial[1])
	data, err := os.ReadFile(filepath.Join(certs, "crl.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil || len(list.RevokedCertificateEntries) != 2 {
		t.Errorf("the list: %v %v", list, err)
	}
	for step, says := range []string{"step 1 of 3 is done", "step 2 of 3 is done", "the rotation is done"} {
		if out := cert("rotate"); !strings.Contains(out, says) || !strings.Contains(out, "now       ") {
			t.Errorf("rotate, step %d: %s", step+1, out)
		}
		show := cert("show")
		if next := strings.Contains(show, "rotation     step "); next != (step < 2) {
			t.Errorf("show after step %d: %s", step+1, show)
		}
		exported := cert("export")
		if n := strings.Count(exported, "BEGIN CERTIFICATE"); (n == 2) != (step < 2) {
			t.Errorf("export after step %d: %d certificates", step+1, n)
		}
	}
	if server().CheckSignatureFrom(leaf(t, filepath.Join(certs, "ca.pem"))) != nil {
		t.Error("the server's certificate is not of the CA in ca.pem")
	}
	cert("export", "--format", "jks", "--out", "ca.jks")
	cert("export", "--format", "p7b", "--out", "ca.p7b")
	for name, begins := range map[string]string{"ca.jks": "\xfe\xed\xfe\xed", "ca.p7b": "\x30\x82"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.HasPrefix(string(data), begins) {
			t.Errorf("%s: %.4x %v", name, data, err)
		}
	}
}

// What the verbs do not do is one line, and changes nothing.
func TestCertificateVerbsRefuse(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	must(t, dir, "cert", "issue", "-c", "tdeproxy.toml", "--client", "app")
	foreign := "[sslcert]\ncert = \"app-cert.pem\"\nkey = \"app-key.pem\"\nca = \"var/certs/ca.pem\"\n"
	list := "[sslcert]\nclient_ca = \"var/certs/ca.pem\"\ncrl = \"app-cert.pem\"\n"
	for name, text := range map[string]string{"foreign.toml": foreign, "list.toml": list} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, dir)
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"issue -c tdeproxy.toml --client app", 1, "exists"},
		{"issue -c tdeproxy.toml --client ../app", 1, "file's name"},
		{"issue -c tdeproxy.toml --client a --names b", 2, "none of the others can be"},
		{"rotate -c tdeproxy.toml --step 2", 1, "step 1 is next"},
		{"rotate -c tdeproxy.toml --step two", 2, "invalid argument"},
		{"revoke -c tdeproxy.toml --serial xyz", 1, "no hexadecimal number"},
		{"revoke -c tdeproxy.toml --cert tdeproxy.toml", 1, "no CERTIFICATE block"},
		{"revoke -c list.toml", 1, "revoke where that list is made"},
		{"export -c tdeproxy.toml --format pfx", 1, "pem, jks, p7b"},
		{"export -c tdeproxy.toml --format jks --password short", 1, "six characters"},
		{"renew -c foreign.toml", 1, "replaced where it comes from"},
		{"rotate -c foreign.toml", 1, "replaced where it comes from"},
		{"issue -c foreign.toml", 1, "replaced where it comes from"},
		{"show -c foreign.toml", 1, "does not chain to CA"}, // it is a client's
	} {
		r := tdeproxy(t, dir, append([]string{"cert"}, strings.Fields(test.args)...)...)
		if r.code != test.code || !strings.Contains(r.stderr, test.says) {
			t.Errorf("%s: exit %d, %s; want %d, %s", test.args, r.code, r.stderr, test.code, test.says)
		}
		oneClearLine(t, r)
	}
	same(t, "refused verbs", before, tree(t, dir))
}

// A running proxy follows each verb by itself, also with a certificate that is looked after elsewhere.
func TestServeFollowsVerbs(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	must(t, dir, "cert", "revoke", "-c", "tdeproxy.toml")
	s := start(t, dir, "", "[sslcert]\nclient_ca = \"var/certs/ca.pem\"\ncrl = \"var/certs/crl.pem\"\n")
	for i, verb := range [][]string{{"renew"}, {"rotate"}, {"rotate"}, {"rotate"}, {"issue"}, {"revoke", "--serial", "1"}} {
		must(t, dir, append([]string{"cert", verb[0], "-c", "tdeproxy.toml"}, verb[1:]...)...)
		if record := s.log("certificates reloaded"); record["generation"] != float64(i+2) {
			t.Errorf("after %v: %v", verb, record)
		}
	}
	if _, body := s.get("/metrics"); !strings.Contains(body, `tdeproxy_certificate_reloads_total{result="failed"} 0`) {
		t.Errorf("/metrics: %s", body)
	}
	s.signal(syscall.SIGTERM)
	s.ends(10 * time.Second)
}

// A very first start with a certificate of another CA makes the keys, and no CA.
func TestServeForeignCertificate(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	other := t.TempDir()
	text := "[sslcert]\n"
	for key, name := range map[string]string{"cert": "server-cert.pem", "key": "server-key.pem", "ca": "ca.pem"} {
		if err := os.Rename(filepath.Join(dir, "var/certs", name), filepath.Join(other, key)); err != nil {
			t.Fatal(err)
		}
		text += key + " = \"" + filepath.Join(other, key) + "\"\n"
	}
	fresh := t.TempDir()
	s := start(t, fresh, "", text)
	files := tree(t, fresh)
	if files["var/keyring.json"] == "" || files["var/certs/ca.pem"] != "" {
		t.Errorf("made %d files", len(files))
	}
	if err := os.Truncate(filepath.Join(other, "cert"), 10); err != nil {
		t.Fatal(err)
	}
	record := s.log("changed certificate files are not usable, the old ones stay")
	if why, _ := record["error"].(string); !strings.Contains(why, filepath.Join(other, "cert")) {
		t.Errorf("%v", record)
	}
	s.signal(syscall.SIGTERM)
	s.ends(10 * time.Second)
}

// A certificate of which a third is left is renewed by the proxy itself.
func TestServeRenews(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	certs := filepath.Join(dir, "var/certs")
	age(t, certs, 900*time.Hour, 100*time.Hour)
	s := start(t, dir, "", "[sslcert]\nnames = [\"db.example.com\"]\n")
	if record := s.log("certificate renewed"); record["because"] != "it ends soon" || record["generation"] != 2.0 {
		t.Errorf("%v", record)
	}
	renewed := leaf(t, filepath.Join(certs, "server-cert.pem"))
	if left := time.Until(renewed.NotAfter); left < 360*24*time.Hour || renewed.VerifyHostname("db.example.com") != nil {
		t.Errorf("renewed for %v, %v", left, renewed.DNSNames)
	}
	_, body := s.get("/metrics")
	for _, want := range []string{`renewals_total{result="ok"} 1`, `renewals_total{result="failed"} 0`, "files_unusable 0"} {
		if !strings.Contains(body, "\ntdeproxy_certificate_"+want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	s.signal(syscall.SIGTERM)
	s.ends(10 * time.Second)
}

// Settings of a DNS provider that are missing end a start, with the name of the variable.
func TestServeACMESettings(t *testing.T) {
	dir := t.TempDir()
	text := "[sslcert.acme]\ndirectory = \"https://127.0.0.1:1/dir\"\nnames = [\"db.example.com\"]\nprovider = \"rfc2136\"\n"
	if err := os.WriteFile(filepath.Join(dir, "t.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := tdeproxy(t, dir, "serve", "-c", "t.toml")
	r.stderr = withoutLogs(r.stderr)
	if r.code != 1 || !strings.Contains(r.stderr, "[sslcert.acme]: ") || !strings.Contains(r.stderr, "RFC2136_NAMESERVER") {
		t.Errorf("exit %d, %s", r.code, r.stderr)
	}
	oneClearLine(t, r)
}

// age has the folder's CA issue a server certificate that has lived for a while already.
func age(t *testing.T, certs string, past, left time.Duration) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(certs, "ca-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	caKey, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(certs, "server-cert.pem"), filepath.Join(certs, "server-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	aged := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pair.Leaf.Subject, DNSNames: append(pair.Leaf.DNSNames, "db.example.com"),
		NotBefore: time.Now().Add(-past), NotAfter: time.Now().Add(left), ExtKeyUsage: pair.Leaf.ExtKeyUsage,
	}
	der, err := x509.CreateCertificate(rand.Reader, aged, leaf(t, filepath.Join(certs, "ca.pem")), pair.Leaf.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(certs, "server-cert.pem"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}
