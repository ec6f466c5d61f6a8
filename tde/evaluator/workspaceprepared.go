package evaluator

import (
	"encoding/binary"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// maxPrepared is how many prepared statements stay with a workspace.
const maxPrepared = 32

// preparedText is a statement that stays prepared from one lend to the next.
type preparedText struct {
	id     uint32
	params uint16
	used   uint64 // the clock's time
}

// Prepared is the prepared statement that Keep has kept of a text under the session that Set and Use have described.
func (w *Workspace) Prepared(sql []byte) (id uint32, params uint16, ok bool) {
	p := w.prepared[w.preparedKey(sql)]
	if p == nil {
		return 0, 0, false
	}
	w.clock++
	p.used = w.clock
	return p.id, p.params, true
}

// Prepare sends a text as COM_STMT_PREPARE. Unless Keep keeps it, nothing is left of it after Release.
func (w *Workspace) Prepare(sql []byte) error {
	return w.Command(append([]byte{byte(wire.ComStmtPrepare)}, sql...))
}

// Keep says that the statement that Prepare has sent last, as id, is for Prepared to find: the client executes it again.
// tainted is what Tainted said before it was prepared.
func (w *Workspace) Keep(sql []byte, id uint32, params uint16, tainted bool) error {
	key := w.preparedKey(sql)
	if key == "" {
		return nil
	}
	w.tainted = tainted
	w.clock++
	w.prepared[key] = &preparedText{id, params, w.clock}
	if len(w.prepared) <= maxPrepared {
		return nil
	}
	oldest := key
	for k, p := range w.prepared {
		if p.used < w.prepared[oldest].used {
			oldest = k
		}
	}
	w.conn.ResetSequence()
	packet := append(w.conn.Begin(), byte(wire.ComStmtClose)) // has no answer
	packet = binary.LittleEndian.AppendUint32(packet, w.prepared[oldest].id)
	delete(w.prepared, oldest)
	return w.conn.End(packet)
}

// Tainted says whether the lend may leave more behind than variables, so that Release resets the session.
func (w *Workspace) Tainted() bool { return w.tainted }

// Execute sends a COM_STMT_EXECUTE of a statement of Keep's.
func (w *Workspace) Execute(packet []byte) error {
	return w.command(func(b []byte) []byte { return append(b, packet...) })
}

// preparedKey holds all that decides how a text reads; "" where a statement must not be kept: what it leaves behind, or the
// types of user variables, would stay with it.
func (w *Workspace) preparedKey(sql []byte) string {
	if leavesBehind(sql) {
		return ""
	}
	if w.want.key == "" {
		var b strings.Builder
		for i := range w.want.vars {
			v := &w.want.vars[i]
			if strings.HasPrefix(v.Name, "@") {
				return ""
			}
			if !countless[v.Name] {
				b.WriteString(v.Name + "=" + v.Value + "\x00")
			}
		}
		b.WriteByte(0)
		w.want.key = b.String()
		if w.want.list == w.last.list {
			w.last.key = w.want.key
		}
	}
	return w.current + "\x00" + w.want.key + string(sql)
}
