package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/google/uuid"

	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

// Files in which an engine leaves a state that its backend did not take, or that it kept beside the code.
const (
	erroredState = "errored.tfstate"
	strayState   = "terraform.tfstate"
)

// stateRescued is the kind of an event that says that a state was kept.
const stateRescued = "state rescued"

// clearWork removes what an earlier run left in a workspace's work directory. A state that an engine left there is kept: as long as
// nothing takes it, it stays there, and the run does not begin.
func (j *job) clearWork(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if info.IsDir() {
		err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == erroredState && d.Type().IsRegular() {
				err = j.rescue(ctx, name)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(path)
}

// rescue takes up a state that an earlier run left in the checkout: the store has it then, or a file of its own.
func (j *job) rescue(ctx context.Context, name string) error {
	err := j.r.update(ctx, func(tx Tx, jr *journal) error {
		before, err := newestHeader(tx, j.run.Workspace)
		if err != nil {
			return err
		}
		o := aftermath{rescued: map[string][]byte{}}
		if err := o.rescue(name, j.traits.managed(), before); err != nil {
			return err
		}
		return j.keepLeft(tx, jr, j.run, o)
	})
	if err == nil {
		return nil
	}
	kept, failed := keepFile(name, filepath.Join(rescuedDir(j.r.opts.DataDir), fmt.Sprintf("%d-%s", j.run.ID, filepath.Base(name))))
	if failed != nil {
		return fmt.Errorf("%s is a state that an earlier apply left, and it can be kept nowhere else: %w", name, errors.Join(err, failed))
	}
	j.log.Error("a state could not be rescued into the store; it is kept as a file", "file", kept, "error", err)
	return nil
}

// restoreState makes a state the newest version when it continues the one there is.
func restoreState(tx Tx, run Run, data []byte) (bool, error) {
	before, err := newestHeader(tx, run.Workspace)
	if err != nil {
		return false, err
	}
	content, next, ok := continues(before, data)
	if !ok {
		return false, nil
	}
	return true, tx.PutState(&StateVersion{Workspace: run.Workspace, Serial: next.Serial, Lineage: next.Lineage, RunID: run.ID, CreatedAt: now()}, content)
}

// continues returns a state that an engine left in a file as one that follows the state before, if it does. before is nil when
// there was none.
func continues(before *tfstate.Header, data []byte) (content []byte, next tfstate.Header, ok bool) {
	if err := json.Unmarshal(data, &next); err != nil {
		return nil, next, false // a person must look at it
	}
	if before == nil {
		if next.Lineage != "" {
			return data, next, true
		}
		// The very first state: the engine gives it a lineage when it reaches its backend, and it never did.
		next.Lineage, next.Serial = uuid.NewString(), 1
		content, err := withIdentity(data, next.Lineage, next.Serial)
		return content, next, err == nil
	}
	return data, next, before.Lineage == next.Lineage && before.Serial < next.Serial
}

// newestHeader is what the newest state says about itself; nil when there is none.
func newestHeader(tx Tx, id workspaces.ID) (*tfstate.Header, error) {
	all, err := tx.States(id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &tfstate.Header{Serial: all[0].Serial, Lineage: all[0].Lineage}, nil
}

// withIdentity gives a state file a lineage and a serial.
func withIdentity(state []byte, lineage string, serial int64) ([]byte, error) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(state, &file); err != nil {
		return nil, err
	}
	file["lineage"], file["serial"] = json.RawMessage(strconv.Quote(lineage)), json.RawMessage(strconv.FormatInt(serial, 10))
	return json.Marshal(file)
}
