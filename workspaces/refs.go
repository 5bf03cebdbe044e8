package workspaces

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

// gitRef is what a floating Git module source names.
type gitRef struct{ url, ref string }

// failed is the error of a ref that could not be looked up: the server is down, slow, or does not know it. It leaves out
// credentials that the URL holds.
func (r gitRef) failed(err error) error {
	ref := r.ref
	if ref == "" {
		ref = "HEAD"
	}
	return fmt.Errorf("look up %s of %s: %w", ref, withoutCredentials(r.url), err)
}

func withoutCredentials(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// Limits of lookups. URLs come from pull requests, and a server may be slow on purpose.
const (
	lookupsAtOnce = 8
	lookupTimeout = 20 * time.Second // of one
	lookupBudget  = time.Minute      // of all in one Set
)

var errNoAnswer = errors.New("no answer in time")

// refMemo remembers for one look at a repository which commit a Git ref means. Each is looked up once, several at a time.
type refMemo struct {
	mu      sync.Mutex
	lookups map[gitRef]*lookup
	slots   chan struct{} // of lookups that run
	spent   time.Duration
}

type lookup struct {
	ref    gitRef
	done   chan struct{} // closed when the others are set
	commit string
	err    error
	given  bool // up by who asked, so that it is no answer
}

// refResolver is who looks refs up.
type refResolver struct {
	resolve         func(ctx context.Context, url, ref string) (string, error)
	timeout, budget time.Duration
}

// commit returns the commit of a ref, and waits for it as long as ctx allows. Its error is of the lookup or of ctx.
func (r *refMemo) commit(ctx context.Context, by refResolver, ref gitRef) (string, error) {
	for {
		l := r.begin(ctx, by, []gitRef{ref})[0]
		select {
		case <-l.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case l.given:
			continue // somebody else asked and went away
		case l.err != nil:
			return "", ref.failed(l.err)
		}
		return l.commit, nil
	}
}

// begin starts to look up those of the refs that nobody asked for yet, and returns all lookups.
func (r *refMemo) begin(ctx context.Context, by refResolver, refs []gitRef) []*lookup {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lookups == nil {
		r.lookups, r.slots = map[gitRef]*lookup{}, make(chan struct{}, lookupsAtOnce)
	}
	var all, fresh []*lookup
	for _, ref := range refs {
		l, known := r.lookups[ref]
		if !known {
			l = &lookup{ref: ref, done: make(chan struct{})}
			r.lookups[ref] = l
			fresh = append(fresh, l)
		}
		all = append(all, l)
	}
	if len(fresh) > 0 {
		go r.run(ctx, by, fresh, by.budget-r.spent)
	}
	return all
}

// unasked reports whether some of the refs were not asked for yet, while others were.
func (r *refMemo) unasked(refs []gitRef) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ref := range refs {
		if r.lookups[ref] == nil {
			return len(r.lookups) > 0
		}
	}
	return false
}

func (r *refMemo) run(asked context.Context, by refResolver, all []*lookup, budget time.Duration) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(asked, budget)
	defer cancel()
	var group sync.WaitGroup
	for _, l := range all {
		r.slots <- struct{}{}
		group.Go(func() {
			defer func() { <-r.slots }()
			l.commit, l.err = by.ask(ctx, l.ref)
			if l.given = asked.Err() != nil; l.given {
				r.forget(l.ref)
			}
			close(l.done)
		})
	}
	group.Wait()
	r.mu.Lock()
	r.spent += time.Since(began)
	r.mu.Unlock()
}

func (r *refMemo) forget(ref gitRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lookups, ref)
}

// ask looks one ref up, and leaves a resolver alone that does not heed its context.
func (by refResolver) ask(ctx context.Context, ref gitRef) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, by.timeout, errNoAnswer)
	defer cancel()
	if ctx.Err() != nil {
		return "", errNoAnswer
	}
	answer := make(chan lookup, 1)
	go func() {
		commit, err := by.resolve(ctx, ref.url, ref.ref)
		answer <- lookup{commit: commit, err: err}
	}()
	select {
	case l := <-answer:
		return l.commit, l.err
	case <-ctx.Done():
		return "", errNoAnswer
	}
}
