package runner

import (
	"context"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

// judge asks the policies of the tracked branch; for an apply those from before the merge as well, the stricter winning.
func (j *job) judge(ctx context.Context, plan *planner.Plan) (policy.Verdict, string, error) {
	after, before := j.run.Base, ""
	if j.run.Purpose == PurposeApply {
		after, before = j.run.Commit, j.run.Base
	}
	was, is, err := j.w.policyPair(ctx, before, after)
	if err != nil {
		return policy.Verdict{}, "", err
	}
	in := policy.Input{Plan: plan.JSON, Driftless: j.policyContext(ctx, plan)}
	verdict := is.Evaluate(ctx, in)
	if was != nil {
		verdict = policy.Stricter(verdict, was.Evaluate(ctx, in))
	}
	return verdict, pairRevision(was, is), ctx.Err()
}

func (j *job) policyContext(ctx context.Context, plan *planner.Plan) policy.Context {
	c := policy.Context{
		Workspace: map[string]any{
			"id": string(j.ws.ID), "repository": j.ws.Repository, "dir": j.ws.Dir, "name": j.ws.Name,
			"labels": j.ws.TrustedLabels, "owner": j.ws.Owner, "engine": j.run.Engine,
		},
		Run: map[string]any{"id": j.run.ID, "purpose": string(j.run.Purpose), "commit": j.run.Commit, "tracked": j.run.PullID == 0},
	}
	if j.run.PullID != 0 {
		_ = j.r.opts.Store.View(ctx, func(tx Tx) error {
			p, err := tx.Pull(j.run.PullID)
			if err == nil {
				c.Change = map[string]any{"id": p.Key, "title": p.Title, "author": p.Author, "head": p.Head, "base": p.Base}
			}
			return err
		})
	}
	if j.run.Purpose == PurposeDrift {
		for _, change := range plan.Changes {
			c.Drift = append(c.Drift, map[string]any{"address": change.Address, "action": string(change.Action), "cause": string(change.Cause)})
		}
	}
	return c
}
