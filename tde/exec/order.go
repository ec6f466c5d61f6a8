package exec

import (
	"errors"
	"fmt"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// order makes the order token of a canonical form.
func (b *binder) order(s *sealer, c canonical, col *schema.Column) (bound, error) {
	var err error
	b.sealed, err = s.appendOrder(b.ctx, b.sealed[:0], b.weights, c, col)
	return bound{bytes: b.sealed}, err
}

// compareOrder makes the place among order tokens of what a column is compared with.
func (b *binder) compareOrder(s *sealer, p *plan.Part, base int) (bound, error) {
	v, err := b.args.value(base + p.Literal)
	if p.Fold != nil {
		var ok bool
		if v, ok = b.folded(p.Fold); !ok || base != 0 {
			return bound{}, noPlace(p)
		}
	}
	if err != nil {
		return bound{}, err
	}
	if err := b.peer(v, p, base); err != nil {
		return bound{}, err
	}
	if v.Kind == value.Null {
		return bound{null: true}, nil
	}
	kind, bytes, weigh, err := value.Comparand(b.canon[:0], v, p.Column, &b.context)
	if err == nil {
		b.canon = bytes
		var out bound
		if out, err = b.order(s, canonical{kind: kind, bytes: bytes, weigh: weigh}, p.Column); err == nil {
			return aside(out, p)
		}
	}
	if errors.Is(err, value.ErrNeedsServer) {
		return bound{}, noPlace(p)
	}
	return bound{}, err
}

// aside moves the place of a value whose order tokens are inexact, so that the value itself and all that share its token are on the side
// that is asked for.
func aside(place bound, p *plan.Part) (bound, error) {
	switch p.Form {
	case plan.BelowOrder:
		place.bytes = append(place.bytes, 0x80)
	case plan.AboveOrder:
		if len(place.bytes) == 0 {
			return place, noPlace(p)
		}
		place.bytes = place.bytes[:len(place.bytes)-1]
	}
	return place, nil
}

// longestOrder is the size of the longest order token. Where ORDER BY looks at fewer bytes, it does not sort by all of it.
const longestOrder = schema.MaxOrderKey * schema.OrderExpansion

// errSortLength says that upstream would not sort order tokens as a whole.
var errSortLength = fmt.Errorf("%w: %w", errComparand, notSupported("ORDER BY an encrypted column under max_sort_length less than %d", longestOrder))

// like makes the ends of the range of order tokens in which all strings are that match a pattern of LIKE.
func (b *binder) like(s *sealer, p *plan.Part, base int) (bound, error) {
	v, err := b.args.value(base + p.Literal)
	if err != nil {
		return bound{}, err
	}
	pattern, err := value.Pattern(nil, v, p.Column, &b.context)
	if errors.Is(err, value.ErrNeedsServer) {
		return bound{}, noPlace(p)
	}
	if err != nil {
		return bound{}, err
	}
	form, ok := p.Column.OrderKey()
	key := literalPrefix(pattern)
	if form.Weighed && ok {
		var w *evaluator.Weigher
		if w, err = b.weights.weigher(b.ctx, p.Column); err != nil {
			return bound{}, err
		}
		key = w.Prefix(key)
	}
	if len(key) == 0 || !ok {
		return bound{}, noPlace(p)
	}
	b.sealed = s.tokens.AppendOrder(b.sealed[:0], form.Space, key[:min(len(key), form.Size)])
	for p.Form == plan.LikeHigh && len(b.sealed) <= longestOrder {
		b.sealed = append(b.sealed, 0xFF)
	}
	return bound{bytes: b.sealed}, nil
}

// literalPrefix is what a pattern has before its first wildcard. The wildcards and the escape character are ASCII, and the
// character sets of order tokens have no ASCII bytes in other characters.
func literalPrefix(pattern []byte) []byte {
	var out []byte
	for i := 0; i < len(pattern) && pattern[i] != '%' && pattern[i] != '_'; i++ {
		if pattern[i] == '\\' {
			if i++; i == len(pattern) {
				break
			}
		}
		out = append(out, pattern[i])
	}
	return out
}

// peer refuses two ends of a range that are of different types, or NULL: servers compare with both as with one type.
func (b *binder) peer(v value.Value, p *plan.Part, base int) error {
	if p.Peer == 0 {
		return nil
	}
	other, err := b.args.value(base + p.Peer - 1)
	if err != nil {
		return err
	}
	if v.Kind != other.Kind || v.Kind == value.Null {
		return noPlace(p)
	}
	return nil
}

func noPlace(p *plan.Part) error {
	return fmt.Errorf("%w: %w", errComparand, notSupported(
		"the order of column %s.%s.%s and a constant of this type cannot be told over ciphertext", p.Table.DB, p.Table.Name, p.Column.Name))
}
