package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// Rescued lists the states that are kept, newest first.
func (c *Commander) Rescued(ctx context.Context) (all []Rescued, err error) {
	err = c.Store.View(ctx, func(tx Tx) error {
		all = []Rescued{}
		runs, err := leftBehind(tx)
		if err != nil {
			return err
		}
		for _, id := range runs {
			one := Rescued{RunID: id}
			if err := one.look(tx); err != nil {
				return err
			}
			all = append(all, one)
		}
		files, err := c.rescuedFiles(tx)
		all = append(all, files...)
		return err
	})
	return all, err
}

// RescuedOf is the state that a run left behind; nil: none.
func RescuedOf(tx Tx, runID int64) (*Rescued, error) {
	keys, err := tx.Blobs(leftKey(runID, ""), "", 1)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	one := &Rescued{RunID: runID}
	return one, one.look(tx)
}

// LateResult says how the apply of a run ended after a person had decided about it; "" = it did not, as far as is known.
func LateResult(tx Tx, runID int64) (string, error) {
	said, err := tx.Events(EventFilter{RunID: runID, Kind: lateResult, Limit: 1})
	if err != nil || len(said) == 0 {
		return "", err
	}
	return said[0].Message, nil
}

// look finds out what a run left behind, and what became of it.
func (r *Rescued) look(tx Tx) error {
	run, err := tx.Run(r.RunID)
	if ignoreMissing(err) != nil {
		return err
	}
	r.Workspace, r.At = run.Workspace, run.FinishedAt
	taken, err := tx.Blob(leftKey(r.RunID, leftTaken))
	if errors.Is(err, ErrDamaged) {
		taken, err = []byte("settled; the note that says how is damaged"), nil
	}
	if ignoreMissing(err) != nil {
		return err
	}
	content, err := leftState(tx, r.RunID)
	if errors.Is(err, ErrDamaged) && len(taken) == 0 {
		r.Continues, r.Waiting = fmt.Sprintf("damaged, or its key is missing: if a backup or a key file has it whole, put that back; else `driftless state settle %d`", r.RunID), true
		return nil
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	return r.describe(tx, content, string(taken))
}

// describe says what a rescued state continues.
func (r *Rescued) describe(tx Tx, content []byte, became string) error {
	var said struct {
		Serial  int64
		Lineage string
	}
	r.Size = len(content)
	readable := json.Unmarshal(content, &said) == nil
	r.Serial, r.Lineage = said.Serial, said.Lineage
	if became != "" {
		r.Continues = became
		return nil
	}
	if !readable {
		r.Continues, r.Waiting = "it cannot be read: look at it with `driftless state pull --run "+fmt.Sprint(r.RunID)+"`", true
		return nil
	}
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
	// An earlier driftless did not note it.
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
	case i >= 0:
		r.Continues, r.Waiting = fmt.Sprintf("run %d, which pushes it, is %s", pushes[i].ID, pushes[i].Status), true
	default:
		r.Continues, r.Waiting = fmt.Sprintf("its backend %q did not take it: `driftless state push --run %d`", rec.Backend, r.RunID), true
	}
	return nil
}

// PullRescued returns the state that a run left behind as it is, with secrets in clear, and records who was given it.
func (c *Commander) PullRescued(ctx context.Context, runID int64, actor string) (content []byte, err error) {
	err = c.update(ctx, func(j *journal) error {
		if content, err = leftState(j.tx, runID); err != nil {
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
