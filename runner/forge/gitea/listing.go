package gitea

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// listing is which pull requests are open, at one read per poll while nothing happens. Gitea has no conditional requests.
//
// It reads the open ones, last updated first, and the number of all (X-Total-Count) with each page. Usually the first page
// has them all, and that is the answer: nothing is remembered that could be wrong. With more of them it reads on down to what
// was updated before the last poll. Whatever has opened since, reopened, or got another title or base is above that; so what
// was known and what was read holds every open one. Nothing else is in it exactly if there are as many as the number says. If
// there are more, some were closed or deleted: then it reads the rest, and that is the answer.
//
// While pages are read, what closes moves others up, past the next page. Then the number changes, and it reads again from the
// start; as long as it does not, as many opened as closed, above whatever moved. Pages may be as short as the server likes.
// Should Gitea ever count what it does not show, two readings that are short of the same are all there is.
//
// Times are whole seconds, and a transaction may show late. So what is as new as a minute before the newest is read again
// until a minute has passed since the newest was first seen.
type listing struct {
	mu     sync.Mutex
	known  map[int64]pull
	from   time.Time // what was updated at it or later may be news
	newest time.Time
	seen   time.Time // when newest was first seen, by our clock
	branch string    // the tracked one
}

const lag = time.Minute

// pull is an open pull request. Its head is what Git says, and left out here.
type pull struct {
	forge.PullRequest
	number  int64
	updated time.Time
}

// read returns the open pull requests by number. page gives one page of them and how many there are.
func (l *listing) read(ctx context.Context, branch string, now time.Time, page func(ctx context.Context, n int) ([]pull, int, error)) (map[int64]pull, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.branch = branch
	var short map[int64]pull // a reading that had fewer than the number says
	for range readings {
		open, whole, err := l.walk(ctx, page)
		if err != nil {
			return nil, err
		}
		if whole || open != nil && short != nil && sameKeys(open, short) {
			l.settle(open, now)
			return maps.Clone(open), nil
		}
		short = open
	}
	return nil, fmt.Errorf("list the open pull requests: %w", errMoved)
}

// sameKeys reports whether two readings found the same pull requests.
func sameKeys(a, b map[int64]pull) bool {
	return maps.EqualFunc(a, b, func(pull, pull) bool { return true })
}

// walk is one reading; nil when the list changed under it. What is whole has as many as the number says.
func (l *listing) walk(ctx context.Context, page func(ctx context.Context, n int) ([]pull, int, error)) (open map[int64]pull, whole bool, err error) {
	read, first := map[int64]pull{}, 0
	for n := 1; ; n++ {
		got, total, err := page(ctx, n)
		if err != nil {
			return nil, false, err
		}
		if n == 1 {
			first = total
		}
		for _, p := range got {
			read[p.number] = p
		}
		switch {
		case total != first, len(read) > total:
			return nil, false, nil
		case len(read) == total:
			return read, true, nil
		case len(got) == 0:
			return read, false, nil
		}
		if got[len(got)-1].updated.Before(l.from) {
			both := maps.Clone(l.known)
			maps.Copy(both, read)
			if len(both) == total {
				return both, true, nil
			}
		}
	}
}

// settle remembers a reading that began at now.
func (l *listing) settle(open map[int64]pull, now time.Time) {
	l.known = open
	newest := l.newest
	for _, p := range open {
		if p.updated.After(newest) {
			newest = p.updated
		}
	}
	switch {
	case newest.After(l.newest):
		l.newest, l.seen, l.from = newest, now, newest.Add(-lag)
	case now.Sub(l.seen) > lag:
		l.from = l.newest.Add(1)
	}
}

// tracks reports whether a branch is the tracked one, as of the last poll.
func (l *listing) tracks(branch string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.branch == "" || l.branch == branch
}
