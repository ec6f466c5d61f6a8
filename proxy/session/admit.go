package session

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// whoQuery asks who upstream takes the client for: the account whose row counts, the account of a proxy user, and the client as errors
// name it. Hexadecimal digits are the same in every character set that a client may have.
const whoQuery = "SELECT HEX(CONVERT(CURRENT_USER() USING utf8mb4)), HEX(CONVERT(COALESCE(@@proxy_user, '') USING utf8mb4)), USER()"

// who is an answer to whoQuery.
type who struct{ account, proxy, client string }

// errNotMet says that the client's side does not have what its account demands.
var errNotMet = errors.New("the client's connection does not meet the account's REQUIRE")

// admit checks what the account that upstream has logged the client in as demands of the client's TLS. It asks upstream only where an
// account of that name demands what this client does not have.
func (s *Session) admit() error {
	accounts := s.handler.cfg.Accounts
	if accounts == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.handler.cfg.HandshakeTimeout)
	defer cancel()
	list, ok := accounts.named(ctx, s.user)
	if ok && s.meetsAll(list) {
		return nil
	}
	var client string
	var err error
	if ok {
		client, err = s.meetsAccount(list)
	} else {
		client, err = s.meetsOwn()
	}
	if err == nil {
		return nil
	}
	var broken *wire.BrokenError
	if errors.As(err, &broken) {
		return s.lost(err)
	}
	return s.deny(client, err)
}

func (s *Session) meetsAll(list []account) bool {
	for _, a := range list {
		if !a.require.met(s.tls, s.MariaDB()) {
			return false
		}
	}
	return true
}

// meetsAccount finds the client's account among those with REQUIRE. One with none is not among them.
func (s *Session) meetsAccount(list []account) (client string, err error) {
	answers, err := s.inquire(whoQuery)
	if err != nil {
		return s.user, err
	}
	w, err := newWho(answers[0])
	if err != nil {
		return s.user, err
	}
	matched := w.account
	if w.proxy != "" { // the server looks at the account that authenticated
		matched = unquoteAccount(w.proxy)
	}
	for _, a := range list {
		if a.user+"@"+a.host == matched && !a.require.met(s.tls, s.MariaDB()) {
			return w.client, errNotMet
		}
	}
	return w.client, nil
}

// meetsOwn reads the client's account by its own right to see itself.
func (s *Session) meetsOwn() (client string, err error) {
	answers, err := s.inquire(whoQuery, "SHOW CREATE USER CURRENT_USER()")
	if err != nil {
		return s.user, err
	}
	w, err := newWho(answers[0])
	if err != nil {
		return s.user, err
	}
	switch rows := answers[1].rows; {
	case w.proxy != "":
		return w.client, errors.New("it came by a proxy user, whose REQUIRE cannot be seen without SELECT on mysql.user for upstream.user")
	case len(rows) != 1 || len(rows[0]) < 1:
		return w.client, wire.ErrMalformed
	case !requirementOf(rows[0][0], s.status&wire.StatusNoBackslashEscapes == 0).met(s.tls, s.MariaDB()):
		return w.client, errNotMet
	}
	return w.client, nil
}

func newWho(a asked) (w who, err error) {
	if len(a.rows) != 1 || len(a.rows[0]) != 3 {
		return w, wire.ErrMalformed
	}
	row := a.rows[0]
	account, err := hex.DecodeString(row[0])
	if err != nil {
		return w, wire.ErrMalformed
	}
	proxy, err := hex.DecodeString(row[1])
	if err != nil {
		return w, wire.ErrMalformed
	}
	return who{account: string(account), proxy: string(proxy), client: row[2]}, nil
}

// unquoteAccount makes user@host of 'user'@'host'.
func unquoteAccount(account string) string {
	user, host, _ := strings.Cut(account, "'@'")
	return strings.TrimPrefix(user, "'") + "@" + strings.TrimSuffix(host, "'")
}

// deny ends the login as a server does whose account demands more than the client has.
func (s *Session) deny(client string, why error) error {
	s.handler.cfg.Log.Warn("login denied", "connection", s.id, "user", s.user, "reason", why)
	s.up.ResetSequence()
	_ = s.send([]byte{byte(wire.ComQuit)}) // only a courtesy: the connection is closed in any case
	user, host := client, ""
	if i := strings.LastIndexByte(client, '@'); i >= 0 {
		user, host = client[:i], client[i+1:]
	}
	password := "NO"
	if s.password {
		password = "YES"
	}
	return s.refuse(wire.NewError(wire.CodeAccessDenied, "Access denied for user '%s'@'%s' (using password: %s)", user, host, password))
}
