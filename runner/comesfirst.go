package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// comesFirst says what is to be settled before the drift of a workspace can be repaired, and how; "" = nothing.
func comesFirst(tx Tx, rec Workspace) (string, error) {
	if rec.Reserved != 0 {
		holder, err := tx.Pull(rec.Reserved)
		return fmt.Sprintf("%s is applied here before its merge: merge or close that one first, or give it up there with `driftless unlock`", pullName(holder)), err
	}
	if rec.TargetDigest == rec.AppliedDigest {
		return "", nil
	}
	run, ok, err := lastApply(tx, rec.ID)
	if err != nil {
		return "", err
	}
	if repairs, err := isRepair(tx, run); err != nil {
		return "", err
	} else if ok && repairs {
		return repairFirst(run), nil
	}
	since, err := appliedSince(tx, rec.ID)
	if err != nil {
		return "", err
	}
	merged, err := mergedSince(tx, rec.Repository, rec.ID, since)
	var names []string
	for _, p := range merged {
		names = append(names, pullName(p))
	}
	slices.Sort(names)
	switch {
	case len(names) > 0 && merged[0].URL != "":
		return fmt.Sprintf("%s waits to be applied, which comes first: `driftless apply` or `driftless approve` there settles it", strings.Join(names, " with ")), err
	case len(names) == 0 && ok:
		names = append(names, fmt.Sprintf("commit %.7s", run.Commit))
	case len(names) == 0:
		names = append(names, "what was merged")
	}
	text := strings.Join(names, " with ") + " waits to be applied, which comes first"
	if ok && run.Status.Waiting() {
		verb := "approve"
		if run.Status == Interrupted {
			verb = "resume"
		}
		text += fmt.Sprintf(": where driftless runs, `driftless %s %d` settles it", verb, run.ID)
	}
	return text, err
}

// repairFirst says how an earlier repair stands that has begun and was not done.
func repairFirst(run Run) string {
	is := "is under way (run %[1]d)"
	switch run.Status {
	case Failed:
		is = "failed (`driftless show %[1]d` says why), and `driftless approve %[1]d` tries it again"
	case Interrupted:
		is = "was interrupted (`driftless show %[1]d` says what is known), and `driftless resume %[1]d` tries it again"
	case Held, Blocked:
		is = "waits (`driftless show %[1]d` says for what), and `driftless approve %[1]d` lets it go on"
	}
	return "its last repair " + fmt.Sprintf(is, run.ID)
}

// isRepair reports whether a run applies what a drift check found.
func isRepair(tx Tx, run Run) (bool, error) {
	for run.Approves != 0 && run.Purpose != PurposeDrift {
		next, err := tx.Run(run.Approves)
		if errors.Is(err, ErrNotFound) {
			return false, nil // too old to be known
		} else if err != nil {
			return false, err
		}
		run = next
	}
	return run.Purpose == PurposeDrift, nil
}

// mergedSince are the pull requests with changes of a workspace whose merge became known after a moment.
func mergedSince(tx Tx, repository string, id workspaces.ID, since time.Time) ([]Pull, error) {
	merged, err := tx.Pulls(PullFilter{Repository: repository, State: Merged, Limit: 200})
	return slices.DeleteFunc(merged, func(p Pull) bool {
		return !slices.Contains(p.Affected, id) || !p.UpdatedAt.After(since)
	}), err
}

// pullName is what people call a pull request.
func pullName(pull Pull) string {
	if pull.URL == "" {
		return "pull request " + pull.Key
	}
	return "#" + pull.Key
}
