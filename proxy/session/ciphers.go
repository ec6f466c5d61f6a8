package session

import (
	"crypto/tls"
	"strings"
)

// opensslNames are the cipher suites of crypto/tls by the names that MySQL and its clients know them by.
var opensslNames = map[uint16]string{
	tls.TLS_AES_128_GCM_SHA256:                        "TLS_AES_128_GCM_SHA256",
	tls.TLS_AES_256_GCM_SHA384:                        "TLS_AES_256_GCM_SHA384",
	tls.TLS_CHACHA20_POLY1305_SHA256:                  "TLS_CHACHA20_POLY1305_SHA256",
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:       "ECDHE-ECDSA-AES128-GCM-SHA256",
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:       "ECDHE-ECDSA-AES256-GCM-SHA384",
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA:          "ECDHE-ECDSA-AES128-SHA",
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA:          "ECDHE-ECDSA-AES256-SHA",
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:         "ECDHE-RSA-AES128-GCM-SHA256",
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:         "ECDHE-RSA-AES256-GCM-SHA384",
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:   "ECDHE-RSA-CHACHA20-POLY1305",
	tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA:            "ECDHE-RSA-AES128-SHA",
	tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA:            "ECDHE-RSA-AES256-SHA",
}

// cipherName is a suite's OpenSSL name.
func cipherName(suite uint16) string {
	if name, ok := opensslNames[suite]; ok {
		return name
	}
	return tls.CipherSuiteName(suite)
}

// cipherList has the suites that the proxy offers, TLS 1.3's first, as Ssl_cipher_list does.
func cipherList() string {
	var names []string
	for _, version := range [...]uint16{tls.VersionTLS13, tls.VersionTLS12} {
		for _, suite := range tls.CipherSuites() {
			// Of a suite for both versions there is none.
			if suite.SupportedVersions[len(suite.SupportedVersions)-1] != version {
				continue
			}
			if name, ok := opensslNames[suite.ID]; ok {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ":")
}
