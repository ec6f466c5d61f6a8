// Package acme gets the server's certificate from a CA that speaks ACME (RFC 8555). A MySQL port cannot answer HTTP or
// TLS challenges, so names are proved by DNS records alone.
//
// The build tag no_acme leaves the client and its dependencies out.
package acme

import (
	"errors"
	"log/slog"
)

// ErrLeftOut says that this program was built without ACME.
var ErrLeftOut = errors.New("this program was built without ACME (tag no_acme)")

// AccountKeyFile is the name under which the account's key is kept in a certificate folder.
const AccountKeyFile = "acme-account-key.pem"

// Options say where certificates come from.
type Options struct {
	Directory  string       // URL of the service's directory
	Email      string       // where it may write to; may be empty
	Names      []string     // that certificates are for
	Provider   string       // exec, rfc2136 or httpreq; its settings are environment variables
	CA         string       // PEM file that the service's own certificate is verified against; empty is the system's
	Resolvers  []string     // DNS servers, host:port, that see the records; empty asks the names' own servers
	AccountKey string       // file that holds the account's key; it is made where there is none
	Log        *slog.Logger // nil is slog.Default
}
