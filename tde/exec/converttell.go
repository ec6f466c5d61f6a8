package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// Stages of a conversion, as SHOW PROCESSLIST has them.
var stages = []string{"waiting for locks", "copying rows", "finishing"}

// firstTold is how long a conversion takes before it is shown, and tellTime how long one statement shows it, in seconds: the answer waits for
// the last of these.
const (
	firstTold = 200 * time.Millisecond
	tellTime  = "0.2"
)

// tell lets the client's own connection upstream say how far the conversion is, which it has nothing else to do for: statements that sleep, in a
// comment of which it stands. So SHOW PROCESSLIST and KILL have the id that clients know. A client that is gone, or KILL, cancels the conversion.
func (c *conversion) tell(cancel context.CancelFunc) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		first := time.NewTimer(firstTold)
		defer first.Stop()
		select {
		case <-quit:
			return
		case <-first.C:
		}
		for {
			select {
			case <-quit:
				return
			default:
			}
			if c.shown() {
				if c.mark.stage.Load() < 2 { // else it is as good as done
					cancel()
				}
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// shown runs one of these statements; killed says that it was, or that the connection is broken.
func (c *conversion) shown() (killed bool) {
	c.client.Lock()
	defer c.client.Unlock()
	begun := time.Now()
	_, err := c.Session.exec("/* " + c.mark.String() + " */ DO SLEEP(" + tellTime + ")")
	var told *wire.Error
	switch {
	case errors.As(err, &told) && told.Code != codeInterrupted:
		time.Sleep(firstTold) // such as max_statement_time's
	case err != nil:
		return true
	}
	return time.Since(begun) < firstTold*9/10 // a SLEEP may end without an error
}

// String is what it is doing, as a comment holds it.
func (c *Conversion) String() string {
	to := "N"
	if c.Encrypt {
		to = "Y"
	}
	s := "ALTER TABLE " + quoteName(c.DB) + "." + quoteName(c.Name) + " ENCRYPTION='" + to + "': " + stages[c.stage.Load()]
	if rows, of := c.Rows.Load(), c.Of.Load(); c.stage.Load() == 1 {
		s += fmt.Sprintf(", %d of about %d rows", rows, max(rows, of))
		if of > 0 {
			s += fmt.Sprintf(", %d %%", min(100*rows/of, 99))
		}
	}
	return strings.ReplaceAll(s, "*/", "* /")
}
