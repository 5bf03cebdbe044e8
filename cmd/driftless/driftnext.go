package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/driftlessops/driftless/runner/server"
)

// driftNext is what to do about the drift of a workspace: found is the newest check that waits, repair the newest apply; a
// zero one is not there.
func driftNext(w server.WorkspaceView, found, repair server.RunView) string {
	switch {
	case w.Sync == "Pending":
		return fmt.Sprintf("what is merged and not applied comes first (%s): `driftless runs -w %s` lists what waits.", firstLine(w.Reason), w.ID)
	case found.Status == "blocked":
		return fmt.Sprintf("policy does not allow the repair (`driftless show %d`); change the code or the policy.", found.ID)
	case found.ID != 0:
		return fmt.Sprintf("`driftless approve %d` repairs it; or adopt it: change the code so that it says what is there now.", found.ID)
	}
	again := fmt.Sprintf("`driftless show %[1]d` says why; then `driftless approve %[1]d` tries it again.", repair.ID)
	switch repair.Status {
	case "failed":
		return fmt.Sprintf("its repair (run %d) failed: ", repair.ID) + again
	case "interrupted":
		return fmt.Sprintf("its repair (run %d) was interrupted: `driftless show %[1]d` says what is known; then `driftless resume %[1]d` tries it again.", repair.ID)
	case "held", "blocked":
		return fmt.Sprintf("its repair waits: `driftless show %d` says for what.", repair.ID)
	case "queued", "planning", "planned", "ready", "applying":
		return fmt.Sprintf("its repair is under way (run %d).", repair.ID)
	}
	return fmt.Sprintf("`driftless drift --check %s` looks again.", w.ID)
}

// newestRun is the newest run of a workspace for a purpose, in one of the statuses, or in any; a zero one is not there.
func newestRun(ctx context.Context, client *server.Client, workspace, purpose string, statuses ...string) (run server.RunView, err error) {
	query := url.Values{"workspace": {workspace}, "status": statuses, "limit": {"1"}}
	if purpose != "" {
		query.Set("purpose", purpose)
	}
	var runs []server.RunView
	if err := client.Get(ctx, "/v1/runs", query, &runs); err != nil || len(runs) == 0 {
		return run, err
	}
	return runs[0], nil
}

// maxReasons is for how many workspaces it is said why they are not checked.
const maxReasons = 10

// sayUnchecked says which workspaces are not checked now, and why.
func (a *app) sayUnchecked(ctx context.Context, client *server.Client, rest []server.WorkspaceView) error {
	for i, w := range rest {
		if i == maxReasons {
			a.say("And %s more.", count(len(rest)-i, "workspace is not checked", "workspaces are not checked"))
			return nil
		}
		why, err := whyUnchecked(ctx, client, w)
		if err != nil {
			return err
		}
		a.say("%s is not checked: %s.", w.ID, why)
	}
	return nil
}

func whyUnchecked(ctx context.Context, client *server.Client, w server.WorkspaceView) (string, error) {
	if w.Orphan {
		return "its directory is gone from the tracked branch", nil
	}
	for _, purpose := range []string{"apply", "drift", "destroy"} {
		run, err := newestRun(ctx, client, w.ID, purpose, "queued", "planning", "planned", "ready", "applying")
		if err != nil {
			return "", err
		} else if run.ID != 0 {
			return fmt.Sprintf("run %d (%s) is %s: `driftless show %d` follows it", run.ID, purpose, run.Status, run.ID), nil
		}
	}
	if w.AppliedCommit == "" {
		return "it was never applied", nil
	}
	run, err := newestRun(ctx, client, w.ID, "apply")
	return fmt.Sprintf("its last apply (run %d) was not done, so there is nothing whole to compare with: `driftless show %d`", run.ID, run.ID), err
}
