package rawmysql

import "encoding/binary"

// MariaDBBulk is MARIADB_CLIENT_STMT_BULK_OPERATIONS, of Config.Extended.
const MariaDBBulk uint32 = 1 << 2

const comStmtBulkExecute = 250

// Indicators of a parameter in a bulk execution.
const (
	BulkValue   byte = 0
	BulkNull    byte = 1
	BulkDefault byte = 2
	BulkIgnore  byte = 3
)

// Indicated is a parameter of which only the indicator counts.
func Indicated(typ, indicator byte) Param { return Param{Type: typ, Indicator: indicator} }

// Bulk runs the statement for many rows in one command, by COM_STMT_BULK_EXECUTE. A type is that of the first row that has a value
// of it; a parameter without a value and an indicator is NULL.
func (s *Stmt) Bulk(rows ...[]Param) ([]*Result, error) {
	if err := s.conn.command(comStmtBulkExecute, s.BulkPacket(rows...)); err != nil {
		return nil, err
	}
	return s.conn.readResults(true, nil)
}

// BulkPacket is the command's packet, without its first byte.
func (s *Stmt) BulkPacket(rows ...[]Param) []byte {
	body := binary.LittleEndian.AppendUint32(nil, s.ID)
	body = append(body, 128, 0) // the packet has types
	for i, p := range rows[0] {
		for _, row := range rows {
			if row[i].Value != nil {
				p = row[i]
				break
			}
		}
		body = append(body, p.Type, 0)
	}
	for _, row := range rows {
		for _, p := range row {
			switch {
			case p.Indicator != BulkValue:
				body = append(body, p.Indicator)
			case p.Value == nil:
				body = append(body, BulkNull)
			default:
				body = append(append(body, BulkValue), p.Value...)
			}
		}
	}
	return body
}
