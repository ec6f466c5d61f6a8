package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"syscall"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// Unreached says what of the network an error tells, in words that hold no URL, and of which class that is; the class is
// nil where it tells of none. keyring.ErrUnavailable is what another try may mend. What waiting does not cure is final:
// keyring.ErrAnswer where another than the KMS answers, as a certificate that is not trusted says or a protocol that is
// not its own, and keyring.ErrDenied where the other side ended the TLS handshake, which is what it does to a client
// certificate that it does not take.
func Unreached(err error) (said string, class error) {
	var (
		timeout net.Error
		dns     *net.DNSError
		op      *net.OpError
		inURL   *url.Error
	)
	if said := stranger(err); said != "" {
		return said, keyring.ErrAnswer
	}
	switch {
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert
		return op.Error(), keyring.ErrDenied
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time", keyring.ErrUnavailable
	case errors.Is(err, context.Canceled):
		return "given up", keyring.ErrUnavailable
	case errors.As(err, &dns):
		return dns.Error(), keyring.ErrUnavailable
	case op != nil:
		return op.Error(), keyring.ErrUnavailable
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer was cut short", keyring.ErrUnavailable
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was closed without an answer", keyring.ErrUnavailable
	case errors.As(err, &inURL):
		return fmt.Sprintf("the connection failed (%T)", inURL.Err), keyring.ErrUnavailable
	}
	return "", nil
}

// stranger says by what it shows that another than the KMS answers; it is empty where nothing shows that.
func stranger(err error) string {
	var (
		trust  *tls.CertificateVerificationError
		record tls.RecordHeaderError
		header textproto.ProtocolError
		inURL  *url.Error
	)
	switch {
	case errors.Is(err, errLarge):
		return errLarge.Error()
	case errors.As(err, &trust):
		return trust.Error()
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the connection failed: what answers does not speak TLS"
	case !errors.As(err, &inURL):
		return ""
	case errors.As(err, &header), strings.Contains(inURL.Err.Error(), "malformed HTTP"): // Go has no type for it
		return "the connection failed: what answers does not speak HTTP"
	case strings.HasPrefix(inURL.Err.Error(), "tls: "): // no common version or the like
		return "the connection failed: " + inURL.Err.Error()
	}
	return ""
}

// NetworkFault is the fault of a KMS that an error of its connection is. What is none of the network's is an answer that
// is none, and shows its own text: for a driver whose errors hold no keys.
func NetworkFault(err error) error {
	said, class := Unreached(err)
	if class == nil {
		class, said = keyring.ErrAnswer, err.Error()
	}
	return fmt.Errorf("%w: %s", class, OneLine(said))
}

// Unreached is the error of a call that did not get through the network, and nil for an error that tells of no network.
// Service is what was to be reached where it is not the KMS: "the token service".
func (k Key) Unreached(service string, err error) error {
	said, class := Unreached(err)
	if class == nil {
		return nil
	}
	if service != "" {
		said = service + ": " + said
	}
	var trust *tls.CertificateVerificationError
	switch {
	case errors.As(err, &trust):
		return k.fault(class, said, "have its CA trusted by SSL_CERT_FILE, or see what answers in its place")
	case class == keyring.ErrDenied: // no credentials were asked for
		return k.fault(class, said, "see that the address is right, and what proxies in between ask for")
	}
	return k.Fault(class, said)
}
