//go:build no_acme

package acme

import (
	"context"

	"github.com/tdeproxy/tdeproxy/sslcert"
)

// Client would get certificates.
type Client struct{}

// New is ErrLeftOut.
func New(Options) (*Client, error) { return nil, ErrLeftOut }

// Obtain is ErrLeftOut.
func (*Client) Obtain(context.Context) (sslcert.Issued, error) {
	return sslcert.Issued{}, ErrLeftOut
}
