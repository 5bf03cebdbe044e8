package engine

import (
	"regexp"
	"strings"
	"time"
)

// Lock is who holds the lock of a state, as far as the engine's message tells.
type Lock struct {
	ID, Path, Operation, Who, Version string
	Created                           time.Time // zero = not told
}

// String names the holder in one line.
func (l *Lock) String() string {
	who := l.Who
	if who == "" {
		who = "an unknown holder"
	}
	created := ""
	if !l.Created.IsZero() {
		created = l.Created.String()
	}
	for _, part := range []struct{ before, value string }{{" for ", l.Operation}, {" since ", created}, {", lock ID ", l.ID}} {
		if part.value != "" {
			who += part.before + part.value
		}
	}
	return who
}

var (
	lockField = regexp.MustCompile(`(?m)^[\s│]*(ID|Path|Operation|Who|Version|Created):[ \t]+(\S.*?)[ \t]*$`)
	heldID    = regexp.MustCompile(`already locked: ID=(\S+)`)
	heldBy    = regexp.MustCompile(`(?i)already\s+locked|resource\s+temporarily\s+unavailable`) // without saying by whom
)

// lockTime is how engines write when a lock was taken.
const lockTime = "2006-01-02 15:04:05.999999999 -0700 MST"

// lockIn reads the holder of the state lock from what an engine printed; nil when that is about something else: also when the lock
// could not be taken though nobody holds it, because the state cannot be read, or the backend refused.
func lockIn(text string) *Lock {
	if !strings.Contains(text, "Error acquiring the state lock") {
		return nil
	}
	_, info, _ := strings.Cut(text, "Lock Info:")
	fields := map[string]string{}
	for _, m := range lockField.FindAllStringSubmatch(info, -1) {
		if fields[m[1]] == "" {
			fields[m[1]] = m[2]
		}
	}
	// The http backend shows the lock that was wanted in place of the one that is held; of that it knows only the ID.
	if m := heldID.FindStringSubmatch(text); m != nil && m[1] != fields["ID"] {
		fields = map[string]string{"ID": m[1]}
	}
	if fields["ID"] == "" && fields["Who"] == "" && !heldBy.MatchString(text) {
		return nil
	}
	created, _ := time.Parse(lockTime, fields["Created"])
	return &Lock{
		ID: fields["ID"], Path: fields["Path"], Operation: fields["Operation"], Who: fields["Who"], Version: fields["Version"], Created: created,
	}
}

// masked is the lock with known secrets replaced. Its ID stays: it is what a person must type.
func (l *Lock) masked(mask func(string) string) *Lock {
	if l == nil {
		return nil
	}
	return &Lock{ID: l.ID, Path: mask(l.Path), Operation: mask(l.Operation), Who: mask(l.Who), Version: mask(l.Version), Created: l.Created}
}
