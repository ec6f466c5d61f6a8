package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check collects what is wrong with decoded settings: values and combinations. A key that the decoder has already
// found fault with still has its default here, and is not reported again.
func (c *collector) check(cfg *Config) {
	c.checkListen(&cfg.Listen)
	c.checkUpstream(cfg)
	c.checkSSLCert(&cfg.SSLCert)
	c.checkKeyring(&cfg.Keyring)
	c.checkEvaluator(&cfg.Evaluator)
	if cfg.Admin.Address != "" {
		c.address("admin.address", cfg.Admin.Address)
	}
	if cfg.Admin.Address != "" && cfg.Admin.Address == cfg.Listen.Address && !strings.HasSuffix(cfg.Admin.Address, ":0") {
		c.add("admin.address", "is the same as listen.address", "another port")
	}
	c.oneOf("log.level", cfg.Log.Level, "debug", "info", "warn", "error")
	c.oneOf("log.format", cfg.Log.Format, "auto", "json", "text")
	c.checkObservers(cfg)
	c.checkEncrypt(cfg.Encrypt)
	c.checkColumns(cfg.Column)
}

func (c *collector) checkListen(l *Listen) {
	c.address("listen.address", l.Address)
	c.within("listen.max_connections", int64(l.MaxConnections), 1, 1_000_000)
	if l.HandshakeTimeout < time.Second {
		c.add("listen.handshake_timeout", "is "+l.HandshakeTimeout.String(), `at least "1s"`)
	}
	if l.MaxAllowedPacket < 1<<20 || l.MaxAllowedPacket > 1<<30 {
		c.add("listen.max_allowed_packet", fmt.Sprintf("is %d bytes", l.MaxAllowedPacket), `a size from "1MiB" to "1GiB"`)
	}
}

func (c *collector) checkUpstream(cfg *Config) {
	u := &cfg.Upstream
	c.address("upstream.address", u.Address)
	if u.User == "" {
		c.add("upstream.user", "is empty", "the name of the proxy's own account upstream")
	}
	c.passwordFile("upstream.password_file", u.PasswordFile, &u.Password)
	c.readable("upstream.ca", u.CA, "a PEM file with the CA of upstream's certificate")
	c.readable("upstream.cert", u.Cert, "a PEM file with the proxy's client certificate")
	c.readable("upstream.key", u.Key, "a PEM file with the key of upstream.cert")
	if u.ConnectTimeout < 100*time.Millisecond {
		c.add("upstream.connect_timeout", "is "+u.ConnectTimeout.String(), `at least "100ms"`)
	}
	if c.oneOf("upstream.tls", u.TLS, "disabled", "preferred", "required", "verify-ca", "verify-identity") {
		c.checkUpstreamTLS(u)
	}
}

// checkUpstreamTLS finds TLS settings that would silently not be used, or could not work.
func (c *collector) checkUpstreamTLS(u *Upstream) {
	verify := strings.HasPrefix(u.TLS, "verify-")
	socket := strings.HasPrefix(u.Address, "/")
	if socket && (u.TLS == "required" || verify) {
		c.add("upstream.tls", "is "+u.TLS+" but upstream.address is a unix socket, which has no TLS",
			`"preferred" or "disabled", or a host:port as address`)
	}
	if verify && u.CA == "" {
		c.add("upstream.tls", "is "+u.TLS+" without upstream.ca", "ca = a PEM file to verify upstream's certificate against")
	}
	if u.CA != "" && !verify {
		c.add("upstream.ca", "is never looked at with tls = "+u.TLS, `tls = "verify-ca" or "verify-identity"`)
	}
	if u.Cert != "" && u.Key == "" {
		c.add("upstream.cert", "is given without key", "both or neither")
	}
	if u.Key != "" && u.Cert == "" {
		c.add("upstream.key", "is given without cert", "both or neither")
	}
	if u.Cert != "" && u.TLS == "disabled" {
		c.add("upstream.cert", "is never used with tls = disabled", `tls = "required" or stricter`)
	}
}

