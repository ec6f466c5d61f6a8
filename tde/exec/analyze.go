package exec

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// analyze runs a query whose result nobody gets, and adds what it took: EXPLAIN ANALYZE
// (https://dev.mysql.com/doc/refman/9.4/en/explain.html#explain-analyze), and MariaDB's ANALYZE.
func (x *Session) analyze(ctx context.Context, p plan.Plan, rows [][]string) ([][]string, error) {
	client, steps, opened, fetched, loaded := x.client, len(x.note.Steps), x.opened, x.note.Fetched, x.note.Loaded
	x.client, x.analyzes = wire.NewConn(nowhere{}), true
	defer func() { x.client, x.analyzes = client, false }()
	begun := time.Now()
	if err := x.run(ctx, p, false); err != nil {
		return nil, err
	}
	for _, s := range x.note.Steps[steps:] {
		rows = append(rows, []string{"ran " + s.Name, s.Shape, fmt.Sprintf("actual rows=%d time=%s", s.Rows, milliseconds(s.Ended.Sub(s.Begun)))})
	}
	return append(rows, []string{"ran whole", "", fmt.Sprintf("actual rows fetched=%d loaded into the evaluator=%d, cells opened=%d, time=%s",
		x.note.Fetched-fetched, x.note.Loaded-loaded, x.opened-opened, milliseconds(time.Since(begun)))}), nil
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d)/float64(time.Millisecond))
}

// nowhere is a connection whose peer takes everything and says nothing.
type nowhere struct{ net.Conn }

// Write implements net.Conn.
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

// Read implements net.Conn.
func (nowhere) Read([]byte) (int, error) { return 0, io.EOF }

// Close implements net.Conn.
func (nowhere) Close() error { return nil }
