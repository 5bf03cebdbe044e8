package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// askAccess is how often a forge is asked what driftless may do there: permissions are added and taken away.
const (
	askAccess = 6 * time.Hour
	askAgain  = 10 * time.Minute // when it did not say
)

// checkAccess asks the forge now and then who driftless is and what it may not do. What does not work without it is shown
// with the repository; nothing goes on where nothing would work.
func (w *watcher) checkAccess(ctx context.Context) error {
	if w.host == nil || w.access.Load() != nil && time.Since(w.asked) < askAccess {
		return nil
	}
	access, err := w.host.Access(ctx)
	var later *forge.Later
	if errors.As(err, &later) && w.access.Load() != nil {
		w.asked = time.Now().Add(askAgain - askAccess)
		return nil // what it knows is good enough for now
	} else if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	for _, p := range access.Problems {
		w.r.log.Warn("the sign-in lacks something", "repository", w.conf.Name, "login", access.Login, "what", p.What, "so", p.So)
		if p.Fatal {
			return userError(fmt.Sprintf("sign in as %s: %s: %s", access.Login, p.What, p.So))
		}
	}
	w.access.Store(&access)
	w.asked = time.Now()
	w.dirty.Store(true)
	return nil
}

// problems are what the sign-in cannot do, for people.
func (w *watcher) problems() (all []string) {
	access := w.access.Load()
	if access == nil {
		access = &forge.Access{}
	}
	for _, p := range access.Problems {
		all = append(all, p.What+": "+p.So)
	}
	return all
}
