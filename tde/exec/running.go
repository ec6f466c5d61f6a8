package exec

import (
	"context"
	"sync"
)

// running are the statements that the evaluator works on, by the connection id of their sessions: upstream's KILL does not
// reach them.
type running struct {
	mu     sync.Mutex
	cancel map[uint32]context.CancelFunc
}

// start makes the context of a statement; done ends it.
func (r *running) start(ctx context.Context, id uint32) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel == nil {
		r.cancel = map[uint32]context.CancelFunc{}
	}
	r.cancel[id] = cancel
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.cancel, id)
		cancel()
	}
}

// Kill stops what the evaluator does for the session with a connection id: it was killed upstream, or its client is gone.
func (c *Catalog) Kill(id uint32) {
	c.running.mu.Lock()
	defer c.running.mu.Unlock()
	if cancel := c.running.cancel[id]; cancel != nil {
		cancel()
	}
}
