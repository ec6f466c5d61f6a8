package remote

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// maxAnswer is the most that a KMS or a token service may answer, in bytes.
const maxAnswer = 1 << 20

// errLarge is what the client gives for an answer longer than that.
var errLarge = errors.New("the answer is too long for one")

// NewClient makes the HTTP client of a KMS, on a transport or, for nil, on one like Go's default: it takes the proxies
// that the environment names and certificates that the system trusts. It reads answers whole before it gives them, so
// that a cut one is an error of the network and no riddle for JSON, and follows no redirection.
func NewClient(t *http.Transport) *http.Client {
	if t == nil {
		t = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &http.Client{
		Transport:     Whole(t),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Whole is a transport that reads answers whole before it gives them, and gives none that is cut short.
func Whole(t http.RoundTripper) http.RoundTripper { return whole{t} }

type whole struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w whole) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, errLarge
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
