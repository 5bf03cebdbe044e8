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
)

// erroredState is the file in which an engine leaves a state that its backend did not take.
const erroredState = "errored.tfstate"

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
				j.rescue(ctx, j.run.ID, filepath.Dir(name))
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
func (j *job) rescue(ctx context.Context, runID int64, dir string) {
	name := filepath.Join(dir, erroredState)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	restored := false
	if err == nil {
		err = j.r.update(ctx, func(tx Tx, jr *journal) error {
			restored = false
			if err := tx.PutBlob(blobKey(runID, erroredState), data); err != nil {
				return err
			}
			message := "the engine could not write its state; it is kept with the run as " + erroredState
			if j.ws.Backend.Managed() {
				var err error
				if restored, err = restoreState(tx, j.run, data); err != nil {
					return err
				}
			}
			if restored {
				message = "the engine could not write its state; the one it left behind was taken over"
			}
			return jr.run("state rescued", j.run, message)
		})
	}
	if err != nil {
		kept := filepath.Join(j.r.opts.DataDir, "rescued", fmt.Sprintf("%d-%s", runID, erroredState))
		j.r.log.Error("a state could not be rescued into the store; it is kept as a file", "run", runID, "file", kept, "error", err, "move", moveFile(name, kept))
	}
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
