package value

// moment is a date, a time of day, or both, as its text says: nothing is normalised.
type moment struct {
	year, month, day  int
	hour, minute, sec int
	micro             int
	digits            int // after the point, in the text
	neg               bool
	date, time        bool // which halves the text had
}

// parseMoment reads "YYYY-MM-DD" or "YYYY-MM-DD HH:MM:SS[.ffffff]", every field in full width. It checks the clock's
// ranges but not the calendar's: zero dates pass.
func parseMoment(b []byte) (m moment, ok bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return moment{}, false
	}
	var y, mo, d bool
	m.year, y = number(b[0:4])
	m.month, mo = number(b[5:7])
	m.day, d = number(b[8:10])
	m.date = true
	if !y || !mo || !d || m.month > 12 || m.day > 31 {
		return moment{}, false
	}
	if len(b) == 10 {
		return m, true
	}
	if b[10] != ' ' || !m.clock(b[11:], 2) || m.hour > 23 {
		return moment{}, false
	}
	return m, true
}

// parseTime reads "[-]HH:MM:SS[.ffffff]" with two or three digits of hours.
func parseTime(b []byte) (m moment, ok bool) {
	if len(b) > 0 && b[0] == '-' {
		m.neg = true
		b = b[1:]
	}
	width := 2
	if len(b) > 2 && b[2] != ':' {
		width = 3
	}
	if !m.clock(b, width) {
		return moment{}, false
	}
	return m, true
}

// clock reads "HH:MM:SS[.ffffff]" with the given digits of hours into m.
func (m *moment) clock(b []byte, width int) bool {
	n := width + 6
	if len(b) < n || b[width] != ':' || b[width+3] != ':' {
		return false
	}
	var h, mi, s bool
	m.hour, h = number(b[:width])
	m.minute, mi = number(b[width+1 : width+3])
	m.sec, s = number(b[width+4 : n])
	m.time = true
	if !h || !mi || !s || m.minute > 59 || m.sec > 59 {
		return false
	}
	if len(b) == n {
		return true
	}
	m.digits = len(b) - n - 1
	micro, ok := number(b[n+1:])
	if b[n] != '.' || !ok || m.digits > 6 {
		return false
	}
	for range 6 - m.digits {
		micro *= 10
	}
	m.micro = micro
	return true
}

// number reads up to six digits.
func number(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// real reports whether the date exists and is past the year 0.
func (m moment) real() bool {
	return m.year > 0 && m.month > 0 && m.day > 0 && m.day <= daysIn(m.year, m.month)
}

// daysIn is the length of a month of 1 to 12.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// midnight reports whether the time of day is zero.
func (m moment) midnight() bool { return m.hour|m.minute|m.sec|m.micro == 0 }

// unit is the number of microseconds in the last of fsp digits.
func unit(fsp int) int {
	u := 1
	for ; fsp < 6; fsp++ {
		u *= 10
	}
	return u
}

// appendDate writes "YYYY-MM-DD".
func (m moment) appendDate(dst []byte) []byte {
	dst = append(pad(dst, m.year, 4), '-')
	dst = append(pad(dst, m.month, 2), '-')
	return pad(dst, m.day, 2)
}

// appendClock writes "[-]HH:MM:SS[.f]" with fsp digits of the fraction.
func (m moment) appendClock(dst []byte, fsp int) []byte {
	if m.neg {
		dst = append(dst, '-')
	}
	if m.hour > 99 {
		dst = append(dst, byte('0'+m.hour/100))
	}
	dst = append(pad(dst, m.hour%100, 2), ':')
	dst = append(pad(dst, m.minute, 2), ':')
	dst = pad(dst, m.sec, 2)
	if fsp == 0 {
		return dst
	}
	return pad(append(dst, '.'), m.micro/unit(fsp), fsp)
}

// appendDateTime writes "YYYY-MM-DD HH:MM:SS[.f]".
func (m moment) appendDateTime(dst []byte, fsp int) []byte {
	return m.appendClock(append(m.appendDate(dst), ' '), fsp)
}

// pad writes n in exactly width digits.
func pad(dst []byte, n, width int) []byte {
	for i := width - 1; i >= 0; i-- {
		p := 1
		for range i {
			p *= 10
		}
		dst = append(dst, byte('0'+n/p%10))
	}
	return dst
}

// excess cuts the fraction to fsp digits, as both servers do without a word: MariaDB by truncating, MySQL by rounding,
// if sql_mode does not say otherwise. It reports whether a last digit is to be added.
func (m *moment) excess(fsp int, ctx *Context) (carry bool) {
	u := unit(fsp)
	rest := m.micro % u
	m.micro -= rest
	if ctx.MariaDB {
		return ctx.TimeRoundFractional && 2*rest >= u
	}
	return !ctx.TimeTruncateFractional && 2*rest >= u
}

// fitDateTime gives a date and time the column's precision.
func (m moment) fitDateTime(fsp int, ctx *Context) (moment, bool) {
	if !m.excess(fsp, ctx) {
		return m, true
	}
	if m.micro += unit(fsp); m.micro < 1_000_000 {
		return m, true
	}
	m = fromEpoch(m.epoch()+1, 0)
	return m, m.year <= 9999
}

// fitTime gives a TIME the column's precision. What rounding takes to the end of the range is the server's.
func (m moment) fitTime(fsp int, ctx *Context) (moment, bool) {
	if !m.excess(fsp, ctx) {
		m.neg = m.neg && !m.midnight()
		return m, true
	}
	if m.micro += unit(fsp); m.micro < 1_000_000 {
		return m, true
	}
	seconds := (m.hour*60+m.minute)*60 + m.sec + 1
	m.micro = 0
	m.hour, m.minute, m.sec = seconds/3600, seconds/60%60, seconds%60
	return m, m.hour < 838
}
