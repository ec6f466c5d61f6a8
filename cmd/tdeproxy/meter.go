package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// meter shows how far a table's conversion is: by a bar on a terminal, and elsewhere, in logs and pipes, by a line now and then.
type meter struct {
	out  io.Writer
	name string
	bar  *progressbar.ProgressBar // nil: lines

	said  time.Time // when the last line was
	tenth uint64    // that it told of
	rows  uint64
}

// A line comes after each tenth of the rows, and where that takes long, after a while; never sooner than shortest.
const (
	shortest = time.Second
	longest  = 10 * time.Second
)

func newMeter(out io.Writer, name string, now time.Time) *meter {
	m := &meter{out: out, name: name, said: now}
	if terminal(out) {
		// Without an interval of its own for the spinner: that one is turned by a
		// goroutine which reads the bar's state without its lock.
		m.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(name),
			progressbar.OptionSetSpinnerChangeInterval(0),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"), progressbar.OptionClearOnFinish())
	}
	return m
}

// terminal says whether what is written there may be drawn over.
func terminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// show tells that rows of about so many are done.
func (m *meter) show(rows, of uint64, now time.Time) {
	of = max(of, rows, 1)
	if m.bar != nil {
		m.bar.ChangeMax64(int64(of))
		_ = m.bar.Set64(int64(rows))
		return
	}
	tenth, since := rows*10/of, now.Sub(m.said)
	if since < shortest || tenth == m.tenth && since < longest {
		return
	}
	m.line(rows, of, since)
	m.said, m.tenth, m.rows = now, tenth, rows
}

func (m *meter) line(rows, of uint64, since time.Duration) {
	if rows == 0 {
		fmt.Fprintf(m.out, "%s: no row is written yet\n", m.name) // it may wait for the table
		return
	}
	fmt.Fprintf(m.out, "%s: %d of about %d rows, %d %%, %.0f rows/s\n", m.name, rows, of, rows*100/of, float64(rows-min(m.rows, rows))/since.Seconds())
}

// finish takes the bar off the terminal.
func (m *meter) finish() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}
