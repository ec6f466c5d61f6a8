package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// sealer holds what seals and opens one table's values.
type sealer struct {
	table  *schema.Table
	cells  *cell.Table
	tokens *cell.Tokens
}

// sealerWithKey makes the sealer of t under its data key. It keeps neither that nor the token key itself: cipher and CMAC
// have expanded them.
func sealerWithKey(ring *keyring.Ring, t *schema.Table, key *keyring.Secret) (*sealer, error) {
	cells, err := cell.NewTable(key, t.ID, t.KeyID)
	if err != nil {
		return nil, fmt.Errorf("table %s.%s: %w", t.DB, t.Name, err)
	}
	domain, err := ring.TokenKey(t.TokenDomain)
	if err != nil {
		return nil, fmt.Errorf("table %s.%s: %w", t.DB, t.Name, err)
	}
	defer domain.Destroy()
	tokens, err := cell.NewTokens(domain)
	if err != nil {
		return nil, fmt.Errorf("table %s.%s: %w", t.DB, t.Name, err)
	}
	return &sealer{table: t, cells: cells, tokens: tokens}, nil
}

// canonical is what a token is made of.
type canonical struct {
	kind  cell.Kind
	bytes []byte
	weigh bool
}

// stored gives the canonical form of a stored value.
func stored(dst, v []byte, c *schema.Column) (canonical, error) {
	kind, b, weigh, err := value.Canonical(dst, v, c)
	return canonical{kind: kind, bytes: b, weigh: weigh}, err
}

// errWeigh says that only the evaluator knows a string's weights.
var errWeigh = errors.New("exec: the evaluator must weigh this string")

// token makes a token; errWeigh asks for weights first.
func (s *sealer) token(w *weights, c canonical, col *schema.Column) ([16]byte, error) {
	if !c.weigh {
		return s.tokens.Token(c.kind, "", c.bytes), nil
	}
	weighed, err := w.fast(c.bytes, col)
	if err != nil {
		return [16]byte{}, err
	}
	return s.tokens.Token(c.kind, col.Collation, weighed), nil
}

// tokenOf makes a token, asking the evaluator where it must.
func (s *sealer) tokenOf(ctx context.Context, w *weights, c canonical, col *schema.Column) ([16]byte, error) {
	t, err := s.token(w, c, col)
	if !errors.Is(err, errWeigh) {
		return t, err
	}
	weighed, err := w.ask(ctx, col, c.bytes)
	if err != nil {
		return t, err
	}
	return s.tokens.Token(c.kind, col.Collation, weighed), nil
}

// appendPart appends the part token of a stored value as its column has it. It asks the evaluator where it must.
func (s *sealer) appendPart(ctx context.Context, dst []byte, w *weights, v []byte, col *schema.Column) ([]byte, error) {
	c, err := stored(nil, value.Part(v, col, col.Part), col)
	if err != nil {
		return dst, err
	}
	if c.weigh {
		if c.bytes, err = w.weigh(ctx, col, c.bytes); err != nil {
			return dst, err
		}
	}
	t := s.tokens.Part(c.kind, col.Collation, col.Part, c.bytes)
	return append(append(dst, t[:]...), make([]byte, schema.PartSize-len(t))...), nil
}

// appendOrder appends the order token of a stored value, or the place of a constant among them. It asks the evaluator where it
// must, and is value.ErrNeedsServer where a constant's place is not known.
func (s *sealer) appendOrder(ctx context.Context, dst []byte, w *weights, c canonical, col *schema.Column) ([]byte, error) {
	form, ok := col.OrderKey()
	if !ok {
		return dst, fmt.Errorf("exec: internal error: an order token for column %s", col.Name)
	}
	key, after, err := s.orderKey(ctx, w, c, col, form)
	if err != nil {
		return dst, err
	}
	if dst = s.tokens.AppendOrder(dst, form.Space, key); after {
		dst = append(dst, 0x80) // behind the key's token and what that begins, before any other
	}
	return dst, nil
}

func (s *sealer) orderKey(ctx context.Context, w *weights, c canonical, col *schema.Column, form schema.OrderKey) (key []byte, after bool, err error) {
	var buf [schema.MaxOrderKey]byte
	if !c.weigh {
		return value.OrderKey(buf[:0], c.bytes, col)
	}
	weighed, err := w.weigh(ctx, col, c.bytes)
	if err != nil {
		return nil, false, err
	}
	pad, err := w.pad(ctx, col)
	if err != nil {
		return nil, false, err
	}
	return value.StringKey(buf[:0], weighed, pad, form)
}

// weights gives strings their collation weights: from tables learned once, else from the evaluator.
type weights struct {
	evaluator *evaluator.Evaluator
	mu        sync.RWMutex
	learned   map[string]*evaluator.Weigher
}

func newWeights(e *evaluator.Evaluator) *weights {
	return &weights{evaluator: e, learned: map[string]*evaluator.Weigher{}}
}

// fast weighs a string without I/O, or gives errWeigh.
func (w *weights) fast(s []byte, col *schema.Column) ([]byte, error) {
	w.mu.RLock()
	l := w.learned[col.Collation]
	w.mu.RUnlock()
	if l == nil {
		return nil, errWeigh
	}
	out, ok := l.Append(nil, s)
	if !ok {
		return nil, errWeigh
	}
	return out, nil
}

// weigh weighs a string by what is known, or asks.
func (w *weights) weigh(ctx context.Context, col *schema.Column, s []byte) ([]byte, error) {
	out, err := w.fast(s, col)
	if errors.Is(err, errWeigh) {
		return w.ask(ctx, col, s)
	}
	return out, err
}

// pad is the weight that follows a string's own for ever under a PAD SPACE collation; nil under others.
func (w *weights) pad(ctx context.Context, col *schema.Column) ([]byte, error) {
	l, err := w.weigher(ctx, col)
	if err != nil {
		return nil, err
	}
	pad, ok := l.Order()
	if !ok {
		return nil, fmt.Errorf("exec: internal error: an order token under collation %s", col.Collation)
	}
	return pad, nil
}

// weigher is the collation's, which it learns where it is new.
func (w *weights) weigher(ctx context.Context, col *schema.Column) (*evaluator.Weigher, error) {
	w.mu.RLock()
	l := w.learned[col.Collation]
	w.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	if w.evaluator == nil {
		return nil, errNoEvaluator
	}
	l, err := w.evaluator.Weigher(ctx, col.Charset, col.Collation)
	if err != nil {
		return nil, fmt.Errorf("learning collation %s: %w", col.Collation, err)
	}
	w.mu.Lock()
	w.learned[col.Collation] = l
	w.mu.Unlock()
	return l, nil
}

// ask lets the evaluator weigh what the tables cannot.
func (w *weights) ask(ctx context.Context, col *schema.Column, s []byte) ([]byte, error) {
	l, err := w.weigher(ctx, col)
	if err != nil {
		return nil, err
	}
	if out, ok := l.Append(nil, s); ok {
		return out, nil
	}
	all, err := w.evaluator.Weights(ctx, col.Charset, col.Collation, [][]byte{s})
	if err != nil {
		return nil, fmt.Errorf("weighing by %s: %w", col.Collation, err)
	}
	return all[0], nil
}
