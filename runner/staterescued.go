package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// Rescued is a state that an engine could not write to its backend, and that is kept.
type Rescued struct {
	RunID     int64         `json:"run,omitempty"`
	Workspace workspaces.ID `json:"workspace,omitempty"`
	File      string        `json:"file,omitempty"` // where it lies, when it is not kept with the run
	Serial    int64         `json:"serial"`
	Lineage   string        `json:"lineage,omitempty"`
	Size      int           `json:"size"` // bytes
	At        time.Time     `json:"at"`
	Continues string        `json:"continues"` // what it continues, for people, with the next step
	Waiting   bool          `json:"waiting"`   // nobody took it over yet
}

// mostRescued is how many rescued states are listed.
const mostRescued = 1000

// Rescued lists the states that are kept, newest first.
func (c *Commander) Rescued(ctx context.Context) (all []Rescued, err error) {
	err = c.Store.View(ctx, func(tx Tx) error {
		all = []Rescued{}
		var events []Event
		for _, kind := range []string{stateRescued, lateResult} {
			some, err := tx.Events(EventFilter{Kind: kind, Limit: mostRescued})
			if err != nil {
				return err
			}
			events = append(events, some...)
		}
		slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(b.ID, a.ID) })
		seen := map[int64]bool{}
		for _, e := range events {
			if seen[e.RunID] {
				continue
			}
			seen[e.RunID] = true
			content, err := rescuedState(tx, e.RunID)
			if user := UserError(""); errors.As(err, &user) {
				continue // removed with its run
			} else if err != nil {
				return err
			}
			one := Rescued{RunID: e.RunID, Workspace: e.Workspace, At: e.At}
			if err := one.describe(tx, content); err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	files, err := c.rescuedFiles()
	return append(all, files...), err
}

// describe says what a rescued state continues.
func (r *Rescued) describe(tx Tx, content []byte) error {
	var said struct {
		Serial  int64
		Lineage string
	}
	r.Size = len(content)
	if json.Unmarshal(content, &said) != nil {
		r.Continues, r.Waiting = "it cannot be read: look at it with `driftless state pull --run "+fmt.Sprint(r.RunID)+"`", true
		return nil
	}
	r.Serial, r.Lineage = said.Serial, said.Lineage
	rec, err := tx.Workspace(r.Workspace)
	if ignoreMissing(err) != nil {
		return err
	}
	if rec.Backend != "" {
		return r.elsewhere(tx, rec)
	}
	versions, err := tx.States(r.Workspace)
	if err != nil {
		return err
	}
	taken := slices.IndexFunc(versions, func(v StateVersion) bool {
		return v.RunID == r.RunID && (said.Lineage == "" || v.Lineage == said.Lineage)
	})
	switch push := fmt.Sprintf("`driftless state push --run %d`", r.RunID); {
	case taken >= 0 && (said.Lineage == "" || versions[taken].Serial >= said.Serial):
		r.Continues = fmt.Sprintf("taken over as version %d", versions[taken].Version)
	case len(versions) == 0:
		r.Continues, r.Waiting = "there is no state yet: "+push, true
	case versions[0].Lineage == said.Lineage && versions[0].Serial < said.Serial:
		r.Continues, r.Waiting = fmt.Sprintf("continues version %d (serial %d): %s", versions[0].Version, versions[0].Serial, push), true
	case versions[0].Lineage == said.Lineage:
		r.Continues, r.Waiting = fmt.Sprintf("does not continue version %d, whose serial is %d: compare them", versions[0].Version, versions[0].Serial), true
	default:
		r.Continues, r.Waiting = fmt.Sprintf("is of another lineage than version %d: compare them", versions[0].Version), true
	}
	return nil
}

// elsewhere says what became of a state that a foreign backend did not take.
func (r *Rescued) elsewhere(tx Tx, rec Workspace) error {
	pushes, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposePush}, After: r.RunID})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pushes, func(p Run) bool { return p.Approves == r.RunID })
	switch {
	case i >= 0 && pushes[i].Status == Applied:
		r.Continues = fmt.Sprintf("pushed to its backend %q by run %d", rec.Backend, pushes[i].ID)
	case i >= 0:
		r.Continues, r.Waiting = fmt.Sprintf("run %d, which pushes it, is %s", pushes[i].ID, pushes[i].Status), true
	default:
		r.Continues, r.Waiting = fmt.Sprintf("its backend %q did not take it: `driftless state push --run %d`", rec.Backend, r.RunID), true
	}
	return nil
}

// rescuedFiles are the states that could not be kept in the database.
func (c *Commander) rescuedFiles() (all []Rescued, err error) {
	if c.DataDir == "" {
		return nil, nil
	}
	dir := filepath.Join(c.DataDir, "rescued")
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, file := range files {
		info, failed := file.Info()
		if failed != nil || !info.Mode().IsRegular() {
			continue
		}
		one := Rescued{File: filepath.Join(dir, file.Name()), At: info.ModTime(), Size: int(info.Size()), Waiting: true}
		run, _, _ := strings.Cut(file.Name(), "-")
		_, _ = fmt.Sscan(run, &one.RunID)
		one.Continues = "could not be kept in the database: `driftless state push WORKSPACE " + one.File + "`, then remove the file"
		all = append(all, one)
	}
	return all, err
}

// PullRescued returns the state that a run left behind as it is, with secrets in clear, and records who was given it.
func (c *Commander) PullRescued(ctx context.Context, runID int64, actor string) (content []byte, err error) {
	err = c.update(ctx, func(j *journal) error {
		if content, err = rescuedState(j.tx, runID); err != nil {
			return err
		}
		run, err := j.tx.Run(runID)
		if err != nil {
			return err
		}
		return stateEvent(j, StateRead, run.Workspace, actor, runID, fmt.Sprintf("what run %d left behind", runID))
	})
	return content, err
}
