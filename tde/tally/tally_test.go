package tally

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{-time.Second, 50 * time.Microsecond, 51 * time.Microsecond, 3 * time.Millisecond, time.Minute} {
		h.Observe(d)
	}
	d := h.Read()
	if d.Count != 5 || d.Sum != 101*time.Microsecond+3*time.Millisecond+time.Minute {
		t.Errorf("%d durations of %v in all", d.Count, d.Sum)
	}
	for i, want := range map[int]uint64{0: 2, 1: 3, 5: 3, 6: 4, len(bounds) - 1: 4} {
		if d.Upto[i] != want {
			t.Errorf("%d up to %v, want %d", d.Upto[i], bounds[i], want)
		}
	}
	if diff := d.Sub(d); diff != (Durations{}) {
		t.Errorf("difference to itself: %v", diff)
	}
	if twice := d.Add(d); twice.Count != 10 || twice.Upto[0] != 4 || twice.Sum != 2*d.Sum {
		t.Errorf("twice: %v", twice)
	}
}

func TestQuantile(t *testing.T) {
	var h Histogram
	if q := h.Read().Quantile(0.5); q != 0 {
		t.Errorf("of nothing: %v", q)
	}
	for range 90 {
		h.Observe(80 * time.Microsecond)
	}
	for range 10 {
		h.Observe(4 * time.Millisecond)
	}
	d := h.Read()
	for q, within := range map[float64][2]time.Duration{
		0.5: {50 * time.Microsecond, 100 * time.Microsecond}, 0.95: {2500 * time.Microsecond, 5 * time.Millisecond},
	} {
		if got := d.Quantile(q); got < within[0] || got > within[1] {
			t.Errorf("quantile %v is %v, not within %v", q, got, within)
		}
	}
	h.Observe(time.Hour)
	if got := h.Read().Quantile(1); got != bounds[len(bounds)-1] {
		t.Errorf("the longest: %v", got)
	}
}

func TestWords(t *testing.T) {
	var w Words
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 3 * maxWords {
				w.Add(fmt.Sprint(i % (maxWords + 50)))
			}
		})
	}
	all.Wait()
	words, sum := 0, uint64(0)
	w.Each(func(_ string, n uint64) { words++; sum += n })
	if sum != 12*maxWords || words > maxWords+1 {
		t.Errorf("%d words counted %d times", words, sum)
	}
}

func TestAllocations(t *testing.T) {
	var h Histogram
	var w Words
	w.Add("word")
	if n := testing.AllocsPerRun(100, func() { h.Observe(time.Millisecond); w.Add("word") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