func (c *collector) checkSSLCert(s *SSLCert) {
	c.notEmpty("sslcert.dir", s.Dir, "the folder of ca.pem, server-cert.pem and server-key.pem")
	if slices.Contains(s.Names, "") {
		c.add("sslcert.names", "holds an empty name", "host names and IP addresses")
	}
	// client_ca may be the ca.pem that the first start makes.
	if s.ClientCA != s.Dir+"/ca.pem" {
		c.readable("sslcert.client_ca", s.ClientCA, "a PEM file with the CA of client certificates")
	}
	c.readable("sslcert.crl", s.CRL, "a PEM or DER file with the revoked client certificates")
	if s.RequireClientCert && s.ClientCA == "" {
		c.add("sslcert.require_client_cert", "is true without client_ca", "client_ca = the CA to verify them against")
	}
	if s.CRL != "" && s.ClientCA == "" {
		c.add("sslcert.crl", "is given without client_ca", "client_ca = the CA that signed the list")
	}
	c.readable("sslcert.cert", s.Cert, "a PEM file with the server's certificate and its intermediates")
	c.readable("sslcert.key", s.Key, "a PEM file with the key of sslcert.cert")
	c.readable("sslcert.ca", s.CA, "a PEM file with the CA that sslcert.cert chains to")
	switch {
	case s.Cert != "" && s.Key == "":
		c.add("sslcert.cert", "is given without key", "both or neither")
	case s.Key != "" && s.Cert == "":
		c.add("sslcert.key", "is given without cert", "both or neither")
	case s.CA != "" && s.Cert == "":
		c.add("sslcert.ca", "is given without cert and key", "all three, or ca.pem in sslcert.dir")
	}
	if s.Cert != "" && s.RenewBefore != 0 {
		c.add("sslcert.renew_before", "is given beside cert, which is renewed where it comes from", "one of the two")
	}
	c.checkACME(s)
}

func (c *collector) checkACME(s *SSLCert) {
	a := &s.ACME
	if a.Directory == "" {
		for path, given := range map[string]bool{
			"email": a.Email != "", "names": len(a.Names) > 0, "provider": a.Provider != "", "ca": a.CA != "",
			"resolvers": len(a.Resolvers) > 0,
		} {
			if given {
				c.add("sslcert.acme."+path, "is given without directory", "directory = the URL of the ACME service")
			}
		}
		return
	}
	if u, err := url.Parse(a.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		c.add("sslcert.acme.directory", fmt.Sprintf("%q is no https URL", a.Directory), "the URL of the ACME service's directory")
	}
	if len(a.Names) == 0 || slices.Contains(a.Names, "") {
		c.add("sslcert.acme.names", "holds no name or an empty one", "the host names that the certificate is for")
	}
	for _, name := range s.Names {
		_, parent, _ := strings.Cut(name, ".")
		if !slices.Contains(a.Names, name) && !slices.Contains(a.Names, "*."+parent) {
			c.add("sslcert.names", name+" is none of sslcert.acme.names", "names that the ACME certificate is for")
		}
	}
	c.oneOf("sslcert.acme.provider", a.Provider, "exec", "rfc2136", "httpreq")
	for _, resolver := range a.Resolvers {
		if _, _, err := net.SplitHostPort(resolver); err != nil {
			c.add("sslcert.acme.resolvers", fmt.Sprintf("%q is no address", resolver), "host:port, such as 10.0.0.53:53")
		}
	}
	c.readable("sslcert.acme.ca", a.CA, "a PEM file with the CA of the ACME service's own certificate")
	if s.Cert != "" {
		c.add("sslcert.acme.directory", "is given beside sslcert.cert", "one of the two")
	}
	// Whoever has a certificate of the public CA could come in as a client.
	if s.ClientCA == s.Dir+"/ca.pem" {
		c.add("sslcert.client_ca", "is the ca.pem that ACME's public CA is added to", "a file with the CA of your clients alone")
	}
}

