package alikms

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// noAnswer is an answer that is not JSON of KMS's kind. The SDK would not notice.
type noAnswer struct{ status int }

func (n *noAnswer) Error() string { return remote.Status(n.status, "not in the form of KMS") }

// transport carries the SDK's requests, in place of its own, which knows no whole answers and gives errors with the URL,
// in whose query the key stands.
type transport struct{ client *http.Client }

// Call sends a request. The SDK's transport is not used.
func (t transport) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	r.Header.Del("Proxy-Authorization") // the SDK puts the proxy's password here, where KMS would get it
	answer, err := t.client.Do(r)
	if err != nil {
		var inURL *url.Error
		if errors.As(err, &inURL) {
			err = inURL.Err
		}
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil || answer.StatusCode/100 == 3 {
		return nil, &noAnswer{answer.StatusCode}
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
