package runner

import (
	"errors"
	"fmt"
	"strings"
)

// waits says what a run must wait for; "" = nothing.
func (r *Runner) waits(tx Tx, run Run) (string, error) {
	if r.opts.Short != nil {
		if why := r.opts.Short(); why != "" {
			return why, nil
		}
	}
	if why := r.awaits(run.Repository); why != "" {
		return why, nil
	}
	why, err := waitsFor(tx, run)
	if why == "" && run.Purpose != PurposePlan {
		if pid := processIn(r.opts.DataDir, r.workDir(run.Workspace)); pid != "" {
			r.endOrphans() // then it is tried again
			why = "waits for the engine of an earlier run to end (process " + pid + ")"
		}
	}
	return why, err
}

// waitsFor names the workspaces that a run of the tracked branch must wait for, or is "".
func waitsFor(tx Tx, run Run) (string, error) {
	if run.Purpose != PurposeApply {
		return "", nil
	}
	rec, err := tx.Workspace(run.Workspace)
	if errors.Is(err, ErrNotFound) {
		return "waits for its workspace to be seen on the tracked branch", nil
	} else if err != nil {
		return "", err
	}
	if run.InputDigest == rec.AppliedDigest {
		return "", nil // a repair of what is applied already depends on nothing new
	}
	var waits []string
	for _, id := range rec.DependsOn {
		up, err := tx.Workspace(id)
		switch {
		case errors.Is(err, ErrNotFound):
			waits = append(waits, fmt.Sprintf("%s (unknown)", id))
		case err != nil:
			return "", err
		case run.PullID != 0 && up.Reserved == run.PullID:
			if done, err := appliedFor(tx, run.PullID, up); err != nil {
				return "", err
			} else if !done {
				waits = append(waits, fmt.Sprintf("%s (%s)", id, up.Sync))
			}
		case up.TargetDigest == "" || up.TargetDigest != up.AppliedDigest:
			waits = append(waits, fmt.Sprintf("%s (%s)", id, up.Sync))
		}
	}
	if len(waits) == 0 {
		return "", nil
	}
	return "waits for " + strings.Join(waits, ", "), nil
}
