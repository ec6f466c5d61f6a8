package evaluator

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// Bounds of what a Weigher learns beyond its basic characters: how many in all, and how many at a time.
const (
	maxLearned = 2048
	maxBatch   = 8
	// maxSimple is that of a batch where no pairs are to be tried.
	maxSimple = 512
)

// mariaLevels is how many levels MariaDB is asked for where a collation has more than one: as many as any has.
const mariaLevels = 4

// study finds out how a collation weighs, and learns its basic characters: all of a set of one byte, else ASCII.
func (w *Weigher) study(c *conn, mariaDB bool) error {
	if w.inexact() {
		return fmt.Errorf("%w: collation %s compares otherwise than it weighs, so no index on a column of it is supported", errOwn, w.collation)
	}
	w.unit = w.enc.unit()
	if strings.Contains(w.collation, "_unicode_") {
		w.unit = 2
	}
	if err := w.studyForm(c, mariaDB); err != nil {
		return err
	}
	if w.levels > 0 || w.separated() {
		return nil
	}
	basic := make([]rune, 0, 256)
	for r := range rune(128) {
		basic = append(basic, r)
	}
	if w.enc == encSingle {
		for r := rune(128); r < 256; r++ {
			basic = append(basic, r)
		}
	}
	singles, err := w.singles(c, basic)
	if err != nil {
		return err
	}
	plain, err := w.withoutContractions(c, basic, singles)
	if err != nil {
		return err
	}
	a := &alphabet{more: map[rune]weight{}}
	for _, r := range plain {
		a.add(r, singles[r])
	}
	w.learned.Store(a)
	return nil
}

// inexact collations have a WEIGHT_STRING that does not say what they call equal: big5_chinese_ci weighs many characters
// alike that differ, tis620_thai_ci drops NULs, gb18030_chinese_ci weighs a letter without its dot as one with it.
func (w *Weigher) inexact() bool {
	return strings.HasPrefix(w.collation, "big5_chinese_") || strings.HasPrefix(w.collation, "tis620_thai_") || w.collation == "gb18030_chinese_ci"
}

func (a *alphabet) add(r rune, b []byte) {
	if r < 128 {
		a.ascii[r] = weight{known: true, bytes: b}
		return
	}
	a.more[r] = weight{known: true, bytes: b}
}

// separated says whether MySQL gives several levels in one weight string: those collations are asked every time.
func (w *Weigher) separated() bool {
	return w.levels == 0 && (strings.Contains(w.collation, "_0900_as_") || strings.HasSuffix(w.collation, "_czech_cs"))
}

// studyForm finds padding, levels and the weights of a space.
func (w *Weigher) studyForm(c *conn, mariaDB bool) error {
	text := func(s string) []byte {
		var b []byte
		for _, r := range s {
			b = w.enc.append(b, r)
		}
		return b
	}
	padded, bare := w.literal(text("a ")), w.literal(text("a"))
	rows, err := c.query("SELECT " + padded + " = " + bare)
	if err != nil {
		return err
	}
	w.pad = rows.text(0, 0) == "1"
	if mariaDB {
		probe := w.literal(text("aB1 "))
		rows, err := c.query("SELECT WEIGHT_STRING(" + probe + "), WEIGHT_STRING(" + probe + " LEVEL 1)")
		if err != nil {
			return err
		}
		if !bytes.Equal(rows.bytes(0, 0), rows.bytes(0, 1)) {
			w.levels = mariaLevels
		}
	} else if w.separated() {
		w.unit = 0 // NO PAD, or Czech, where only a string's own spaces can be cut
	}
	if w.unit == 0 {
		return nil
	}
	space, err := w.raw(c, [][]byte{text(" ")})
	if err == nil {
		w.spaces = space[0]
	}
	return err
}

// literal is a string of the collation.
func (w *Weigher) literal(s []byte) string {
	return "_" + w.charset + " x'" + hexOf(s) + "' COLLATE " + w.collation
}

// singles asks for the weights of single characters.
func (w *Weigher) singles(c *conn, chars []rune) (map[rune][]byte, error) {
	out := map[rune][]byte{}
	for len(chars) > 0 {
		batch := chars[:min(batchValues, len(chars))]
		values := make([][]byte, len(batch))
		for i, r := range batch {
			values[i] = w.enc.append(nil, r)
		}
		raw, err := w.raw(c, values)
		if err != nil {
			return nil, err
		}
		for i, r := range batch {
			out[r] = raw[i][0]
		}
		chars = chars[len(batch):]
	}
	return out, nil
}

// concatenates tries whether a text weighs as its characters do one by one.
func (w *Weigher) concatenates(c *conn, text []rune, singles map[rune][]byte) (bool, error) {
	var s, want []byte
	for _, r := range text {
		s = w.enc.append(s, r)
		want = append(want, singles[r]...)
	}
	raw, err := w.raw(c, [][]byte{s})
	return err == nil && bytes.Equal(raw[0][0], want), err
}

