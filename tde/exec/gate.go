package exec

import (
	"sync"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// gate keeps statements that were planned for a table as it was from running on what a DDL makes of it: upstream would take
// their cells, which nobody could read.
type gate struct {
	mu      sync.Mutex
	change  *sync.Cond
	running map[schema.TableID]int
	closing map[schema.TableID]int // by how many DDL: sessions that are in no transaction wait
	closed  map[schema.TableID]bool
}

func newGate() *gate {
	g := &gate{running: map[schema.TableID]int{}, closing: map[schema.TableID]int{}, closed: map[schema.TableID]bool{}}
	g.change = sync.NewCond(&g.mu)
	return g
}

// enter waits for DDL on a table. A session in a transaction may hold a lock that the DDL waits for, and so waits for one
// only that has got all of its own.
func (g *gate) enter(id schema.TableID, inTransaction bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.closed[id] || g.closing[id] > 0 && !inTransaction {
		g.change.Wait()
	}
	g.running[id]++
}

func (g *gate) leave(id schema.TableID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running[id]--; g.running[id] == 0 {
		delete(g.running, id)
	}
	g.change.Broadcast()
}

// begin lets no more statements in but of transactions that are under way; end lets all in.
func (g *gate) begin(id schema.TableID) (end func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing[id]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.closing[id]--; g.closing[id] == 0 {
			delete(g.closing, id)
		}
		delete(g.closed, id)
		g.change.Broadcast()
	}
}

// shut lets nothing in any more, unless something is there still: then ok is false.
func (g *gate) shut(id schema.TableID) (ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running[id] > 0 {
		return false
	}
	g.closed[id] = true
	return true
}

// drain waits until nothing runs.
func (g *gate) drain(id schema.TableID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.running[id] > 0 {
		g.change.Wait()
	}
}

// enter notes that a plan runs, where DDL lets it; leave that it has. errRedefined says that a table of its is another now.
func (x *Session) enter(p plan.Plan) (leave func(), err error) {
	touched := plan.Touched(p)
	inTransaction := x.inTransaction()
	x.apart(func() {
		for _, t := range touched {
			x.catalog.gate.enter(t.Table.ID, inTransaction)
		}
	})
	leave = func() {
		for _, t := range touched {
			x.catalog.gate.leave(t.Table.ID)
		}
	}
	if x.catalog.generation.Load() != x.planned {
		leave()
		return nil, errRedefined // while it waited, a table that it takes for plaintext may have been converted
	}
	now := x.present().Snapshot
	for _, t := range touched {
		if is := now.Lookup(t.Table.DB, t.Table.Name); is != t.Table && x.state.Snapshot.Lookup(t.Table.DB, t.Table.Name) == t.Table {
			leave()
			return nil, errRedefined
		}
	}
	return leave, nil
}

// admit runs a plan where DDL lets it.
func (x *Session) admit(p plan.Plan, run func() error) error {
	leave, err := x.enter(p)
	if err != nil {
		return err
	}
	defer leave()
	return run()
}
