// Package tally counts and times what happens on the way of a statement. Adding to a tally takes no lock and allocates
// nothing, so that it may be done for every statement; reading one is for whoever shows it.
package tally

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// bounds are the upper ends of a Histogram's buckets; what is longer is in one more.
var bounds = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 10 * time.Second,
}

// Histogram counts durations by how long they are. Its zero value is ready.
type Histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64
	nanos   atomic.Uint64
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	d = max(d, 0)
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.nanos.Add(uint64(d))
}

// Durations is what a Histogram has counted.
type Durations struct {
	Count uint64
	Sum   time.Duration
	// Upto has, by bucket, how many durations there were up to Bounds()[i]; longer ones are in Count alone.
	Upto [len(bounds)]uint64
}

// Bounds are the upper ends of the buckets of Durations.
func Bounds() []time.Duration { return bounds[:] }

// Read gives what was counted so far.
func (h *Histogram) Read() Durations {
	var d Durations
	for i := range h.buckets {
		d.Count += h.buckets[i].Load()
		if i < len(bounds) {
			d.Upto[i] = d.Count
		}
	}
	d.Sum = time.Duration(h.nanos.Load())
	return d
}

// Sub is what was counted since earlier.
func (d Durations) Sub(earlier Durations) Durations {
	d.Count -= earlier.Count
	d.Sum -= earlier.Sum
	for i := range d.Upto {
		d.Upto[i] -= earlier.Upto[i]
	}
	return d
}

// Add is what two histograms have counted.
func (d Durations) Add(other Durations) Durations {
	d.Count += other.Count
	d.Sum += other.Sum
	for i := range d.Upto {
		d.Upto[i] += other.Upto[i]
	}
	return d
}

// Quantile is how long the share q of the durations took at most, q from 0 to 1: interpolated within its bucket, and the last
// bound where it took longer than that. It is 0 where nothing was counted.
func (d Durations) Quantile(q float64) time.Duration {
	rank := q * float64(d.Count)
	var low time.Duration
	before := uint64(0)
	for i, n := range d.Upto {
		if float64(n) >= rank && n > before {
			return low + time.Duration(float64(bounds[i]-low)*(rank-float64(before))/float64(n-before))
		}
		low, before = bounds[i], n
	}
	if d.Count == 0 {
		return 0
	}
	return bounds[len(bounds)-1]
}

// maxWords bounds how many words a Words tells apart; what comes after counts as one.
const maxWords = 200

// Others is the word for what a Words no longer tells apart.
const Others = "others"

// Words counts by a word out of a small set. Its zero value is ready.
type Words struct {
	mu     sync.RWMutex
	counts map[string]*atomic.Uint64
}

// Add counts one more of word.
func (w *Words) Add(word string) {
	w.mu.RLock()
	n := w.counts[word]
	w.mu.RUnlock()
	if n == nil {
		n = w.add(word)
	}
	n.Add(1)
}

func (w *Words) add(word string) *atomic.Uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.counts == nil {
		w.counts = map[string]*atomic.Uint64{}
	}
	if w.counts[word] == nil && len(w.counts) >= maxWords {
		word = Others
	}
	if w.counts[word] == nil {
		w.counts[word] = new(atomic.Uint64)
	}
	return w.counts[word]
}

// Each hands the words with their counts to fn, in order.
func (w *Words) Each(fn func(word string, n uint64)) {
	w.mu.RLock()
	words := make([]string, 0, len(w.counts))
	for word := range w.counts {
		words = append(words, word)
	}
	w.mu.RUnlock()
	slices.Sort(words)
	for _, word := range words {
		w.mu.RLock()
		n := w.counts[word].Load()
		w.mu.RUnlock()
		fn(word, n)
	}
}
