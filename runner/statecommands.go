package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

// StateRead is the kind of an event that says who was given a state in clear.
const StateRead = "state read"

// maxReason limits what a person gives as the reason of a command, in bytes.
const maxReason = 1000

// reasonFor checks what a person gave as the reason of a command.
func reasonFor(reason string) (string, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	switch {
	case reason == "":
		return "", userError("say why with --reason: it is kept on record")
	case len(reason) > maxReason || !utf8.ValidString(reason):
		return "", userError(fmt.Sprintf("the reason is to be text of at most %d bytes", maxReason))
	}
	return reason, nil
}

// knownWorkspace finds a workspace that a person named.
func knownWorkspace(tx Tx, id workspaces.ID) (Workspace, error) {
	rec, err := tx.Workspace(id)
	if errors.Is(err, ErrNotFound) {
		return rec, userError(fmt.Sprintf("there is no workspace %q: `driftless workspaces` lists them", id))
	}
	return rec, err
}

// Kept returns a version of a state that driftless keeps, the newest when version is 0; of others it says who keeps them.
func Kept(tx Tx, id workspaces.ID, version int64) (v StateVersion, content []byte, err error) {
	if version == 0 { // what driftless kept before is history
		if v, err = newestKept(tx, id); err != nil {
			return v, nil, err
		}
		version = v.Version
	} else if _, err := knownWorkspace(tx, id); err != nil {
		return v, nil, err
	}
	v, content, err = tx.State(id, version)
	switch {
	case errors.Is(err, ErrNotFound):
		err = userError(fmt.Sprintf("the state of %s has no version %d: `driftless state list %[1]s --versions` lists them", id, version))
	case errors.Is(err, ErrDamaged):
		err = userError(damagedState(id, version, err))
	}
	return v, content, err
}

// damagedState says what to do about a version that is there and cannot be read.
func damagedState(id workspaces.ID, version int64, err error) string {
	return fmt.Sprintf("version %d of the state of %s is damaged, or its key is missing: %v. `driftless state list %[2]s --versions` lists the others; if a backup or a key file has it whole, put that back. Else `driftless state rollback %[2]s VERSION` makes an older one the newest, or `driftless state push %[2]s FILE --force` a copy of yours", version, id, err)
}

// newestKept is the newest version of a state that driftless keeps, without its content: that may be damaged.
func newestKept(tx Tx, id workspaces.ID) (v StateVersion, err error) {
	rec, err := knownWorkspace(tx, id)
	if err != nil {
		return v, err
	}
	all, err := tx.States(id)
	switch {
	case err != nil:
		return v, err
	case rec.Backend != "":
		return v, keptElsewhere(rec, len(all) > 0)
	case len(all) == 0:
		return v, userError(fmt.Sprintf("%s has no state yet: nothing was applied", id))
	}
	return all[0], nil
}

// KeptVersions are the versions of a state that driftless keeps, or kept before a backend did: newest first.
func KeptVersions(tx Tx, id workspaces.ID) ([]StateVersion, error) {
	all, err := tx.States(id)
	if err != nil || len(all) > 0 {
		return all, err
	}
	_, err = newestKept(tx, id)
	return nil, err
}

// keptElsewhere says what to do about a state that a foreign backend keeps, and that driftless may have kept before.
func keptElsewhere(rec Workspace, before bool) error {
	text := fmt.Sprintf("the state of %s is kept by its backend %q, not by driftless: ", rec.ID, rec.Backend)
	if before {
		return userError(fmt.Sprintf("%suntil it was moved there, driftless kept it: `driftless state list %s --versions` lists what there is, and `driftless state pull %[2]s --version N` prints one. If it is not in the backend yet, `driftless state push %[2]s FILE` lets the engine put it there", text, rec.ID))
	}
	return userError(fmt.Sprintf("%scheck out %s, and in %s run `terraform init`, then `terraform state list`, `show` or `pull` (or tofu), with credentials of your own",
		text, orElse(fmt.Sprintf("%.12s", rec.AppliedCommit), "the tracked branch"), directoryOf(rec.ID)))
}

// directoryOf is the directory that an identity names.
func directoryOf(id workspaces.ID) string {
	dir, _, _ := strings.Cut(afterRepository(id), "@")
	return dir
}

// PullState returns a version of a state as it is, with secrets in clear, and records who was given it.
func (c *Commander) PullState(ctx context.Context, id workspaces.ID, version int64, actor string) (content []byte, err error) {
	err = c.update(ctx, func(j *journal) error {
		v, data, err := Kept(j.tx, id, version)
		if err != nil {
			return err
		}
		content = data
		return stateEvent(j, StateRead, id, actor, 0, fmt.Sprintf("version %d, serial %d", v.Version, v.Serial))
	})
	return content, err
}

