package session

import (
	"crypto/tls"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// ServerTLS is the proxy's side of its clients' TLS, which SQL shows and changes as a server's. Its functions are called
// by many sessions at once.
type ServerTLS struct {
	// Reload takes new certificate files into use, or says why not; then the old ones stay.
	Reload func() error
	// Served says what is served now.
	Served func() Served
	// RequireSecure changes what Config.RequireSecureTransport says.
	RequireSecure func(on bool)
}

// Served is what clients are served.
type Served struct {
	NotBefore, NotAfter time.Time          // of the certificate
	CA, Cert, Key, CRL  string             // paths; CRL may be empty
	ClientAuth          tls.ClientAuthType // what is asked of clients
}

// handshakes counts clients' TLS handshakes.
type handshakes struct{ begun, done, resumed atomic.Uint64 }

const (
	tlsVersions = "TLSv1.2,TLSv1.3"
	// ticketLifetime is how long crypto/tls lets a client resume a session, in seconds.
	ticketLifetime = "604800"
	// verifyDepth is OpenSSL's for "no limit".
	verifyDepth = "18446744073709551615"
	// OpenSSL's SSL_VERIFY_PEER with SSL_VERIFY_CLIENT_ONCE, and those with SSL_VERIFY_FAIL_IF_NO_PEER_CERT.
	verifyIfGiven, verifyAlways = "5", "7"
)

// libraryVersion is what stands for OpenSSL's version.
func libraryVersion() string { return "crypto/tls " + runtime.Version() }

func versionName(version uint16) string {
	return strings.Replace(tls.VersionName(version), "TLS ", "TLSv", 1)
}

// opensslTime prints a time as OpenSSL prints those of certificates.
func opensslTime(t time.Time) string { return t.UTC().Format("Jan _2 15:04:05 2006 GMT") }

func verifyMode(a tls.ClientAuthType) string {
	switch a {
	case tls.NoClientCert:
		return "0"
	case tls.RequireAndVerifyClientCert, tls.RequireAnyClientCert:
		return verifyAlways
	}
	return verifyIfGiven
}

// statusVariables are the server's status variables of TLS, by lower-case name, as this session's client sees them.
// Upstream decides which of them there are.
func (s *Session) statusVariables() map[string]string {
	served := s.handler.cfg.ServerTLS.Served()
	count := func(n *atomic.Uint64) string { return strconv.FormatUint(n.Load(), 10) }
	h := &s.handler.handshakes
	v := map[string]string{
		"current_tls_ca": served.CA, "current_tls_capath": "", "current_tls_cert": served.Cert, "current_tls_cipher": "",
		"current_tls_ciphersuites": "", "current_tls_crl": served.CRL, "current_tls_crlpath": "", "current_tls_key": served.Key,
		"current_tls_version": tlsVersions, "tls_library_version": libraryVersion(),
		"ssl_accept_renegotiates": "0", "ssl_accepts": count(&h.begun), "ssl_callback_cache_hits": "0", "ssl_client_connects": "0",
		"ssl_connect_renegotiates": "0", "ssl_ctx_verify_depth": verifyDepth, "ssl_ctx_verify_mode": verifyMode(served.ClientAuth),
		"ssl_finished_accepts": count(&h.done), "ssl_finished_connects": "0", "ssl_session_cache_hits": count(&h.resumed),
		"ssl_session_cache_misses": "0", "ssl_session_cache_mode": "SERVER", "ssl_session_cache_overflows": "0",
		"ssl_session_cache_size": "0", "ssl_session_cache_timeout": ticketLifetime, "ssl_session_cache_timeouts": "0",
		"ssl_used_session_cache_entries": "0", "ssl_server_not_after": opensslTime(served.NotAfter),
		"ssl_server_not_before": opensslTime(served.NotBefore),
		"ssl_cipher":            "", "ssl_cipher_list": "", "ssl_default_timeout": "0", "ssl_sessions_reused": "0", "ssl_verify_depth": "0",
		"ssl_verify_mode": "0", "ssl_version": "",
	}
	if s.tls == nil {
		if s.MariaDB() { // its dates are the connection's
			v["ssl_server_not_after"], v["ssl_server_not_before"] = "", ""
		}
		return v
	}
	v["ssl_cipher"], v["ssl_version"] = cipherName(s.tls.CipherSuite), versionName(s.tls.Version)
	v["ssl_cipher_list"], v["ssl_default_timeout"] = cipherList(), ticketLifetime
	v["ssl_verify_depth"], v["ssl_verify_mode"] = verifyDepth, verifyMode(served.ClientAuth)
	if s.tls.DidResume {
		v["ssl_sessions_reused"] = "1"
	}
	return v
}

// systemVariables are the server's system variables of TLS, by lower-case name, as SHOW VARIABLES has them.
func (s *Session) systemVariables() map[string]string {
	served := s.handler.cfg.ServerTLS.Served()
	return map[string]string{
		"have_openssl": "YES", "have_ssl": "YES", "require_secure_transport": onOff(s.requiresSecure()),
		"ssl_ca": served.CA, "ssl_capath": "", "ssl_cert": served.Cert, "ssl_cipher": "", "ssl_crl": served.CRL, "ssl_crlpath": "",
		"ssl_key": served.Key, "ssl_session_cache_mode": "ON", "ssl_session_cache_timeout": ticketLifetime,
		"tls_certificates_enforced_validation": "ON", "tls_ciphersuites": "", "tls_version": tlsVersions,
		"version_ssl_library": libraryVersion(),
	}
}

func onOff(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}

// variableExpr is the SQL for a system variable's value in the place of @@name, which is text. Upstream still sees the name, so that
// it raises its own error for one that it does not have, and the result has the variable's type and collation.
func (s *Session) variableExpr(name, text string) string {
	value := s.systemVariables()[name]
	switch name {
	case "require_secure_transport", "ssl_session_cache_mode", "tls_certificates_enforced_validation":
		if value = "0"; s.systemVariables()[name] == "ON" {
			value = "1"
		}
		return "COALESCE(" + value + ", " + text + ")"
	case "ssl_session_cache_timeout":
		return "COALESCE(" + value + ", " + text + ")"
	}
	if value == "" {
		return "NULLIF(" + text + ", " + text + ")"
	}
	return "COALESCE(" + sqlString(value) + ", " + text + ")"
}

// sqlString is a string as a literal that reads the same in every sql_mode and character set.
func sqlString(value string) string {
	if value == "" {
		return "''"
	}
	const digits = "0123456789abcdef"
	out := []byte("_utf8mb4 0x")
	for i := range len(value) {
		out = append(out, digits[value[i]>>4], digits[value[i]&15])
	}
	return string(out)
}
