package evaluator

import (
	"bytes"
	"encoding/binary"
	"strings"
	"sync"
	"sync/atomic"
)

// Weigher turns strings of one collation into their canonical weights: equal exactly if the collation calls the strings
// equal. It is safe for concurrent use.
//
// The canonical weights are
//   - for binary and _bin collations the string's bytes,
//   - for collations of one level what WEIGHT_STRING gives,
//   - for MariaDB's of several levels the weights of each level, each after its length in 4 bytes, big-endian,
//   - for MySQL's of several levels what WEIGHT_STRING gives, which separates them,
//
// in PAD SPACE collations without the trailing weights that are a space's.
type Weigher struct {
	charset, collation string
	enc                encoding
	pad                bool
	bytewise           bool
	// levels is what WEIGHT_STRING is asked for: 0 for the whole, else levels 1 to that.
	levels int
	// unit is the size of a weight in bytes. Where it is 0, weights are of several sizes, and a string's trailing spaces
	// are cut before it is weighed.
	unit int
	// spaces holds a space's weight, for each level.
	spaces [][]byte

	learned atomic.Pointer[alphabet]
	mu      sync.Mutex
	refused map[rune]bool // characters that are not to be learned
}

// alphabet is what was learned: characters of which the weights of a string are those of its characters in a row.
type alphabet struct {
	ascii [128]weight
	more  map[rune]weight
}

// weight is that of one character. Some weigh nothing.
type weight struct {
	known bool
	bytes []byte
}

func (a *alphabet) weight(r rune) weight {
	if r >= 0 && r < 128 {
		return a.ascii[r]
	}
	return a.more[r]
}

// newWeigher makes a Weigher that has learned nothing. It needs to learn nothing where strings are weighed bytewise.
func newWeigher(charset, collation string) *Weigher {
	w := &Weigher{charset: charset, collation: collation, enc: encodings[charset], refused: map[rune]bool{}}
	if collation == "binary" || collation == "" || strings.HasSuffix(collation, "_bin") {
		w.bytewise = true
		w.pad = collation != "binary" && collation != "" && !strings.HasSuffix(collation, "_nopad_bin") && !strings.HasSuffix(collation, "_0900_bin")
	}
	return w
}

// Append appends the canonical weights of s, in the collation's character set, to dst. ok is false where s has characters
// that were not learned: then Weights must be asked.
func (w *Weigher) Append(dst, s []byte) (out []byte, ok bool) {
	if w.bytewise {
		if w.pad {
			s = trimSpaces(s, w.charset)
		}
		return append(dst, s...), true
	}
	a := w.learned.Load()
	if a == nil {
		return dst, false
	}
	start := len(dst)
	for s = w.trimmed(s); len(s) > 0; {
		r, n := w.enc.decode(s)
		v := a.weight(r)
		if n <= 0 || !v.known {
			return dst[:start], false
		}
		dst = append(dst, v.bytes...)
		s = s[n:]
	}
	return dst[:start+len(w.cut(dst[start:], 0))], true
}

// Order says whether canonical weights order as the collation does, byte by byte. Where it is PAD SPACE, pad is the weight that
// follows a string's own for ever; else pad is nil, and a string comes before those that it begins.
func (w *Weigher) Order() (pad []byte, ok bool) {
	switch {
	case w.enc != encUTF8 && w.enc != encSingle || w.levels > 0:
		return nil, false
	case w.bytewise && w.pad:
		return []byte{' '}, true
	case !w.pad:
		return nil, true
	}
	return w.spacesOf(0), w.unit > 0 && len(w.spacesOf(0)) == w.unit
}

// Prefix is what the canonical weights of every string begin with that begins, character by character as LIKE compares,
// with s. Characters that could weigh otherwise before or behind others, and all after them, do not count.
func (w *Weigher) Prefix(s []byte) []byte {
	a := w.learned.Load()
	if w.bytewise {
		out, _ := w.Append(nil, s)
		return out
	}
	var last []byte
	var out []byte
	for rest := s; a != nil && len(rest) > 0; {
		r, n := w.enc.decode(rest)
		v := a.weight(r)
		if n <= 0 || !v.known {
			break
		}
		out, last, rest = append(out, v.bytes...), v.bytes, rest[n:]
	}
	if w.enc != encSingle && !w.perCharacter() {
		out = out[:len(out)-len(last)] // what follows could belong to it
	}
	return w.cut(out, 0)
}

// spacesOf is the weight of a space in a level; nil where it is not known.
func (w *Weigher) spacesOf(level int) []byte {
	if level >= len(w.spaces) {
		return nil
	}
	return w.spaces[level]
}

// trimmed cuts what is to be cut of a string before it is weighed.
func (w *Weigher) trimmed(s []byte) []byte {
	if w.pad && w.unit == 0 {
		return trimSpaces(s, w.charset)
	}
	return s
}

// cut cuts trailing weights of a level that are a space's. In levels but the first MariaDB pads in any collation.
func (w *Weigher) cut(weights []byte, level int) []byte {
	if !w.pad && level == 0 || w.unit == 0 {
		return weights
	}
	for sp := w.spaces[level]; len(sp) == w.unit && len(weights) >= w.unit && bytes.Equal(weights[len(weights)-w.unit:], sp); {
		weights = weights[:len(weights)-w.unit]
	}
	return weights
}

// canonical makes the canonical weights of what the server gives for each level.
func (w *Weigher) canonical(levels [][]byte) []byte {
	if w.levels == 0 {
		return w.cut(levels[0], 0)
	}
	var out []byte
	for i, l := range levels {
		l = w.cut(l, i)
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(l))), l...)
	}
	return out
}

// perCharacter says whether the collation weighs every character by itself, by its construction.
func (w *Weigher) perCharacter() bool {
	return strings.Contains(w.collation, "_general_") || strings.HasSuffix(w.collation, "_tolower_ci")
}
