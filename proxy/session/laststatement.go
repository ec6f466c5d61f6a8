package session

import (
	"encoding/binary"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// lastStatement is the id by which MariaDB's clients name the statement that they have prepared last, whose own they need not know yet: they
// prepare and execute in one round trip.
const lastStatement = 1<<32 - 1

// takesStatement are the commands that name a prepared statement, as MariaDB calls them in errors; "" has no answer.
var takesStatement = map[wire.Command]string{
	wire.ComStmtExecute: "mysqld_stmt_execute", wire.ComStmtBulkExecute: "mysqld_stmt_bulk_execute", wire.ComStmtFetch: "mysqld_stmt_fetch",
	wire.ComStmtReset: "mysqld_stmt_reset", wire.ComStmtSendLongData: "", wire.ComStmtClose: "",
}

// codeUnknownStatement is ER_UNKNOWN_STMT_HANDLER.
const codeUnknownStatement = 1243

// resolve puts the id of the statement that was prepared last in the place of lastStatement: what upstream has prepared last is another one, where
// the proxy runs the client's. Commands for statements that are not there stay here, since they have values. done says that there is nothing
// left to do.
func (e *encryption) resolve(s *Session, packet []byte) (done bool, err error) {
	name, takes := takesStatement[wire.Command(packet[0])]
	id, ok := wire.ExecuteStatement(packet)
	if !takes || !ok {
		return false, nil
	}
	if id == lastStatement && s.MariaDB() && e.last != 0 {
		id = e.last
		binary.LittleEndian.PutUint32(packet[1:], id)
	}
	if e.forwarded[id] != nil || e.tls[id] != nil || e.run.Owns(id) {
		return false, nil
	}
	if name == "" {
		return true, nil
	}
	if !s.MariaDB() {
		name = "mysql_stmt_precheck"
	}
	return true, &wire.Error{
		Code: codeUnknownStatement, State: "HY000", Message: fmt.Sprintf("Unknown prepared statement handler (%d) given to %s", id, name),
	}
}