// kmsKinds are the schemes of keyring.kms; cmd/tdeproxy has a driver for each.
var kmsKinds = []string{"file", "vault", "alicloudkms", "awskms", "gcpkms", "azurekeyvault", "kmip", "pkcs11"}

const kmsExample = "file: and a path, such as file:var/master.key"

func (c *collector) checkKeyring(k *Keyring) {
	c.notEmpty("keyring.file", k.File, "the path of the file for wrapped master keys")
	if k.KMSTimeout < time.Second {
		c.add("keyring.kms_timeout", "is "+k.KMSTimeout.String(), `at least "1s"`)
	}
	scheme, rest, _ := strings.Cut(k.KMS, ":")
	switch {
	case k.KMS == "":
		c.add("keyring.kms", "is empty", kmsExample)
	case !slices.Contains(kmsKinds, scheme):
		c.add("keyring.kms", fmt.Sprintf("no KMS of the kind %q", scheme), "one of "+strings.Join(kmsKinds, ", "))
	case scheme != "file":
	case rest == "":
		c.add("keyring.kms", "names no file", kmsExample)
	case rest == k.File:
		c.add("keyring.kms", "is the same file as keyring.file", "another file for the key")
	}
}

func (c *collector) checkEvaluator(e *Evaluator) {
	switch {
	case e.Server == "auto" || e.Server == "off":
	case strings.HasPrefix(e.Server, "/"):
		c.readable("evaluator.server", e.Server, "the path of a mariadbd or mysqld")
	default:
		c.add("evaluator.server", fmt.Sprintf("is %q", e.Server), `"auto", "off" or the path of a mariadbd or mysqld`)
	}
	if e.Socket != "" && e.Server != "auto" {
		c.add("evaluator.socket", fmt.Sprintf("is given beside server = %q", e.Server), "one of the two")
	}
	switch {
	case e.Socket != "" && e.User == "":
		c.add("evaluator.user", "is not given beside socket", "the name of the proxy's account there")
	case e.Socket == "" && (e.User != "" || e.Password != "" || e.PasswordFile != ""):
		c.add("evaluator.user", "is given without socket", "evaluator.socket: a server that the proxy starts has accounts of its own")
	}
	c.passwordFile("evaluator.password_file", e.PasswordFile, &e.Password)
	c.notEmpty("evaluator.dir", e.Dir, "a folder on a tmpfs, such as /dev/shm/tdeproxy")
	if e.Memory < 64<<20 {
		c.add("evaluator.memory", fmt.Sprintf("is %d bytes", e.Memory), `at least "64MiB"`)
	}
	if dir, err := os.Stat(e.Tmpdir); e.Tmpdir != "" && (err != nil || !dir.IsDir()) {
		c.add("evaluator.tmpdir", fmt.Sprintf("is %q", e.Tmpdir), "a folder that exists")
	}
	if e.MaxTmpSpace < 0 {
		c.add("evaluator.max_tmp_space", fmt.Sprintf("is %d bytes", e.MaxTmpSpace), `"0" or more`)
	}
}

func (c *collector) checkObservers(cfg *Config) {
	c.oneOf("audit.on_error", cfg.Audit.OnError, "refuse", "alert")
	if cfg.Trace.Endpoint != "" {
		u, err := url.Parse(cfg.Trace.Endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			c.add("trace.endpoint", fmt.Sprintf("%q is no http or https URL", cfg.Trace.Endpoint), "such as http://127.0.0.1:4318")
		}
	}
}

// systemDatabases hold no table that could be encrypted.
var systemDatabases = []string{"information_schema", "mysql", "performance_schema", "sys"}

