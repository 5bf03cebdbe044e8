package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

// waiting is a workspace that is not in sync: what it waits for, and the run that says more.
type waiting struct {
	workspace, status, why string
	run                    int64  // 0: there is none
	pull                   string // key of the pull request that it is applied for before its merge; "" = none
}

// waitingIn finds what each workspace that is not in sync waits for.
func waitingIn(ctx context.Context, client *server.Client, all []server.WorkspaceView) (list []waiting, err error) {
	var runs []server.RunView // newest first
	err = client.Get(ctx, "/v1/runs", url.Values{
		"status":  {string(runner.Held), string(runner.Interrupted), string(runner.Blocked), string(runner.Failed), string(runner.Queued)},
		"purpose": {string(runner.PurposeApply), string(runner.PurposeDrift)},
	}, &runs)
	newest := map[string]server.RunView{}
	drifted := map[string]bool{}
	for _, w := range all {
		drifted[w.ID] = !w.DriftSince.IsZero()
	}
	for _, r := range runs {
		settled := r.Purpose == string(runner.PurposeDrift) && r.Status != string(runner.Failed) && !drifted[r.Workspace] // by an apply
		if _, known := newest[r.Workspace]; !known && !settled {
			newest[r.Workspace] = r
		}
	}
	for _, w := range all {
		if w.Sync == string(runner.Synced) || w.Orphan {
			continue
		}
		next := waiting{workspace: w.ID, status: strings.ToLower(w.Sync), why: firstLine(w.Reason)}
		if r, ok := newest[w.ID]; ok && r.ID > w.AppliedRun && w.Sync != string(runner.Unknown) {
			next.status, next.run, next.why, next.pull = r.Status, r.ID, firstLine(cmp.Or(r.Reason, w.Reason)), r.PullRequest
		}
		list = append(list, next)
	}
	return list, err
}

// beforeMerge stands for the statuses of applies before a merge.
const beforeMerge = "before the merge"

// nextOf is what to type about the first workspace of each status, in the order in which it is shown.
var nextOf = []struct{ status, command, what string }{
	{"held", "show %d", "what it would do"},
	{"held", "approve %d", "the next pass applies it"},
	{"held", "runs --status held", "everything that is held"},
	{"interrupted", "show %d", "what is known of the interrupted apply, and what to do"},
	{"blocked", "show %d", "what the policies say; an approval does not overrule them"},
	{"failed", "show %d --log", "what the engine printed"},
	{beforeMerge, "show %d", "what keeps a pull request from being applied before its merge"},
}

// printWaiting lists what waits, and what to type next.
func (a *app) printWaiting(list []waiting) error {
	if len(list) == 0 {
		return nil
	}
	t := table{whole: true, header: []string{"WAITING", "STATUS", "RUN", "WHY"}}
	first := map[string]int64{}
	for _, w := range list {
		number := ""
		if w.run != 0 {
			number = strconv.FormatInt(w.run, 10)
			status := w.status
			if w.pull != "" && status != "interrupted" {
				status = beforeMerge
			}
			first[status] = cmp.Or(first[status], w.run)
		}
		t.add(w.workspace, w.status, number, w.why)
	}
	_, _ = fmt.Fprintln(a.out)
	if err := t.print(a, a.out); err != nil {
		return err
	}
	text := ""
	for _, next := range nextOf {
		if run := first[next.status]; run != 0 {
			text += fmt.Sprintf("  driftless %-20s # %s\n", strings.ReplaceAll(next.command, "%d", strconv.FormatInt(run, 10)), next.what)
		}
	}
	if text != "" {
		text = "\nNext:\n" + text
	}
	_, err := fmt.Fprint(a.out, text)
	return err
}
