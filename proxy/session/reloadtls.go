package session

import (
	"path/filepath"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

const (
	codeAccessDenied = 1227 // ER_SPECIFIC_ACCESS_DENIED_ERROR
	codeTLSSetup     = 3888 // ER_SSL_LIBRARY_ERROR

	tlsSetupText = "Failed to set up SSL because of the following SSL library error: "
	// signalText is how much text a SIGNAL takes, in characters.
	signalText = 128
)

// runTLS runs a statement about the server's TLS that is no SELECT and no SHOW. flags are those of more results.
func (s *Session) runTLS(p *plan.ServerTLS, flags uint16) (failed bool, err error) {
	if p.Action == plan.TLSSet {
		return s.setSecure(p, flags)
	}
	if err := s.mayReload(); err != nil {
		return true, s.answerOwn(err)
	}
	s.handler.cfg.Accounts.Flush()
	reason := s.handler.cfg.ServerTLS.Reload()
	if reason == nil {
		s.handler.cfg.Log.Info("certificates reloaded by a client's statement", "connection", s.id, "user", s.user)
		return false, s.SendOK(wire.OK{Status: s.status | flags})
	}
	s.handler.cfg.Log.Error("certificates not reloaded by a client's statement, the old ones stay",
		"connection", s.id, "user", s.user, "error", reason)
	if !p.Tolerant {
		return true, s.SendError(&wire.Error{Code: codeTLSSetup, State: "HY000", Message: tlsSetupText + reason.Error()})
	}
	return s.signal(reason, flags)
}

// mayReload asks upstream whether the client may reload certificates there, for then it may here. What it asks ends a transaction, as
// the statement itself does.
func (s *Session) mayReload() error {
	if s.MariaDB() {
		// It needs the privilege that FLUSH SSL needs, and only defragments a cache that is off by default.
		_, err := s.inquire("FLUSH LOCAL QUERY CACHE")
		return err
	}
	answers, err := s.inquire("COMMIT AND NO CHAIN NO RELEASE", "SHOW GRANTS")
	if err != nil {
		return err
	}
	for _, row := range answers[1].rows {
		if grants(row[0], "CONNECTION_ADMIN") {
			return nil
		}
	}
	return &wire.Error{Code: codeAccessDenied, State: "42000",
		Message: "Access denied; you need (at least one of) the CONNECTION_ADMIN privilege(s) for this operation"}
}

// grants says whether a row of SHOW GRANTS, which knows of active roles, gives a global privilege.
func grants(row, privilege string) bool {
	list, ok := strings.CutPrefix(row, "GRANT ")
	if !ok {
		return false
	}
	list, _, ok = strings.Cut(list, " ON *.* TO ")
	if !ok {
		return false
	}
	for _, p := range strings.Split(list, ",") {
		if strings.TrimSpace(p) == privilege {
			return true
		}
	}
	return false
}

// signal has upstream raise the warning, so that SHOW WARNINGS knows of it as well.
func (s *Session) signal(reason error, flags uint16) (failed bool, err error) {
	text := strings.ReplaceAll(reason.Error(), filepath.Dir(s.handler.cfg.ServerTLS.Served().Cert)+"/", "")
	if room := signalText - len(tlsSetupText); len(text) > room {
		text = strings.ToValidUTF8(text[:room-3], "") + "..."
	}
	q := wire.Query{SQL: []byte("SIGNAL SQLSTATE '01000' SET MYSQL_ERRNO = 3888, MESSAGE_TEXT = " + sqlString(tlsSetupText+text))}
	if err := s.SendCommand(q.Append(nil, s.caps)); err != nil {
		return false, err
	}
	return s.RelayAnswer(wire.AnswerQuery, flags)
}

// setSecure sets require_secure_transport here, where upstream would let the client set it there.
func (s *Session) setSecure(p *plan.ServerTLS, flags uint16) (failed bool, err error) {
	answers, err := s.inquire(p.Upstream)
	if err != nil {
		return true, s.answerOwn(err)
	}
	s.handler.cfg.ServerTLS.RequireSecure(p.Secure)
	s.handler.cfg.Log.Info("require_secure_transport set by a client's statement", "connection", s.id, "user", s.user, "value", onOff(p.Secure))
	return false, s.SendOK(wire.OK{Status: s.status | flags, Warnings: answers[0].warnings})
}
