package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// askAccess is how often a forge is asked what driftless may do there: permissions are added and taken away.
const (
	askAccess = 6 * time.Hour
	askAgain  = 10 * time.Minute // when it did not say
	askPolls  = 10               // in polls, while something is missing: somebody mends it
)

// checkAccess asks the forge now and then who driftless is and what it may not do. What does not work without it is shown
// with the repository; nothing goes on where nothing would work.
func (w *watcher) checkAccess(ctx context.Context) error {
	known := w.access.Load()
	if w.host == nil || known != nil && time.Since(w.asked) < w.askEvery(known) {
		return nil
	}
	access, err := w.host.Access(ctx)
	var later *forge.Later
	if errors.As(err, &later) && known != nil {
		w.asked = time.Now().Add(askAgain - w.askEvery(known))
		return nil // what it knows is good enough for now
	} else if err != nil {
		return fmt.Errorf("%s: %w", w.signIn(), err)
	}
	if w.conf.Automerge != "" {
		access.Problems = append(access.Problems, access.Merging...)
	}
	news := known == nil || w.asked.IsZero() || !slices.Equal(known.Problems, access.Problems) // or it was not let in before
	for _, p := range access.Problems {
		if !news && !p.Fatal {
			continue
		}
		w.r.log.Warn("the sign-in lacks something", "repository", w.conf.Name, "login", access.Login, "what", p.What, "so", p.So)
		if p.Fatal {
			return userError(fmt.Sprintf("%s: as %s: %s: %s", w.signIn(), access.Login, p.What, p.So))
		}
	}
	w.access.Store(&access)
	w.asked = time.Now()
	if !news {
		return nil
	}
	w.dirty.Store(true)
	return w.posts.hurry(ctx)
}

// askEvery is how long what is known of the access holds.
func (w *watcher) askEvery(known *forge.Access) time.Duration {
	if len(known.Problems) == 0 {
		return askAccess
	}
	return min(askAccess, askPolls*w.conf.PollInterval)
}

// signIn names the sign-in at the forge, for people: which block it is, and where its secret is kept.
func (w *watcher) signIn() string {
	i := slices.IndexFunc(w.r.opts.Config.Forges, func(f workspaces.Forge) bool { return f.Name == w.conf.Forge })
	if i < 0 {
		return "sign in"
	}
	f := w.r.opts.Config.Forges[i]
	what, secret := "token", f.Token
	if f.App != nil {
		what, secret = fmt.Sprintf("private key of App %d", f.App.ID), &f.App.PrivateKey
	}
	return fmt.Sprintf("sign in at %s (%s %q, %s from %s)", f.URL, f.Kind, f.Name, what, secret.From())
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