// RollBack makes the content of an older version of a state the newest one, with a serial of its own. It changes no infrastructure:
// what a plan from it would change is held until somebody approves that. It returns the drift check that looks what that is.
func (c *Commander) RollBack(ctx context.Context, id workspaces.ID, version int64, reason, actor string) (v StateVersion, queued []Run, err error) {
	if reason, err = reasonFor(reason); err != nil {
		return v, nil, err
	}
	err = c.update(ctx, func(j *journal) error {
		newest, err := newestKept(j.tx, id)
		if err != nil {
			return err
		}
		old, content, err := Kept(j.tx, id, version)
		switch {
		case err != nil:
			return err
		case version <= 0 || old.Version == newest.Version:
			return userError(fmt.Sprintf("version %d is the newest one of %s: name an older one, which `driftless state list %[2]s --versions` lists", newest.Version, id))
		}
		if err := c.untouched(j.tx, id); err != nil {
			return err
		}
		v = StateVersion{Workspace: id, Lineage: newest.Lineage, Serial: newest.Serial + 1, CreatedAt: now()}
		if content, err = renumbered(content, v); err != nil {
			return err
		}
		if err := j.tx.PutState(&v, content); err != nil {
			return err
		}
		queued, err = c.replaced(j, id, actor, fmt.Sprintf("its state was rolled back by %s: version %d holds what version %d did", actor, v.Version, version))
		if err != nil {
			return err
		}
		return stateEvent(j, "state rolled back", id, actor, 0, fmt.Sprintf("version %d (serial %d) holds what version %d (serial %d) did: %s", v.Version, v.Serial, old.Version, old.Serial, reason))
	})
	return v, queued, err
}

// renumbered gives a state another identity.
func renumbered(content []byte, v StateVersion) ([]byte, error) {
	if header, err := tfstate.Parse(content); err == nil && header == (tfstate.Header{Serial: v.Serial, Lineage: v.Lineage}) {
		return content, nil
	}
	if encrypted(content) {
		return nil, userError("this state is encrypted by OpenTofu, with its serial inside: driftless cannot give it another one. Use `driftless state pull`, and OpenTofu with its key to write the state that is wanted; then `driftless state push`")
	}
	return withIdentity(content, v.Lineage, v.Serial)
}

// encrypted reports whether OpenTofu encrypted a state.
func encrypted(content []byte) bool {
	state, err := planner.ParseState(content, false)
	return err == nil && state.Encrypted
}

// replaced marks a workspace whose state a person put in the place of the one that was seen: nothing is applied from it by itself.
// It queues a check of what a plan from it would change.
func (c *Commander) replaced(j *journal, id workspaces.ID, actor, why string) ([]Run, error) {
	rec, err := j.tx.Workspace(id)
	if err != nil {
		return nil, err
	}
	if err := rec.distrust(j.tx, why); err != nil {
		return nil, err
	}
	if err := putIfChanged(j, rec); err != nil {
		return nil, err
	}
	return checkDriftIn(j, []workspaces.ID{id}, actor)
}

// distrust lets the workspace be planned again, whatever was found before, and holds what that would change, for a reason. A run that
// is queued will plan from what is there now.
func (rec *Workspace) distrust(tx Tx, why string) error {
	newest, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposeApply}, Statuses: notQueued, Limit: 1})
	if err == nil && len(newest) > 0 {
		rec.Prior.ReplacedAfter = newest[0].ID
	}
	rec.Prior.Replaced = why
	return err
}

// notQueued are the statuses of runs that were taken up, or ended.
var notQueued = []Status{Planning, Planned, Unchanged, Blocked, Held, Ready, Applying, Applied, Failed, Canceled, Superseded, Interrupted}

func stateEvent(j *journal, kind string, id workspaces.ID, actor string, runID int64, message string) error {
	repository, _, _ := strings.Cut(string(id), "//")
	return j.add(Event{Kind: kind, Actor: actor, Repository: repository, Workspace: id, RunID: runID, Message: message})
}

// working are the purposes of runs that use a workspace's state as their own.
var working = slices.Concat(trackedPurposes, []Purpose{PurposePush, PurposeUnlock})

// untouched says why a person cannot change the state of a workspace now: something works on it, may still work on it, or holds its lock.
func (c *Commander) untouched(tx Tx, id workspaces.ID) error {
	if err := errors.Join(c.idle(tx, id), unreported(tx, id)); err != nil {
		return err
	}
	kept, err := tx.StateLock(id)
	if err == nil {
		return userError(fmt.Sprintf("the state of %s is locked by %s. If that is gone for good, `driftless unlock %[1]s` takes the lock away", id, LockOf(tx, kept)))
	}
	return ignoreMissing(err)
}

// unreported refuses while the newest apply was interrupted and did not say how it ended, although its lock was taken away: it may
// go on where driftless cannot look, and write another state.
func unreported(tx Tx, id workspaces.ID) error {
	newest, err := tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Limit: 1})
	if err != nil || len(newest) == 0 || newest[0].Status != Interrupted {
		return err
	}
	if _, err := traitsOf(tx, newest[0]); errors.Is(err, ErrNotFound) {
		return nil // all that it wrote is on record
	}
	return userError(fmt.Sprintf("run %d was interrupted, and has not said how it ended: what it did may still come. `driftless discard %[1]d` settles it, when nothing of it works any more", newest[0].ID))
}

// idle says what works on a workspace.
func (c *Commander) idle(tx Tx, id workspaces.ID) error {
	active, err := tx.Runs(RunFilter{Workspace: id, Purposes: working, Statuses: []Status{Planning, Planned, Ready, Applying}})
	if err != nil {
		return err
	}
	if len(active) > 0 {
		return userError(fmt.Sprintf("run %d (%s) of %s is %s: wait for its end, which `driftless show %[1]d` tells", active[0].ID, active[0].Purpose, id, active[0].Status))
	}
	if c.DataDir == "" {
		return nil
	}
	if pid := processIn(c.DataDir, workDir(c.DataDir, id)); pid != "" {
		return userError(fmt.Sprintf("the engine of an earlier run still works on %s (process %s): wait for its end", id, pid))
	}
	return nil
}
