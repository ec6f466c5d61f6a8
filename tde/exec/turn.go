package exec

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// turns tell a conversion which sessions may hold a plan from before it began. A session's turn is odd while it handles a
// command. It turns odd before the session looks at what is being converted, and a conversion is announced before it looks
// at turns: so one of the two sees the other, without a lock that each statement would take.
type turns struct {
	mu       sync.Mutex
	sessions map[*Session]struct{}
}

// Join makes a session one that conversions wait for.
func (x *Session) Join() {
	t := &x.catalog.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sessions == nil {
		t.sessions = map[*Session]struct{}{}
	}
	t.sessions[x] = struct{}{}
}

// Leave is the end of a session that has joined.
func (x *Session) Leave() {
	x.Rest()
	x.closeCursors()
	t := &x.catalog.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sessions, x)
}

// Work begins a command; Rest ends it.
func (x *Session) Work() { x.turn.Add(1) }

// Rest ends a command: the session holds no plan that it has not looked at again.
func (x *Session) Rest() {
	if x.turn.Load()&1 == 1 {
		x.turn.Add(1)
	}
	if x.within != nil {
		x.catalog.gate.leave(x.within.id)
		x.within = nil
	}
}

// apart runs what waits for others, or lets others wait, as if between two commands.
func (x *Session) apart(wait func()) {
	x.turn.Add(1)
	wait()
	x.turn.Add(1)
}

// quiesce waits until no session is where it was when it began: whatever was planned before then has ended.
func (t *turns) quiesce(ctx context.Context) error {
	type seen struct {
		session *Session
		turn    uint64
	}
	var busy []seen
	t.mu.Lock()
	for s := range t.sessions {
		if n := s.turn.Load(); n&1 == 1 {
			busy = append(busy, seen{s, n})
		}
	}
	t.mu.Unlock()
	pause := time.Millisecond
	for len(busy) > 0 {
		if b := busy[len(busy)-1]; b.session.turn.Load() != b.turn {
			busy = busy[:len(busy)-1]
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
	return nil
}

// Conversion is a table that is being encrypted or decrypted.
type Conversion struct {
	DB, Name string
	Encrypt  bool
	Begun    time.Time
	// Rows are those that have been written, of about Of.
	Rows, Of atomic.Uint64
	stage    atomic.Int32 // of stages

	id    schema.TableID
	words []string // in lower case: a text with none of them is not about the table; none: any text may be
}

func newConversion(db, name string, id schema.TableID, encrypt bool) *Conversion {
	c := &Conversion{DB: db, Name: name, Encrypt: encrypt, Begun: time.Now(), id: id, words: []string{"prepare", "execute", "call"}}
	c.andOf(name)
	return c
}

// andOf makes it a conversion that statements about another table or view wait for, too.
func (c *Conversion) andOf(name string) {
	for _, b := range []byte(name) {
		if b >= 0x80 || b == '`' || b == '"' || b == '\\' || b == '\'' {
			c.words = nil // it can be spelt in several ways
		}
	}
	if c.words != nil {
		c.words = append(c.words, strings.ToLower(name))
	}
}

// concerns says whether a statement could be about the table. One that was prepared, or a procedure, could.
func (c *Conversion) concerns(src []byte) bool {
	for _, w := range c.words {
		if containsFold(src, w) {
			return true
		}
	}
	return len(c.words) == 0
}

// containsFold says whether a text has a word in lower case, in whatever case.
func containsFold(src []byte, word string) bool {
	for i := 0; i+len(word) <= len(src); i++ {
		n := 0
		for n < len(word) && (src[i+n] == word[n] || src[i+n]|0x20 == word[n] && word[n] >= 'a' && word[n] <= 'z') {
			n++
		}
		if n == len(word) {
			return true
		}
	}
	return false
}

// Converting is the conversion under way, or nil.
func (c *Catalog) Converting() *Conversion { return c.converting.Load() }

// await keeps a statement that could be about a table that is being converted until that is done; one of a transaction is
// let through up to the moment when the table is locked, since the lock waits for the transaction. What was planned before
// must be planned again.
func (x *Session) await(src []byte) {
	for {
		m := x.catalog.converting.Load()
		if m == nil || m == x.within || !m.concerns(src) {
			return
		}
		in := x.inTransaction()
		x.apart(func() { x.catalog.gate.enter(m.id, in) })
		if x.catalog.converting.Load() == m {
			x.within = m
			return
		}
		x.catalog.gate.leave(m.id)
	}
}

func (x *Session) inTransaction() bool {
	return x.tablesLocked || x.Status&wire.StatusAutocommit == 0 || x.Status&wire.StatusInTransaction != 0
}

// Generation changes when a conversion begins and when it ends.
func (x *Session) Generation() uint64 { return x.catalog.generation.Load() }
