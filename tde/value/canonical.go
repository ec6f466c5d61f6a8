package value

import (
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Canonical appends the token input of a stored value: two values of a kind are equal in SQL exactly if their canonical
// forms are. With weigh the form is the string's bytes in the column's character set, and what its collation makes of
// them decides: the caller gets the weights.
func Canonical(dst, stored []byte, col *schema.Column) (kind cell.Kind, canonical []byte, weigh bool, err error) {
	switch col.Kind {
	case schema.KindFloat, schema.KindDouble:
		f, err := storedDouble(stored)
		if err == nil {
			dst, err = cell.AppendDouble(dst, f)
		}
		return cell.Double, dst, false, err
	case schema.KindDecimal:
		canonical, err = cell.AppendDecimal(dst, stored)
		if err != nil {
			return 0, dst, false, ErrStored
		}
		return cell.Number, canonical, false, nil
	case schema.KindBit:
		if len(stored) > 8 {
			return 0, dst, false, ErrStored
		}
		return cell.Number, cell.AppendUint(dst, bigEndian(stored)), false, nil
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp, schema.KindTime:
		return canonicalTemporal(dst, stored, col)
	case schema.KindUUID, schema.KindINET4, schema.KindINET6:
		kind, canonical, err = address(dst, stored, col)
		if err != nil {
			err = ErrStored
		}
		return kind, canonical, false, err
	case schema.KindEnum, schema.KindSet:
		canonical, err = memberText(dst, stored, col, "")
		return cell.String, canonical, true, err
	}
	switch {
	case isInteger(col.Kind) || col.Kind == schema.KindYear:
		u, err := storedInt(stored)
		return cell.Number, appendInt(dst, u, col.Unsigned || col.Kind == schema.KindYear), false, err
	case isText(col.Kind):
		return cell.String, append(dst, stored...), true, nil
	case isBytes(col.Kind):
		return cell.Bytes, append(dst, stored...), false, nil
	}
	return 0, dst, false, ErrNeedsServer
}

// canonicalTemporal is the token input of DATE, DATETIME, TIMESTAMP and TIME.
func canonicalTemporal(dst, stored []byte, col *schema.Column) (kind cell.Kind, canonical []byte, weigh bool, err error) {
	switch col.Kind {
	case schema.KindTime:
		kind = cell.Time
		canonical, err = cell.AppendTime(dst, stored)
	case schema.KindTimestamp:
		kind = cell.Timestamp
		canonical, err = cell.AppendDateTime(dst, stored)
	default:
		kind = cell.DateTime
		canonical, err = cell.AppendDateTime(dst, stored)
	}
	if err != nil {
		return 0, dst, false, ErrStored
	}
	return kind, canonical, false, nil
}
