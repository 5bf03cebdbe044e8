package runner

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/supervisor"
	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

// rescuedFiles are the states that could not be kept in the database, with whose they are as far as their files or the record tell.
func (c *Commander) rescuedFiles(tx Tx) (all []Rescued, err error) {
	if c.DataDir == "" {
		return nil, nil
	}
	dir := rescuedDir(c.DataDir)
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, file := range files {
		path := filepath.Join(dir, file.Name())
		one := Rescued{File: path}
		if file.IsDir() { // see KeepApply
			one.File = supervisor.NewestState(path)
			if apply, err := supervisor.Find(path); err == nil && apply.Order.State != nil {
				one.Workspace = workspaces.ID(apply.Order.State.Workspace)
			}
		}
		info, failed := os.Lstat(one.File)
		if failed != nil || !info.Mode().IsRegular() {
			continue
		}
		one.At, one.Size = info.ModTime(), int(info.Size())
		run, _, _ := strings.Cut(file.Name(), "-")
		_, _ = fmt.Sscan(run, &one.RunID)
		if err := one.lookAtFile(tx, strings.HasSuffix(file.Name(), settledFile)); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, err
}

// lookAtFile finds out whose a state in a file is, and what became of it.
func (r *Rescued) lookAtFile(tx Tx, settled bool) error {
	if run, err := tx.Run(r.RunID); err == nil {
		r.Workspace = run.Workspace
	} else if ignoreMissing(err) != nil {
		return err
	}
	content, err := os.ReadFile(r.File)
	header, failed := tfstate.Parse(content)
	r.Serial, r.Lineage = header.Serial, header.Lineage
	if settled {
		r.Continues = "settled: remove it when nobody looks at it any more"
		return nil
	}
	r.Waiting = true
	r.Continues = fmt.Sprintf("could not be kept in the database: `driftless state push %s %s`, or `driftless state settle %d`", orElse(string(r.Workspace), "WORKSPACE"), r.File, r.RunID)
	if err = errors.Join(err, failed); err != nil {
		r.Continues = fmt.Sprintf("cannot be read (%v): look at it; if nobody needs it, `driftless state settle %d`", err, r.RunID)
		return nil
	}
	versions, err := tx.States(r.Workspace)
	i := slices.IndexFunc(versions, func(v StateVersion) bool { return v.Serial == r.Serial && v.Lineage == r.Lineage })
	if err != nil || i < 0 {
		return err
	}
	_, kept, err := tx.State(r.Workspace, versions[i].Version)
	if err == nil && bytes.Equal(kept, content) {
		r.Continues, r.Waiting = fmt.Sprintf("version %d holds it: remove the file", versions[i].Version), false
	}
	if errors.Is(err, ErrDamaged) {
		err = nil
	}
	return err
}

// LeftBy is the state that a run left behind, one that waits before others: kept with it, or else in a file; nil: none.
func (c *Commander) LeftBy(tx Tx, runID int64) (*Rescued, error) {
	left, err := RescuedOf(tx, runID)
	if err != nil || left != nil && left.Waiting {
		return left, err
	}
	files, err := c.rescuedFiles(tx)
	for _, one := range files {
		if one.RunID == runID && (left == nil || one.Waiting) {
			left = &one
		}
	}
	return left, err
}
