package plan

import "sync"

// What one Cache keeps: plans, bytes of their keys in all, and bytes of one key. A plan takes a small multiple of its key.
const (
	cachePlans = 8192
	cacheBytes = 16 << 20
	cacheKey   = 64 << 10
)

// Cache keeps plans of one schema snapshot by template, current database and mode. A new snapshot takes a new Cache.
type Cache struct {
	mu    sync.RWMutex
	plans map[string]Plan
	bytes int
}

// NewCache makes an empty Cache.
func NewCache() *Cache { return &Cache{plans: map[string]Plan{}} }

// AppendKey appends the key of a lexed statement to dst.
func AppendKey(dst, template []byte, rows int, env *Env) []byte {
	flags := uint16(0)
	for i, f := range [...]bool{env.Mode.ANSIQuotes, env.Mode.NoBackslashEscapes, env.OnlyFullGroupBy, rows > 1, rows == 1, env.Evaluator,
		env.Mode.PipesAsConcat, env.Mode.HighNotPrecedence, env.Split, env.Evaluate} {
		if f {
			flags |= 1 << i
		}
	}
	dst = append(append(append(dst, byte(flags), byte(flags>>8)), env.DB...), 0)
	return append(dst, template...)
}

// Get finds a plan without allocating.
func (c *Cache) Get(key []byte) (Plan, bool) {
	c.mu.RLock()
	p, ok := c.plans[string(key)]
	c.mu.RUnlock()
	return p, ok
}

// Put keeps a plan. A full Cache drops some of what it has, whichever comes first: a plan is cheap to make again.
func (c *Cache) Put(key []byte, p Plan) {
	if len(key) > cacheKey {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.plans) >= cachePlans || c.bytes+len(key) > cacheBytes {
		c.drop(len(c.plans)/4 + 1)
	}
	if _, ok := c.plans[string(key)]; !ok {
		c.bytes += len(key)
	}
	c.plans[string(key)] = p
}

func (c *Cache) drop(n int) {
	for k := range c.plans {
		if n--; n < 0 {
			return
		}
		delete(c.plans, k)
		c.bytes -= len(k)
	}
}

// Len is how many plans are kept.
func (c *Cache) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.plans)
}