func (c *collector) checkEncrypt(rules []Encrypt) {
	for i, rule := range rules {
		path := "encrypt[" + strconv.Itoa(i) + "]"
		if rule.Database == "" {
			c.add(path+".database", "is missing or empty", `a database name, or "*" for all of them`)
		}
		if slices.Contains(systemDatabases, strings.ToLower(rule.Database)) {
			c.add(path+".database", rule.Database+" is a system database, which cannot be encrypted", "a database of yours")
		}
		if strings.Contains(rule.Database, "*") && rule.Database != "*" {
			c.add(path+".database", fmt.Sprintf("%q is a pattern", rule.Database), `a whole name, or "*" for all databases`)
		}
		if rule.Tables != nil && len(rule.Tables) == 0 {
			c.add(path+".tables", "is an empty list, which encrypts nothing", "table names, or no tables key for all of them")
		}
		for _, table := range rule.Tables {
			if table == "" || strings.Contains(table, ".") {
				c.add(path+".tables", fmt.Sprintf("%q is no table name", table), "names without the database, * for any characters")
			}
		}
	}
}

func (c *collector) checkColumns(columns []Column) {
	seen := map[string]int{}
	for i, column := range columns {
		path := "column[" + strconv.Itoa(i) + "]"
		parts := strings.Split(column.Name, ".")
		switch {
		case column.Name == "":
			c.add(path+".name", "is missing or empty", "database.table.column")
		case len(parts) != 3 || slices.Contains(parts, ""):
			c.add(path+".name", fmt.Sprintf("%q is no full column name", column.Name), "database.table.column")
		default:
			name := strings.ToLower(column.Name)
			if first, twice := seen[name]; twice {
				c.add(path+".name", fmt.Sprintf("%s has a [[column]] on line %d already", column.Name, first), "one for each column")
			}
			seen[name] = c.lines.of(path)
		}
		if column.Index == "" {
			c.add(path+".index", "is missing or empty", `"equality", "range" or "none"`)
			continue
		}
		c.oneOf(path+".index", column.Index, "equality", "range", "none")
	}
}

// address checks host:port, or for upstream also the absolute path of a unix socket.
func (c *collector) address(path, addr string) {
	want := "host:port, such as 127.0.0.1:3307"
	if path == "upstream.address" {
		want = "host:port or the absolute path of a unix socket"
		if strings.HasPrefix(addr, "/") {
			return
		}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || (host == "" && path == "upstream.address") {
		c.add(path, fmt.Sprintf("%q is no address", addr), want)
		return
	}
	n, err := strconv.Atoi(port)
	lowest := 0
	if path == "upstream.address" {
		lowest = 1
	}
	if err != nil || n < lowest || n > 65535 {
		c.add(path, fmt.Sprintf("%q is no port", port), fmt.Sprintf("a number from %d to 65535", lowest))
	}
}

// readable checks that a named file is there and is one; an empty name is fine.
func (c *collector) readable(path, name, want string) bool {
	if name == "" {
		return false
	}
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		c.add(path, "no file "+name, want)
	case err != nil:
		c.add(path, "cannot look at "+name+": "+reason(err), want)
	case info.IsDir():
		c.add(path, name+" is a folder", want)
	default:
		f, err := os.Open(name)
		if err != nil {
			c.add(path, "cannot read "+name+": "+reason(err), want)
			return false
		}
		f.Close()
		return true
	}
	return false
}

func (c *collector) notEmpty(path, value, want string) {
	if value == "" {
		c.add(path, "is empty", want)
	}
}

func (c *collector) within(path string, n, lowest, highest int64) {
	if n < lowest || n > highest {
		c.add(path, fmt.Sprintf("is %d", n), fmt.Sprintf("a number from %d to %d", lowest, highest))
	}
}

func (c *collector) oneOf(path, value string, words ...string) bool {
	if slices.Contains(words, value) {
		return true
	}
	want := "one of " + strings.Join(words, ", ")
	if near := nearest(value, words); near != "" {
		want = fmt.Sprintf("did you mean %q? (%s)", near, want)
	}
	c.add(path, fmt.Sprintf("is %q", value), want)
	return false
}