// withoutContractions gives those of some characters of which any text weighs as its characters do. Characters of which
// some pair weighs otherwise are left out.
func (w *Weigher) withoutContractions(c *conn, chars []rune, singles map[rune][]byte) ([]rune, error) {
	ok, err := w.concatenates(c, everyPair(chars), singles)
	if err != nil {
		return nil, err
	}
	if !ok {
		if chars, err = w.withoutPairs(c, chars, singles); err != nil {
			return nil, err
		}
		if ok, err = w.concatenates(c, everyPair(chars), singles); err != nil || !ok {
			return nil, err
		}
	}
	if w.enc == encSingle || w.perCharacter() {
		return chars, nil
	}
	var letters []rune
	for _, r := range chars {
		if r < 128 && unicode.IsLetter(r) {
			letters = append(letters, r)
		}
	}
	if ok, err = w.concatenates(c, everyTriple(letters), singles); err != nil || !ok {
		return nil, err
	}
	return chars, nil
}

// withoutPairs leaves out the characters of all pairs that do not weigh as their characters do.
func (w *Weigher) withoutPairs(c *conn, chars []rune, singles map[rune][]byte) ([]rune, error) {
	bad := map[rune]bool{}
	for _, a := range chars {
		values := make([][]byte, len(chars))
		for i, b := range chars {
			values[i] = w.enc.append(w.enc.append(nil, a), b)
		}
		raw, err := w.raw(c, values)
		if err != nil {
			return nil, err
		}
		for i, b := range chars {
			if string(raw[i][0]) != string(singles[a])+string(singles[b]) {
				bad[a], bad[b] = true, true
			}
		}
	}
	var out []rune
	for _, r := range chars {
		if !bad[r] {
			out = append(out, r)
		}
	}
	return out, nil
}

// everyPair is a text in which every pair of characters comes next to each other.
func everyPair(chars []rune) []rune {
	var out []rune
	for i, a := range chars {
		out = append(out, a)
		for _, b := range chars[i:] {
			out = append(out, a, b)
		}
	}
	return out
}

// everyTriple is a text with every three characters in a row.
func everyTriple(chars []rune) []rune {
	var out []rune
	for _, a := range chars {
		for _, b := range chars {
			for _, d := range chars {
				out = append(out, a, b, d)
			}
		}
	}
	return out
}

// extend learns characters of values that are not known yet, a few at a time: for characters that the collation does not
// weigh each by itself, all pairs with what is known are tried.
func (w *Weigher) extend(c *conn, values [][]byte) error {
	a := w.learned.Load()
	if a == nil || w.enc == encOther || w.enc == encSingle || !w.mu.TryLock() {
		return nil
	}
	defer w.mu.Unlock()
	a = w.learned.Load()
	limit := maxBatch
	if w.perCharacter() {
		limit = maxSimple
	}
	fresh := w.unknown(a, values, limit)
	if len(fresh) == 0 || len(a.more) >= maxLearned && !w.perCharacter() || len(a.more) > 1<<20 {
		return nil
	}
	singles, err := w.singles(c, fresh)
	if err != nil {
		return err
	}
	known := make([]rune, 0, 128+len(a.more))
	for r := range rune(128) {
		if v := a.ascii[r]; v.known {
			known = append(known, r)
			singles[r] = v.bytes
		}
	}
	next := &alphabet{ascii: a.ascii, more: make(map[rune]weight, len(a.more)+len(fresh))}
	for r, v := range a.more {
		next.more[r] = v
		known = append(known, r)
		singles[r] = v.bytes
	}
	for _, r := range fresh {
		ok := w.perCharacter()
		if !ok {
			known = append(known, r)
			if ok, err = w.concatenates(c, pairsWith(r, known), singles); err != nil {
				return err
			}
		}
		if !ok {
			known = known[:len(known)-1]
			w.refused[r] = true
			continue
		}
		next.more[r] = weight{known: true, bytes: singles[r]}
	}
	w.learned.Store(next)
	return nil
}

// pairsWith is a text with every pair of r and another, in both orders.
func pairsWith(r rune, others []rune) []rune {
	out := make([]rune, 0, 2*len(others)+1)
	for _, o := range others {
		out = append(out, r, o)
	}
	return append(out, r)
}

// unknown finds up to limit characters that can be learned.
func (w *Weigher) unknown(a *alphabet, values [][]byte, limit int) []rune {
	var out []rune
	seen := map[rune]bool{}
	for _, s := range values {
		for len(s) > 0 {
			r, n := w.enc.decode(s)
			if n <= 0 {
				break
			}
			s = s[n:]
			if r < 128 || seen[r] || w.refused[r] || a.more[r].known || !w.perCharacter() && !standsAlone(r) {
				continue
			}
			seen[r] = true
			if out = append(out, r); len(out) == limit {
				return out
			}
		}
	}
	return out
}

// standsAlone says whether a character is of a kind that takes part in no contraction of more than two, by the tables of
// Unicode and CLDR: no marks, nothing of the scripts of India and South-East Asia, no kana, which its context changes.
func standsAlone(r rune) bool {
	switch {
	case unicode.Is(unicode.M, r), unicode.Is(unicode.Cf, r):
		return false
	case unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Han), r >= 0xAC00 && r <= 0xD7A3:
		return true
	}
	return unicode.In(r, unicode.Common) && (unicode.IsPunct(r) || unicode.IsSymbol(r) || unicode.Is(unicode.Zs, r))
}
