package gitea

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// shelf is a list of open pull requests, given in pages, last updated first.
type shelf struct {
	open   map[int64]time.Time // when each was updated
	extra  int                 // so many are counted and not shown
	page   int
	reads  int
	before func(n int) // is called before page n is given
}

var dawn = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

func newShelf(n, page int) *shelf {
	s := &shelf{open: map[int64]time.Time{}, page: page}
	for i := range n {
		s.open[int64(i+1)] = dawn.Add(time.Duration(i) * time.Hour)
	}
	return s
}

func (s *shelf) give(_ context.Context, n int) ([]pull, int, error) {
	s.reads++
	if s.before != nil {
		s.before(n)
	}
	numbers := slices.SortedFunc(maps.Keys(s.open), func(a, b int64) int {
		if c := s.open[b].Compare(s.open[a]); c != 0 {
			return c
		}
		return int(b - a)
	})
	from := min((n-1)*s.page, len(numbers))
	var list []pull
	for _, number := range numbers[from:min(from+s.page, len(numbers))] {
		list = append(list, pull{number: number, updated: s.open[number]})
	}
	return list, len(numbers) + s.extra, nil
}

// poll reads the shelf and fails unless that finds what is on it.
func (s *shelf) poll(t *testing.T, what string, l *listing, now time.Time) (reads int) {
	t.Helper()
	s.reads = 0
	got, err := l.read(t.Context(), "main", now, s.give)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if want := slices.Sorted(maps.Keys(s.open)); !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
		t.Errorf("%s: %v, want %v", what, slices.Sorted(maps.Keys(got)), want)
	}
	return s.reads
}

func TestListingReadsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	now := dawn.Add(100 * time.Hour)
	s, l := newShelf(10, 3), &listing{}
	for _, step := range []struct {
		what  string
		do    func()
		reads int
	}{
		{"at first", func() {}, 4},
		{"idle", func() {}, 1},
		{"one updated", func() { s.open[2] = now }, 1},
		{"one new", func() { s.open[11] = now.Add(time.Second) }, 1},
		{"five updated, over the edge of a page", func() {
			for n := int64(3); n < 8; n++ {
				s.open[n] = now.Add(time.Minute)
			}
		}, 3},
		{"idle before a minute has passed", func() {}, 2},
		{"one closed", func() { delete(s.open, 1) }, 4},
		{"as many closed as new", func() { delete(s.open, 2); s.open[12] = now.Add(time.Hour) }, 4},
		{"most closed", func() { maps.DeleteFunc(s.open, func(n int64, _ time.Time) bool { return n > 2 && n != 7 }) }, 1},
		{"all closed", func() { clear(s.open) }, 1},
	} {
		step.do()
		now = now.Add(10 * time.Second)
		if reads := s.poll(t, step.what, l, now); reads != step.reads {
			t.Errorf("%s: %d reads, want %d", step.what, reads, step.reads)
		}
	}
}

// Everything was updated at once (a label was deleted): while it is quiet after that, a poll costs one read again.
func TestListingWithEqualTimes(t *testing.T) {
	t.Parallel()
	s, l := newShelf(10, 3), &listing{}
	now := dawn.Add(100 * time.Hour)
	for n := range s.open {
		s.open[n] = now
	}
	s.poll(t, "at first", l, now)
	if reads := s.poll(t, "at once", l, now.Add(time.Second)); reads != 4 {
		t.Errorf("%d reads where more may come at the same time", reads)
	}
	s.open[11] = now // shows late
	s.poll(t, "one that shows late", l, now.Add(30*time.Second))
	s.poll(t, "two minutes later", l, now.Add(2*time.Minute))
	if reads := s.poll(t, "idle", l, now.Add(3*time.Minute)); reads != 1 {
		t.Errorf("%d reads of an idle repository", reads)
	}
}

func TestListingThatMoves(t *testing.T) {
	t.Parallel()
	s, l := newShelf(10, 3), &listing{}
	s.before = func(n int) {
		if n == 2 {
			delete(s.open, 10) // was on the first page: the first of the second is there now
			s.before = nil
		}
	}
	s.poll(t, "one closed while it is read", l, dawn)
	s.before = func(n int) {
		if n == 2 {
			delete(s.open, slices.Max(slices.Collect(maps.Keys(s.open))))
		}
	}
	var later *forge.Later
	if _, err := (&listing{}).read(t.Context(), "main", dawn, s.give); !errors.As(err, &later) {
		t.Errorf("one closed at every reading: %v, want later", err)
	}
}

func TestListingIsWholeThoughMoreAreCounted(t *testing.T) {
	t.Parallel()
	s, l := newShelf(10, 3), &listing{}
	s.extra = 1
	s.poll(t, "at first", l, dawn)
	s.poll(t, "again", l, dawn)
}
