package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/workspaces"
)

// Lock is who holds the lock of a workspace's state.
type Lock struct {
	ID        string    `json:"id"`
	Who       string    `json:"who,omitempty"` // user and machine, as the engine says
	Operation string    `json:"operation,omitempty"`
	Path      string    `json:"path,omitempty"`
	Version   string    `json:"version,omitempty"` // of the engine
	Since     time.Time `json:"since,omitzero"`
	RunID     int64     `json:"run,omitempty"`        // the run that took it; 0 = not known
	RunStatus Status    `json:"run_status,omitempty"` // of that run
	Backend   string    `json:"backend,omitempty"`    // that keeps it; "" = driftless
}

// Stuck reports whether nothing of driftless works under the lock, as far as the runs tell.
func (l Lock) Stuck() bool { return !l.RunStatus.Active() && l.RunStatus != Ready }

// String names the holder, since when it holds the lock, and the lock.
func (l Lock) String() string {
	text := orElse(l.Who, "an unknown holder")
	if l.RunID != 0 {
		text = fmt.Sprintf("run %d", l.RunID)
		if l.RunStatus != "" {
			text += fmt.Sprintf(" (%s)", l.RunStatus)
		}
		if rest, same := strings.CutPrefix(l.Who, fmt.Sprintf("run %d ", l.RunID)); same { // driftless's own engines say so
			text += " " + rest
		} else if l.Who != "" {
			text += ", " + l.Who
		}
	}
	if l.Operation != "" {
		text += " for " + l.Operation
	}
	if !l.Since.IsZero() {
		text += fmt.Sprintf(", since %s (%s)", l.Since.UTC().Format("2006-01-02 15:04 UTC"), age(time.Since(l.Since)))
	}
	return text + ", lock ID " + orElse(l.ID, "not known")
}

// age is how long something has been so, as people say it.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// LockOf is the lock of a state that driftless keeps. The engine's own words about it are foreign input: what of them cannot be
// read is left out.
func LockOf(tx Tx, kept StateLock) Lock {
	l := Lock{ID: kept.ID, RunID: kept.RunID, Since: kept.CreatedAt}
	var info struct{ Operation, Who, Version, Path string }
	if json.Unmarshal(kept.Info, &info) == nil {
		l.Operation, l.Who, l.Version, l.Path = info.Operation, info.Who, info.Version, info.Path
	}
	if run, err := tx.Run(kept.RunID); err == nil {
		l.RunStatus = run.Status
	}
	return l
}

// HeldLock is the lock of a workspace's state: the store's, or that of a foreign backend which kept the newest apply from its work.
// ErrNotFound: none is known.
func HeldLock(tx Tx, rec Workspace) (lock Lock, err error) {
	if rec.Backend == "" {
		kept, err := tx.StateLock(rec.ID)
		if err != nil {
			return lock, err
		}
		return LockOf(tx, kept), nil
	}
	runs, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposeApply}, Limit: 1})
	if err != nil {
		return lock, err
	}
	if len(runs) == 0 || runs[0].Status != Failed {
		return lock, ErrNotFound
	}
	data, err := tx.Blob(BlobKey(runs[0].ID, lockedBlob))
	if err != nil {
		return lock, err
	}
	return lock, json.Unmarshal(data, &lock)
}

// lockedBlob holds the lock of a foreign backend that kept a run from its work.
const lockedBlob = "lock"

// lockedBy begins the reason of a run that a lock kept from its work.
const lockedBy = "the state is locked by "

// lockGone takes back what is said of a lock that somebody took away: what it kept from its work may be tried again.
func lockGone(j *journal, id workspaces.ID, who string) error {
	kept, err := j.tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Limit: 1})
	if err != nil || len(kept) == 0 || kept[0].Status != Failed || !strings.HasPrefix(kept[0].Reason, lockedBy) {
		return err
	}
	run, said := kept[0], kept[0].Reason
	_, rest, _ := strings.Cut(said, "\n")
	run.Reason = strings.TrimSpace(fmt.Sprintf("the state was locked, and %s took the lock away: `driftless approve %d` tries it again\n%s", who, run.ID, rest))
	if err := j.tx.UpdateRun(run, Failed); err != nil {
		return err
	}
	return j.toldAnew(run, said)
}

// whyFailed is what a reader is told of an error. Of a lock it says first who holds it, since when, and what to do.
func (j *job) whyFailed(ctx context.Context, failure error) string {
	text := j.mask.String(userText(failure))
	var failed *engine.Error
	if !errors.As(failure, &failed) || failed.Lock == nil {
		return j.unreadableState(ctx, text) + text
	}
	lock, err := j.lock(ctx, failed.Lock)
	if err != nil {
		j.log.Error("the holder of a lock could not be looked up", "error", err)
	}
	return fmt.Sprintf(lockedBy+"%s. Wait for it; if it is gone for good, `driftless unlock %s` takes the lock away\n\n%s", lock, j.run.Workspace, text)
}

// lock is what is known of the lock of a foreign backend that kept the run from its work. It is kept with the run.
func (j *job) lock(ctx context.Context, said *engine.Lock) (Lock, error) {
	lock := Lock{ID: said.ID, Who: said.Who, Operation: said.Operation, Path: said.Path, Version: said.Version, Since: said.Created, Backend: j.traits.Backend}
	data, err := json.Marshal(lock)
	if err != nil {
		return lock, err
	}
	return lock, j.r.opts.Store.Update(ctx, func(tx Tx) error { return tx.PutBlob(BlobKey(j.run.ID, lockedBlob), data) })
}

func ignoreMissing(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
