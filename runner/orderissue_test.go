package runner

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/runner/forge"
)

// issueTx is a store with the issue about a workspace's drift, and the checks of it.
type issueTx struct {
	Tx
	post Post
	runs map[int64]Run
}

func (t issueTx) Post(string, PostKind, string) (Post, error) { return t.post, nil }

func (t issueTx) Run(id int64) (Run, error) {
	if run, ok := t.runs[id]; ok {
		return run, nil
	}
	return Run{}, ErrNotFound
}

// TestWhatTheIssueShowedIsApproved: the drift may have changed after somebody read of it, and before the issue shows that.
func TestWhatTheIssueShowedIsApproved(t *testing.T) {
	t.Parallel()
	written := time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC)
	check := func(id int64, found string) Run {
		return Run{ID: id, Workspace: "r//app", Purpose: PurposeDrift, PlanDigest: found, InputDigest: "code"}
	}
	older, same, newest := check(1, "a"), check(2, "b"), check(3, "b")
	later := same
	later.InputDigest = "other code"
	shows := func(run Run) json.RawMessage {
		return newDraft(PostIssue, "r//app", issueState{Says: told{Repair: run.repair()}}).want
	}
	for name, c := range map[string]struct {
		want    json.RawMessage
		version int64
		after   time.Duration
		runs    []int64
		refused string
	}{
		"the issue shows it":                    {want: shows(same)},
		"it was edited after the comment":       {want: shows(same), after: time.Minute, refused: "changed since you wrote"},
		"it is about to be edited":              {want: shows(same), version: 2, refused: "changed since you wrote"},
		"it does not know of the newest check":  {want: shows(older), refused: "changed since you wrote"},
		"a check that found the same is named":  {want: shows(older), after: time.Minute, runs: []int64{2}},
		"the newest is named":                   {want: shows(same), after: time.Minute, runs: []int64{3}},
		"a check that found other is named":     {want: shows(same), runs: []int64{1}, refused: "Run 1 is not what was found last"},
		"one of two that are named found other": {want: shows(same), runs: []int64{2, 1}, refused: "Run 1 is not what"},
		"nothing is named that there is":        {want: shows(same), runs: []int64{9}, refused: "Run 9 is not what"},
		"it was found for other code":           {want: shows(same), runs: []int64{4}, refused: "Run 4 is not what"},
	} {
		tx := issueTx{runs: map[int64]Run{1: older, 2: same, 3: newest, 4: later}}
		tx.post = Post{Want: c.want, Version: max(c.version, 1), Shown: 1, ShownAt: written.Add(c.after - time.Second)}
		h := &hearing{w: &watcher{}, c: forge.Comment{Created: written}, cmd: command.Command{Runs: c.runs}}
		err := h.toldOf(tx, newest)
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
