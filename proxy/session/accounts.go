package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// accountsAge is how long the list of accounts with REQUIRE is used: one query a second, however many clients log in.
const accountsAge = time.Second

// accountsQuery reads the accounts with REQUIRE. MariaDB's mysql.user is a view of mysql.global_priv that has the same columns.
const accountsQuery = "SELECT User, Host, ssl_type, ssl_cipher, x509_issuer, x509_subject FROM mysql.user " +
	"WHERE ssl_type IN ('ANY', 'X509', 'SPECIFIED')"

// Accounts knows which of upstream's accounts demand something of their client's TLS (REQUIRE). Upstream checks that too,
// but on the proxy's connection to it; what it knows nothing of is the client's.
type Accounts struct {
	admin *upstream.Admin
	log   *slog.Logger

	mu     sync.Mutex
	list   []account
	read   time.Time // when list was; zero: to be read
	told   bool      // that it cannot be read
	broken bool
}

// account is one with REQUIRE.
type account struct {
	user, host string
	require    requirement
}

// NewAccounts reads accounts by the proxy's own one; log gets when that cannot.
func NewAccounts(admin *upstream.Admin, log *slog.Logger) *Accounts {
	return &Accounts{admin: admin, log: log}
}

// Flush forgets what was read.
func (a *Accounts) Flush() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read = time.Time{}
}

// Check reads the list and says once, in the log, when it cannot be read.
func (a *Accounts) Check(ctx context.Context) { a.named(ctx, "") }

// named returns the accounts with REQUIRE that a client could be logged in as that gave user as its name. ok is false where
// the list cannot be read: then the client's own connection must be asked.
func (a *Accounts) named(ctx context.Context, user string) (list []account, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.read.IsZero() || time.Since(a.read) > accountsAge {
		a.load(ctx)
	}
	if a.broken {
		return nil, false
	}
	for _, acc := range a.list {
		if acc.user == user || acc.user == "" || unusual(user) {
			list = append(list, acc)
		}
	}
	return list, true
}

// unusual says whether a server may know the user by another name: it takes quotes off, cuts long names and converts characters.
func unusual(user string) bool {
	const shortest = 32 // characters of MySQL's longest names; MariaDB's are longer
	if len(user) >= shortest || strings.HasPrefix(user, "'") {
		return true
	}
	for i := range len(user) {
		if user[i] >= 0x80 {
			return true
		}
	}
	return false
}

func (a *Accounts) load(ctx context.Context) {
	list, err := a.query(ctx)
	a.list, a.broken, a.read = list, err != nil, time.Now()
	if err == nil {
		a.told = false
		return
	}
	var refused *wire.Error
	if !errors.As(err, &refused) {
		a.read = time.Time{} // it is the connection: the next login tries again
	}
	if !a.told {
		a.log.Warn("which accounts REQUIRE what of TLS cannot be read, so each login costs one more round trip to ask for its own; "+
			"GRANT SELECT ON mysql.user to upstream.user", "error", err)
		a.told = true
	}
}

func (a *Accounts) query(ctx context.Context) ([]account, error) {
	r, err := a.admin.Query(ctx, accountsQuery)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	list := make([]account, r.RowNumber())
	for i := range list {
		var v [6]string
		for j := range v {
			if v[j], err = r.GetString(i, j); err != nil {
				return nil, fmt.Errorf("reading accounts: %w", err)
			}
		}
		list[i] = account{user: v[0], host: v[1], require: requirement{kind: v[2], cipher: v[3], issuer: v[4], subject: v[5]}}
	}
	return list, nil
}
