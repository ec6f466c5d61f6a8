package exec

import (
	"errors"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// askForFile begins the packet by which a server asks for the file of a LOAD DATA LOCAL.
const askForFile = 0xfb

// loads says whether a plan's text keeps the literals of its statement, so that the plan is not kept.
func loads(p plan.Plan) bool {
	s, ok := p.(*plan.Store)
	return ok && s.Loads
}

// mayLoad refuses LOAD DATA LOCAL as the server does where the client or upstream does not allow it.
func (s *storeRun) mayLoad() error {
	_, row, err := s.queryRow("SELECT " + variablesAsBytes("GLOBAL.local_infile") + " LIMIT 1")
	if err != nil {
		return err
	}
	if isOn(row[0]) && s.caps.Has(wire.LocalFiles) {
		return nil
	}
	if s.catalog.mariaDB {
		return &wire.Error{Code: 4166, State: "HY000",
			Message: "The used command is not allowed because the MariaDB server or client has disabled the local infile capability"}
	}
	return &wire.Error{Code: 3948, State: "42000", Message: "Loading local data is disabled; this must be enabled on both the client and server sides"}
}

// file passes the client's file on to the evaluator, packet by packet. request names it. After an error the rest of the file
// is read and dropped, since the client sends it all.
func (s *storeRun) file(request []byte) error {
	if err := s.client.WritePacket(request); err != nil {
		return s.gone(err)
	}
	if err := s.client.Flush(); err != nil {
		return s.gone(err)
	}
	conn := s.bench.Conn()
	var failed error
	for {
		packet, err := s.client.ReadPacket()
		if err != nil {
			return s.gone(err)
		}
		if failed == nil {
			failed = s.bench.Take(s.into.Table, int64(len(packet)))
		}
		if failed == nil {
			if err := errors.Join(conn.WritePacket(packet), conn.Flush()); err != nil {
				failed = s.evaluated(err)
			}
		}
		if len(packet) == 0 {
			return failed
		}
	}
}
