package azurekms

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// credential gets tokens, and tells its faults from those of the vault.
type credential struct {
	azcore.TokenCredential
	reach *reach
}

// tokenFault is what kept a token from being there.
type tokenFault struct {
	err         error
	unreachable error // of a token service; nil where one answered
}

func (t *tokenFault) Error() string { return "no token" }

func (t *tokenFault) Unwrap() error { return t.err }

// NonRetriable keeps the SDK from asking again.
func (t *tokenFault) NonRetriable() {}

// GetToken implements azcore.TokenCredential.
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.reach.set(nil)
	token, err := c.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return token, &tokenFault{err, c.reach.last()}
	}
	return token, nil
}

// metadata is the address at which a machine of Azure has its managed identity. Elsewhere nobody is there, which says
// that there is no such identity, and not that the network is down.
const metadata = "169.254.169.254"

// reach is a client for token services that remembers whether the last one was reached: the SDK makes text of it.
type reach struct {
	client *http.Client
	mu     sync.Mutex
	err    error
}

func newReach() *reach {
	r := &reach{client: remote.NewClient(nil)}
	r.client.Transport = watched{r.client.Transport, r}
	return r
}

func (r *reach) set(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *reach) last() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

type watched struct {
	http.RoundTripper
	reach *reach
}

// RoundTrip implements http.RoundTripper.
func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := w.RoundTripper.RoundTrip(r)
	if r.URL.Hostname() != metadata {
		w.reach.set(err)
	}
	return answer, err
}

// vaultClient is the client for a vault.
func vaultClient() *http.Client {
	client := remote.NewClient(nil)
	client.Transport = challenged{client.Transport}
	return client
}

// challenged lets no challenge through that names no authority with a tenant: the SDK would panic.
type challenged struct{ http.RoundTripper }

var authority = regexp.MustCompile(`authorization="?([^", ]+)`)

// RoundTrip implements http.RoundTripper.
func (c challenged) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.RoundTripper.RoundTrip(r)
	if err != nil || answer.Header.Get("WWW-Authenticate") == "" {
		return answer, err
	}
	found := authority.FindStringSubmatch(answer.Header.Get("WWW-Authenticate"))
	if found == nil {
		answer.Header.Del("WWW-Authenticate")
		return answer, nil
	}
	if u, err := url.Parse(found[1]); err != nil || u.Host == "" || len(u.Path) < 2 {
		answer.Header.Del("WWW-Authenticate")
	}
	return answer, nil
}
