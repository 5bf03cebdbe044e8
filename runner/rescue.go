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
	"strings"

	"github.com/google/uuid"

	"github.com/driftlessops/driftless/planner"
)

// Files in which an engine leaves a state that its backend did not take, or that it kept beside the code.
const (
	erroredState = "errored.tfstate"
	strayState   = "terraform.tfstate"
)

// stateRescued is the kind of an event that says that a state was kept.
const stateRescued = "state rescued"

// clearWork removes what an earlier run left in a workspace's work directory. A state that an engine left there is kept.
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
				j.rescue(ctx, name)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(path)
}

// processIn returns a process whose working directory is in a work directory, or "": an engine that goes on although
// driftless was killed. Where there is no /proc it finds none.
func processIn(dir string) string {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		cwd, err := os.Readlink(link)
		if err == nil && (cwd == dir || strings.HasPrefix(cwd, dir+string(filepath.Separator))) {
			return strings.Split(link, "/")[2]
		}
	}
	return ""
}

// rescue keeps a state that an engine could not write to its backend: it is the only record of what was made. A state that
// driftless keeps itself is brought up to date with it when it is its continuation.
func (j *job) rescue(ctx context.Context, name string) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	restored := false
	if err == nil {
		err = j.r.update(ctx, func(tx Tx, jr *journal) error {
			restored = false
			if err := tx.PutBlob(blobKey(j.run.ID, filepath.Base(name)), data); err != nil {
				return err
			}
			message := "the engine could not write its state; it is kept with the run as " + filepath.Base(name)
			if j.ws.Backend.Managed() {
				var err error
				if restored, err = restoreState(tx, j.run, data); err != nil {
					return err
				}
			}
			if restored {
				message = "the engine could not write its state; the one it left behind was taken over"
			}
			return jr.run(stateRescued, j.run, message)
		})
	}
	if err != nil {
		kept := filepath.Join(j.r.opts.DataDir, "rescued", fmt.Sprintf("%d-%s", j.run.ID, filepath.Base(name)))
		j.log.Error("a state could not be rescued into the store; it is kept as a file", "file", kept, "error", err, "move", moveFile(name, kept))
	}
}

// stateAfter is the state that an apply left. An apply whose state did not reach driftless, though driftless is to keep it,
// failed: the only copy would go with the checkout.
func (j *job) stateAfter(ctx context.Context) (planner.Prior, error) {
	changed := j.run.Summary
	changed.Invoke = 0
	if !j.ws.Backend.Managed() {
		return planner.Prior{Lineage: j.prior.Lineage, Serial: j.prior.Serial, Exists: j.prior.Exists || !changed.Empty()}, nil
	}
	v, err := j.newestState(ctx)
	if err == nil && v.RunID != j.run.ID && !changed.Empty() {
		j.rescue(ctx, filepath.Join(j.at, filepath.FromSlash(j.ws.Dir), strayState))
		v, err = j.newestState(ctx)
	}
	if err == nil && v.RunID != j.run.ID && !changed.Empty() {
		err = userError("the engine applied the plan and did not give its state to driftless: something in " + j.ws.Dir + " sets another backend. Look for the state where that backend keeps it, and remove the setting or add a backend block")
	}
	return planner.Prior{Lineage: v.Lineage, Serial: v.Serial, Exists: v.Version > 0}, err
}

// newestState is the newest version of the workspace's state; the zero value when there is none.
func (j *job) newestState(ctx context.Context) (v StateVersion, err error) {
	err = j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		if v, _, err = tx.State(j.run.Workspace, 0); errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	return v, err
}

// restoreState makes a state the newest version when it continues the one there is.
func restoreState(tx Tx, run Run, data []byte) (bool, error) {
	var next struct {
		Serial  int64
		Lineage string
	}
	if err := json.Unmarshal(data, &next); err != nil {
		return false, nil // a person must look at it
	}
	was, _, err := tx.State(run.Workspace, 0)
	switch {
	case errors.Is(err, ErrNotFound) && next.Lineage == "":
		// The very first state: the engine gives it a lineage when it reaches its backend, and it never did.
		next.Lineage, next.Serial = uuid.NewString(), 1
		if data, err = withIdentity(data, next.Lineage, next.Serial); err != nil {
			return false, err
		}
	case err != nil && !errors.Is(err, ErrNotFound):
		return false, err
	case err == nil && (was.Lineage != next.Lineage || was.Serial >= next.Serial):
		return false, nil
	}
	return true, tx.PutState(&StateVersion{Workspace: run.Workspace, Serial: next.Serial, Lineage: next.Lineage, RunID: run.ID, CreatedAt: now()}, data)
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
