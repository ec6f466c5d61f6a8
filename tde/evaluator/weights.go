package evaluator

import (
	"context"
	"fmt"
	"strings"
)

// Batches of values for one SELECT: how many, and how many bytes of them.
const (
	batchValues = 256
	batchBytes  = 1 << 20
)

// Weigher gives the Weigher of a collation, which learns its basic characters the first time.
func (e *Evaluator) Weigher(ctx context.Context, charset, collation string) (*Weigher, error) {
	if w := newWeigher(charset, collation); w.bytewise {
		return w, nil
	}
	e.learn.Lock()
	defer e.learn.Unlock()
	key := charset + "." + collation
	if w := e.weighers[key]; w != nil {
		return w, nil
	}
	w := newWeigher(charset, collation)
	if err := e.with(ctx, func(c *conn) error { return w.study(c, e.cfg.MariaDB) }); err != nil {
		return nil, err
	}
	e.weighers[key] = w
	return w, nil
}

// Weights lets the server weigh strings of a collation, in its character set: the same canonical weights as Append gives.
// On the way characters are learned that Append did not know.
func (e *Evaluator) Weights(ctx context.Context, charset, collation string, values [][]byte) ([][]byte, error) {
	w, err := e.Weigher(ctx, charset, collation)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, 0, len(values))
	if w.bytewise {
		for _, v := range values {
			b, _ := w.Append(nil, v)
			out = append(out, b)
		}
		return out, nil
	}
	err = e.with(ctx, func(c *conn) error {
		if out, err = w.ask(c, values); err != nil {
			return err
		}
		return w.extend(c, values)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ask lets the server weigh values.
func (w *Weigher) ask(c *conn, values [][]byte) ([][]byte, error) {
	out := make([][]byte, 0, len(values))
	for len(values) > 0 {
		n, size := 0, 0
		for n < len(values) && n < batchValues && (n == 0 || size+len(values[n]) <= batchBytes) {
			size += len(values[n])
			n++
		}
		batch := make([][]byte, n)
		for i := range batch {
			batch[i] = w.trimmed(values[i])
		}
		raw, err := w.raw(c, batch)
		if err != nil {
			return nil, err
		}
		for _, levels := range raw {
			out = append(out, w.canonical(levels))
		}
		values = values[n:]
	}
	return out, nil
}

// raw gives the server's weights of each level, of values as they are.
func (w *Weigher) raw(c *conn, values [][]byte) ([][][]byte, error) {
	var b strings.Builder
	b.WriteString("SELECT ")
	per := max(w.levels, 1)
	for i, v := range values {
		for level := range per {
			if i+level > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "WEIGHT_STRING(_%s x'%x' COLLATE %s", w.charset, v, w.collation)
			if w.levels > 0 {
				fmt.Fprintf(&b, " LEVEL %d", level+1)
			}
			b.WriteByte(')')
		}
	}
	rows, err := c.query(b.String())
	if err != nil {
		return nil, err
	}
	out := make([][][]byte, len(values))
	for i := range out {
		for level := range per {
			v := rows.bytes(0, i*per+level)
			if v == nil {
				return nil, fmt.Errorf("%w: a string is too long to be weighed, or not well-formed", errOwn)
			}
			out[i] = append(out[i], v)
		}
	}
	return out, nil
}
