package value

import "time"

// Range of a TIMESTAMP in seconds since 1970. The last second is left out: whether its fraction fits differs.
const (
	firstTimestamp = 1
	lastTimestamp  = 1<<31 - 2
)

// epoch is the moment in seconds since 1970 as if it were UTC.
func (m moment) epoch() int64 {
	return time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.sec, 0, time.UTC).Unix()
}

// fromEpoch is the moment that UTC shows for seconds since 1970.
func fromEpoch(seconds int64, micro int) moment {
	t := time.Unix(seconds, 0).UTC()
	m := moment{micro: micro, date: true, time: true}
	var month time.Month
	m.year, month, m.day = t.Date()
	m.month = int(month)
	m.hour, m.minute, m.sec = t.Clock()
	return m
}

// offsetAt is the zone's offset east of UTC, in seconds, at an instant.
func offsetAt(loc *time.Location, unix int64) int64 {
	_, offset := time.Unix(unix, 0).In(loc).Zone()
	return int64(offset)
}

// toUTC finds the one instant at which the zone's clocks showed m. A time that clocks skipped or showed twice has none.
func toUTC(m moment, loc *time.Location) (unix int64, ok bool) {
	if loc == nil {
		return 0, false
	}
	local := m.epoch()
	// No zone changes its clocks twice within two days, so the offsets a day before and after are all there are.
	before := local - offsetAt(loc, local-86400)
	after := local - offsetAt(loc, local+86400)
	fromBefore := before+offsetAt(loc, before) == local
	fromAfter := after+offsetAt(loc, after) == local
	switch {
	case fromBefore && fromAfter && before != after:
		return 0, false
	case fromBefore:
		return before, true
	}
	return after, fromAfter
}
