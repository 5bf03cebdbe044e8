package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

// StatePush is a state that a person wants to be the newest one.
type StatePush struct {
	Workspace workspaces.ID
	Content   []byte // a state file, or
	RunID     int64  // the state that this run left behind
	Force     bool   // also when it does not continue the state that is there
	Reason    string // needed with Force
}

// PushState makes a state the newest one of its workspace. Where driftless keeps the state it is done at once; where a foreign
// backend does, the engine pushes it, as the run that is returned.
func (c *Commander) PushState(ctx context.Context, p StatePush, actor string) (v StateVersion, queued []Run, err error) {
	if p.Force || p.Reason != "" {
		if p.Reason, err = reasonFor(p.Reason); err != nil {
			return v, nil, err
		}
	}
	err = c.update(ctx, func(j *journal) error {
		push := p
		if err := push.load(j.tx); err != nil {
			return err
		}
		rec, err := knownWorkspace(j.tx, push.Workspace)
		if err != nil {
			return err
		}
		if rec.Backend != "" {
			queued, err = c.pushElsewhere(j, rec, push, actor)
			return err
		}
		if err := c.untouched(j.tx, rec.ID); err != nil {
			return err
		}
		if v, err = push.keep(j.tx); err != nil {
			return err
		}
		if push.RunID != 0 {
			if err := takenOver(j.tx, push.RunID, fmt.Sprintf("taken over as version %d", v.Version)); err != nil {
				return err
			}
		}
		queued = nil
		if err := planHeldAnew(j, rec.ID); err != nil {
			return err
		}
		if push.RunID == 0 || push.Force { // what a run left behind and continues the state is what an engine would have written
			queued, err = c.replaced(j, rec.ID, actor, fmt.Sprintf("its state was replaced by %s: version %d was pushed", actor, v.Version))
			if err != nil {
				return err
			}
		}
		return stateEvent(j, "state pushed", rec.ID, actor, push.RunID, push.said(v))
	})
	return v, queued, err
}

// load reads the state that a run left behind.
func (p *StatePush) load(tx Tx) error {
	if p.RunID == 0 {
		return nil
	}
	run, err := tx.Run(p.RunID)
	if errors.Is(err, ErrNotFound) {
		return userError(fmt.Sprintf("there is no run %d: `driftless state rescued` lists those that left a state behind", p.RunID))
	} else if err != nil {
		return err
	}
	if p.Workspace != "" && p.Workspace != run.Workspace {
		return userError(fmt.Sprintf("run %d is of %s, not of %s", run.ID, run.Workspace, p.Workspace))
	}
	p.Workspace = run.Workspace
	p.Content, err = leftState(tx, run.ID)
	return err
}

// Artifacts are the names under which the plan of a run and its log are kept: they go with age.
var Artifacts = []string{"plan", "plan.json", "plan.tfplan", "log"}

// keep makes the state the newest version, if it comes after the one that is there or is forced.
func (p *StatePush) keep(tx Tx) (v StateVersion, err error) {
	if encrypted(p.Content) && p.Force {
		return v, userError("this state is encrypted by OpenTofu: it can be pushed only if it continues the one that is there, without --force")
	}
	newest, old, err := tx.State(p.Workspace, 0)
	if ignoreMissing(err) != nil && !errors.Is(err, ErrDamaged) { // a damaged one equals no other
		return v, err
	}
	exists := err == nil || errors.Is(err, ErrDamaged)
	if p.RunID != 0 && !p.Force { // also the very first one, which has no lineage yet
		kept, err := restoreState(tx, Run{ID: p.RunID, Workspace: p.Workspace}, p.Content)
		if err == nil && kept {
			v, err = newestKept(tx, p.Workspace)
		}
		if err != nil || kept {
			return v, err
		}
	}
	header, err := tfstate.Parse(p.Content)
	if err != nil && p.Force && exists { // one that never reached a backend
		header = tfstate.Header{Lineage: newest.Lineage, Serial: newest.Serial + 1}
		p.Content, err = withIdentity(p.Content, header.Lineage, header.Serial)
	}
	switch {
	case err != nil:
		return v, userError(fmt.Sprintf("this is no state: %v", err))
	case exists && bytes.Equal(old, p.Content):
		return v, userError(fmt.Sprintf("this is what version %d holds, the newest one: there is nothing to push", newest.Version))
	case exists && !p.Force:
		if err := header.Follows(string(p.Workspace), tfstate.Header{Serial: newest.Serial, Lineage: newest.Lineage}); err != nil {
			return v, userError(refusedPush(err))
		}
	}
	v = StateVersion{Workspace: p.Workspace, Serial: header.Serial, Lineage: header.Lineage, RunID: p.RunID, CreatedAt: now()}
	return v, tx.PutState(&v, p.Content)
}

// refusedPush is why a state is not taken, with the way around.
func refusedPush(err error) string {
	return strings.TrimSuffix(err.Error(), tfstate.LeftByEngine) + ". Compare the two (`driftless state show`, `driftless state pull`); if this one is right all the same, --force --reason takes it, and nothing is applied from it by itself"
}

// said is what the record says of a push.
func (p *StatePush) said(v StateVersion) string {
	from := "a file"
	if p.RunID != 0 {
		from = fmt.Sprintf("what run %d left behind", p.RunID)
	}
	text := fmt.Sprintf("version %d (serial %d) is %s", v.Version, v.Serial, from)
	if p.Force {
		text += ", forced"
	}
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	return text
}

// pushElsewhere queues the run in which the engine pushes a state to its backend.
func (c *Commander) pushElsewhere(j *journal, rec Workspace, p StatePush, actor string) ([]Run, error) {
	if err := c.idle(j.tx, rec.ID); err != nil {
		return nil, err
	}
	what := "a file"
	if p.RunID != 0 {
		what = fmt.Sprintf("the state that run %d left behind", p.RunID)
	}
	if p.Force {
		what += ", forced"
	}
	run, err := queueOrder(j, rec, Run{
		Purpose: PurposePush, Approves: p.RunID, Actor: actor, Trigger: withReason(fmt.Sprintf("%s pushes %s", actor, what), p.Reason),
	}, stateOrder{Force: p.Force})
	if err != nil {
		return nil, err
	}
	return []Run{run}, j.tx.PutBlob(BlobKey(run.ID, pushBlob), p.Content)
}

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}
