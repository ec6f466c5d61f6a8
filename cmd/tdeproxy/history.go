package main

import (
	"context"
	"sync"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/tally"
)

// How often the status page's plots get a point, and how many points they show.
const (
	historyStep   = 5 * time.Second
	historyPoints = 120
)

// point is what happened in one step.
type point struct {
	Statements, Errors, Refused float64 // each second
	Upstream, Proxy, P95        time.Duration
}

// history keeps what the plots of the status page show: the last ten minutes.
type history struct {
	mu     sync.Mutex
	points []point
	last   sample
}

// sample is what the counters said.
type sample struct {
	whole, upstream, own tally.Durations
	errors, refused      uint64
}

// run takes a point at each step until ctx ends.
func (h *history) run(ctx context.Context, figures func() *exec.Figures) {
	tick := time.NewTicker(historyStep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if f := figures(); f != nil {
				h.add(take(f), historyStep)
			}
		}
	}
}

func take(f *exec.Figures) sample {
	var s sample
	for kind := range exec.Kinds {
		k := &f.Kinds[kind]
		s.whole, s.upstream, s.own = s.whole.Add(k.Whole.Read()), s.upstream.Add(k.Upstream.Read()), s.own.Add(k.Own.Read())
		s.errors += k.Failed.Load()
	}
	s.refused = f.Kinds[exec.Refused].Whole.Read().Count
	return s
}

// add appends the difference to the sample before.
func (h *history) add(s sample, step time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	whole, seconds := s.whole.Sub(h.last.whole), step.Seconds()
	p := point{
		Statements: float64(whole.Count) / seconds, Errors: float64(s.errors-h.last.errors) / seconds, Refused: float64(s.refused-h.last.refused) / seconds,
		P95: whole.Quantile(0.95),
	}
	if n := time.Duration(whole.Count); n > 0 {
		p.Upstream, p.Proxy = s.upstream.Sub(h.last.upstream).Sum/n, s.own.Sub(h.last.own).Sum/n
	}
	h.last = s
	h.points = append(h.points, p)
	if len(h.points) > historyPoints {
		h.points = h.points[len(h.points)-historyPoints:]
	}
}

// read copies the points, oldest first.
func (h *history) read() []point {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]point(nil), h.points...)
}
