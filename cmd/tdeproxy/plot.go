package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// plot is one of the status page's, as inline SVG: lines over time, the newest point on the right.
type plot struct {
	Title string
	Show  func(v float64) string // a value as people read it
	Lines []line
}

// line is one of a plot.
type line struct {
	Name   string
	Class  string // of the style sheet: its colour
	Values []float64
}

// Size of a plot's inner area in SVG units.
const (
	plotWidth  = 520.0
	plotHeight = 120.0
)

// Top is the end of the plot's scale: 1, 2 or 5 times a power of ten.
func (p *plot) Top() float64 {
	top := 0.0
	for _, l := range p.Lines {
		for _, v := range l.Values {
			top = max(top, v)
		}
	}
	if top <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(top)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= top {
			return m * power
		}
	}
	return 10 * power
}

// Label is a value of the scale as people read it.
func (p *plot) Label(share float64) string { return p.Show(share * p.Top()) }

// Points are a line's coordinates for SVG's polyline.
func (p *plot) Points(l line) string {
	top := p.Top()
	var b strings.Builder
	for i, v := range l.Values {
		x := plotWidth - float64(len(l.Values)-1-i)*plotWidth/float64(historyPoints-1)
		fmt.Fprintf(&b, "%.1f,%.1f ", x, plotHeight-plotHeight*v/top)
	}
	if len(l.Values) == 1 {
		b.WriteString(b.String()) // a line of no length shows as a dot
	}
	return strings.TrimSpace(b.String())
}

// Last is a line's newest value as people read it.
func (p *plot) Last(l line) string {
	if len(l.Values) == 0 {
		return "–"
	}
	return p.Show(l.Values[len(l.Values)-1])
}

// perSecond shows a rate by three digits, or whole.
func perSecond(v float64) string {
	if v >= 100 {
		return count(uint64(math.Round(v))) + " /s"
	}
	return fmt.Sprintf("%.3g /s", v)
}

// seconds shows a duration.
func seconds(v float64) string { return took(time.Duration(v * float64(time.Second))) }

// plots are those of the status page.
func plots(points []point) []*plot {
	column := func(of func(p *point) float64) []float64 {
		out := make([]float64, len(points))
		for i := range points {
			out[i] = of(&points[i])
		}
		return out
	}
	return []*plot{
		{Title: "Throughput", Show: perSecond, Lines: []line{
			{"statements", "a", column(func(p *point) float64 { return p.Statements })},
			{"errors", "c", column(func(p *point) float64 { return p.Errors })},
			{"refused", "d", column(func(p *point) float64 { return p.Refused })},
		}},
		{Title: "Latency", Show: seconds, Lines: []line{
			{"upstream, mean", "a", column(func(p *point) float64 { return p.Upstream.Seconds() })},
			{"proxy, mean", "b", column(func(p *point) float64 { return p.Proxy.Seconds() })},
			{"whole, 95 %", "c", column(func(p *point) float64 { return p.P95.Seconds() })},
		}},
	}
}
