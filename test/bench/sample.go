package main

import (
	"fmt"
	"slices"
	"time"
)

// sample is what was measured several times.
type sample []float64

func (s sample) sorted() sample { return slices.Sorted(slices.Values(s)) }

func (s sample) median() float64 {
	sorted := s.sorted()
	if len(sorted) == 0 {
		return 0
	}
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// text is the median with the least and the most.
func (s sample) text(unit func(float64) string) string {
	sorted := s.sorted()
	if len(sorted) < 2 {
		return unit(s.median())
	}
	return fmt.Sprintf("%s (%s to %s)", unit(s.median()), unit(sorted[0]), unit(sorted[len(sorted)-1]))
}

func seconds(v float64) string {
	if v < 1 {
		return fmt.Sprintf("%.0f ms", v*1000)
	}
	return fmt.Sprintf("%.2f s", v)
}

func times(v float64) string { return fmt.Sprintf("%.2f ×", v) }

// timed is how long f takes, in seconds.
func timed(f func() error) (float64, error) {
	begin := time.Now()
	err := f()
	return time.Since(begin).Seconds(), err
}

// pairs are measurements of two things, one after the other in each round: a machine that is slow for a while is slow for both.
type pairs struct{ floor, ours sample }

func (p *pairs) add(floor, ours float64) {
	p.floor, p.ours = append(p.floor, floor), append(p.ours, ours)
}

// ratios are those of each round.
func (p *pairs) ratios() (all sample) {
	for i := range p.floor {
		all = append(all, p.ours[i]/p.floor[i])
	}
	return all
}

// over are the differences of each round.
func (p *pairs) over() (all sample) {
	for i := range p.floor {
		all = append(all, p.ours[i]-p.floor[i])
	}
	return all
}
