package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// traits are what must be known of an apply to record its end, besides its run: they are kept encrypted in the store with the
// intent, for a runner that did not begin it.
type traits struct {
	Dir     string        // of the root module, in the checkout
	Backend string        // that keeps the state; "" = driftless
	Prior   planner.Prior // the state that it planned from
	Known   []string      // of what applies made that did not end well
	Secrets []string      // what no reader is shown
}

func (t traits) managed() bool { return t.Backend == "" }

// applyDir is the directory of a run's supervisor.
func (j *job) applyDir() string { return filepath.Join(j.dir, applySubdir) }

const applySubdir = "apply"

func (j *job) keepTraits(tx Tx) error {
	j.traits.Prior, j.traits.Known, j.traits.Secrets = j.prior, j.known, j.mask.Values()
	value, err := json.Marshal(j.traits)
	if err != nil {
		return err
	}
	return tx.PutBlob(BlobKey(j.run.ID, traitsBlob), value)
}

const traitsBlob = "apply"

func traitsOf(tx Tx, run Run) (t traits, err error) {
	value, err := tx.Blob(BlobKey(run.ID, traitsBlob))
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(value, &t)
}

// order is what the supervisor of this apply is to do.
func (j *job) order() supervisor.Order {
	command := j.root.ApplyCommand(filepath.Join(j.dir, "plan.tfplan"))
	if j.traits.managed() { // its supervisor leads it to the copy that it serves; what the plan used ends with the plan
		command.Env = slices.DeleteFunc(command.Env, func(v string) bool { return strings.HasPrefix(v, "TF_HTTP_") })
	}
	return supervisor.Order{Run: j.run.ID, Command: command, Wait: j.ws.Timeouts.Cancel, Limit: j.ws.Timeouts.Apply}
}

// holdState locks the state that driftless keeps until the end of the apply is on record, and hands it over: the engine
// works on a copy, and needs the store no more.
func (j *job) holdState(tx Tx, run Run, order *supervisor.Order) error {
	if !j.traits.managed() {
		return nil
	}
	host, _ := os.Hostname()
	lock := StateLock{Workspace: run.Workspace, ID: fmt.Sprintf("driftless-run-%d", run.ID), RunID: run.ID, CreatedAt: now()}
	lock.Info, _ = json.Marshal(map[string]any{
		"ID": lock.ID, "Operation": "OperationTypeApply", "Who": fmt.Sprintf("run %d of driftless on %s", run.ID, host), "Created": lock.CreatedAt,
	})
	err := tx.LockState(lock)
	if errors.Is(err, ErrConflict) {
		holder, err := tx.StateLock(run.Workspace)
		if err != nil {
			return err
		}
		return userError(fmt.Sprintf(lockedBy+"%s. Nothing was applied. Wait for it; if it is gone for good, `driftless unlock %s` takes the lock away", LockOf(tx, holder), run.Workspace))
	} else if err != nil {
		return err
	}
	order.State = &supervisor.State{Workspace: string(run.Workspace)}
	_, order.State.Content, err = tx.State(run.Workspace, 0)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// freeState gives back what holdState took.
func freeState(tx Tx, run Run) error {
	lock, err := tx.StateLock(run.Workspace)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && lock.RunID != run.ID:
		return nil
	case err != nil:
		return err
	}
	return tx.UnlockState(run.Workspace)
}
