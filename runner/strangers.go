package runner

import (
	"context"
	"maps"
	"slices"
	"time"
)

// What people who may do nothing here are answered on one thread within an hour: anybody can write comments, and each answer
// costs the forge's patience that the others need.
const (
	strangersHour      = time.Hour
	strangersReplies   = 1
	strangersReactions = 10
)

// knownFor is how long it is remembered whether somebody may do anything. It only says how they are answered.
const knownFor = 10 * time.Minute

// strangers remembers, in memory, whom the forge lets do nothing, and what they were answered.
type strangers struct {
	known map[string]familiar   // by login
	heard map[string]strangerAt // by thread
}

type familiar struct {
	at  time.Time
	may bool
}

type strangerAt struct {
	since time.Time
	count int
}

func newStrangers() strangers {
	return strangers{known: map[string]familiar{}, heard: map[string]strangerAt{}}
}

// forget drops what is too old to count.
func (s *strangers) forget() {
	maps.DeleteFunc(s.known, func(_ string, f familiar) bool { return time.Since(f.at) > knownFor })
	maps.DeleteFunc(s.heard, func(_ string, h strangerAt) bool { return time.Since(h.since) > strangersHour })
}

// answers returns how much of an answer a refused comment gets: a reply and a reaction, a reaction, or none. Whoever may do
// anything here gets both; so does everybody while the forge does not say who that is.
func (w *watcher) answers(ctx context.Context, thread, login string) (reply, reaction bool) {
	who, known := w.strangers.known[login]
	if !known {
		may, err := w.may(ctx, login, w.anything())
		if err != nil {
			return true, true
		}
		who = familiar{at: time.Now(), may: may}
		w.strangers.known[login] = who
	}
	if who.may {
		return true, true
	}
	now := w.strangers.heard[thread]
	if now.since.IsZero() {
		now.since = time.Now()
	}
	now.count++
	w.strangers.heard[thread] = now
	return now.count <= strangersReplies, now.count <= strangersReactions
}

// anything are the words for everybody who may do something to a workspace.
func (w *watcher) anything() []string {
	words := []string{"write"}
	set := w.tracked.Load()
	if set == nil {
		return words
	}
	for _, ws := range set.Workspaces {
		words = slices.Concat(words, ws.Permissions.Plan, ws.Permissions.Apply, ws.Permissions.Approve)
	}
	slices.Sort(words)
	return slices.Compact(words)
}
