//go:build !no_acme

package acme

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-acme/lego/v4/certcrypto"
	"github.com/go-acme/lego/v4/certificate"
	"github.com/go-acme/lego/v4/challenge"
	"github.com/go-acme/lego/v4/challenge/dns01"
	"github.com/go-acme/lego/v4/lego"
	legolog "github.com/go-acme/lego/v4/log"
	"github.com/go-acme/lego/v4/providers/dns/exec"
	"github.com/go-acme/lego/v4/providers/dns/httpreq"
	"github.com/go-acme/lego/v4/providers/dns/rfc2136"
	"github.com/go-acme/lego/v4/registration"

	"github.com/tdeproxy/tdeproxy/sslcert"
)

// Times that the service's answers may take. Records take longer to spread, which providers have settings for.
const (
	requestTimeout = 30 * time.Second
	orderTimeout   = 2 * time.Minute
)

// Client gets certificates of one ACME account.
type Client struct {
	opts     Options
	provider challenge.Provider
	roots    *x509.CertPool // nil is the system's
}

// New checks the options and the provider's settings in the environment. It asks nobody yet.
func New(opts Options) (*Client, error) {
	c := &Client{opts: opts}
	if c.opts.Log == nil {
		c.opts.Log = slog.Default()
	}
	var err error
	if c.provider, err = openProvider(opts.Provider); err != nil {
		return nil, fmt.Errorf("ACME's DNS provider: %w; its settings are environment variables", err)
	}
	if opts.CA == "" {
		return c, nil
	}
	data, err := os.ReadFile(opts.CA)
	if err != nil {
		return nil, fmt.Errorf("CA of the ACME service: %w", err)
	}
	c.roots = x509.NewCertPool()
	if !c.roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("CA of the ACME service: %s holds no certificate in PEM", opts.CA)
	}
	return c, nil
}

// openProvider reads a provider's settings. Only those that serve any DNS server are here: the others belong to one
// company each, and exec or httpreq reach them.
func openProvider(name string) (challenge.Provider, error) {
	switch name {
	case "exec":
		return exec.NewDNSProvider()
	case "rfc2136":
		return rfc2136.NewDNSProvider()
	case "httpreq":
		return httpreq.NewDNSProvider()
	}
	return nil, fmt.Errorf("no provider %q; one of exec, rfc2136, httpreq", name)
}

// Obtain gets a certificate with a new key. When ctx ends it returns; a DNS record may be left to the provider then.
func (c *Client) Obtain(ctx context.Context) (sslcert.Issued, error) {
	type result struct {
		issued sslcert.Issued
		err    error
	}
	done := make(chan result, 1) // the library waits for records without looking at ctx
	go func() {
		issued, err := c.obtain(ctx)
		done <- result{issued, err}
	}()
	select {
	case <-ctx.Done():
		return sslcert.Issued{}, ctx.Err()
	case r := <-done:
		if r.err != nil {
			return sslcert.Issued{}, fmt.Errorf("ACME service %s: %w", c.opts.Directory, oneLine(r.err))
		}
		return r.issued, nil
	}
}

func (c *Client) obtain(ctx context.Context) (sslcert.Issued, error) {
	key, err := accountKey(c.opts.AccountKey)
	if err != nil {
		return sslcert.Issued{}, err
	}
	who := &account{email: c.opts.Email, key: key}
	client, err := c.connect(ctx, who)
	if err != nil {
		return sslcert.Issued{}, err
	}
	// An account that there is already is found by its key.
	if who.registration, err = client.Registration.Register(registration.RegisterOptions{TermsOfServiceAgreed: true}); err != nil {
		return sslcert.Issued{}, fmt.Errorf("account: %w", err)
	}
	got, err := client.Certificate.Obtain(certificate.ObtainRequest{Domains: c.opts.Names, Bundle: true})
	if err != nil {
		return sslcert.Issued{}, fmt.Errorf("certificate for %s: %w", strings.Join(c.opts.Names, ", "), err)
	}
	return sslcert.Issued{Chain: got.Certificate, Key: got.PrivateKey}, nil
}

// connect prepares the library for one certificate.
func (c *Client) connect(ctx context.Context, who *account) (*lego.Client, error) {
	legolog.Logger = logger{c.opts.Log} // its log is one for the whole program
	config := lego.NewConfig(who)
	config.CADirURL = c.opts.Directory
	config.UserAgent = "tdeproxy"
	config.Certificate.KeyType = certcrypto.EC256
	config.Certificate.Timeout = orderTimeout
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12}
	config.HTTPClient = &http.Client{Timeout: requestTimeout, Transport: bound{ctx, transport}}
	client, err := lego.NewClient(config)
	if err != nil {
		return nil, err
	}
	var options []dns01.ChallengeOption
	if len(c.opts.Resolvers) > 0 {
		options = []dns01.ChallengeOption{
			dns01.AddRecursiveNameservers(dns01.ParseNameservers(c.opts.Resolvers)),
			dns01.RecursiveNSsPropagationRequirement(),
			dns01.DisableAuthoritativeNssPropagationRequirement(),
		}
	}
	return client, client.Challenge.SetDNS01Provider(c.provider, options...)
}

// account is what the library wants to know of one.
type account struct {
	email        string
	key          crypto.PrivateKey
	registration *registration.Resource
}

// GetEmail is where the service may write to.
func (a *account) GetEmail() string { return a.email }

// GetRegistration is the account as the service knows it.
func (a *account) GetRegistration() *registration.Resource { return a.registration }

// GetPrivateKey signs the account's requests.
func (a *account) GetPrivateKey() crypto.PrivateKey { return a.key }

// bound ends requests with a context that the library does not take.
type bound struct {
	ctx context.Context
	to  http.RoundTripper
}

// RoundTrip sends a request that ends when its own or the bound context does.
func (b bound) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := context.AfterFunc(b.ctx, func() { cancel(b.ctx.Err()) })
	response, err := b.to.RoundTrip(r.WithContext(ctx))
	if err != nil {
		stop()
		cancel(nil)
		return nil, err
	}
	response.Body = &body{response.Body, func() { stop(); cancel(nil) }}
	return response, nil
}
