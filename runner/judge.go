package runner

import (
	"context"
	"fmt"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

// judge asks the policies of the tracked branch as they are now. An apply is judged by those from before its merge as well,
// and once for every pull request that it applies, as that pull request was judged.
func (j *job) judge(ctx context.Context, plan *planner.Plan) (judgement, error) {
	after, before := j.run.Base, ""
	if j.run.Purpose != PurposePlan {
		if err := j.catchUp(ctx); err != nil {
			return judgement{}, err
		}
		after = j.head
	}
	if j.run.Purpose == PurposeApply {
		before = j.run.Base
	}
	was, is, err := j.w.policyPair(ctx, before, after)
	if err != nil {
		return judgement{}, err
	}
	pulls, err := j.judgedPulls(ctx)
	if err != nil {
		return judgement{}, err
	}
	said := judgement{revision: pairRevision(was, is)}
	for _, pull := range pulls {
		in := policy.Input{Plan: plan.JSON, Driftless: j.policyContext(pull, plan)}
		said.now = strictest(said.now, j.evaluate(ctx, is, in))
		if was != nil {
			said.before = strictest(said.before, j.evaluate(ctx, was, in))
		}
	}
	return said, ctx.Err()
}

// judgement is what the policies said.
type judgement struct {
	now      *policy.Verdict // of the tracked branch as it is
	before   *policy.Verdict // of the tracked branch from before the merge; nil when they are the same
	revision string
}

// verdict is the stricter of both.
func (g judgement) verdict() policy.Verdict {
	if g.before == nil {
		return *g.now
	}
	return policy.Stricter(*g.now, *g.before)
}

func strictest(so *policy.Verdict, far policy.Verdict) *policy.Verdict {
	if so != nil {
		far = policy.Stricter(*so, far)
	}
	return &far
}

// catchUp takes over what the tracked branch says by now of what the workspace may do: planning may have taken long.
func (j *job) catchUp(ctx context.Context) error {
	repo, err := j.repository(ctx)
	if err != nil || repo.Head == j.head {
		return err
	}
	if err := j.w.provide(ctx, j.run, repo.Head); err != nil {
		return err
	}
	set, err := j.w.resolve(ctx, j.run.Tree, repo.Head)
	if err != nil {
		return err
	}
	if ws := set.Workspace(j.run.Workspace); ws != nil {
		j.ws.Apply, j.ws.Reconcile, j.ws.TrustedLabels, j.ws.Timeouts = ws.Apply, ws.Reconcile, ws.TrustedLabels, ws.Timeouts
	}
	j.head = repo.Head
	return nil
}

// evaluate gives the policies as long as the workspace allows; what is not judged by then is blocked.
func (j *job) evaluate(ctx context.Context, set *policy.Set, in policy.Input) policy.Verdict {
	if limit := j.ws.Timeouts.Policy; limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the policies took longer than their limit of %s (`policy` of `timeouts`)", limit))
		defer cancel()
		ctx = limited
	}
	return set.Evaluate(ctx, in)
}

// judgedPulls are the pull requests that a policy may ask for: the one that is planned, or the merged ones that an apply
// applies; nil stands for none.
func (j *job) judgedPulls(ctx context.Context) (pulls []*Pull, err error) {
	var ids []int64
	switch {
	case j.run.PullID != 0:
		ids = []int64{j.run.PullID}
		if j.run.Purpose == PurposeApply {
			if j.cover, err = j.agreedBefore(ctx); err != nil {
				return nil, err
			}
		}
	case j.run.Purpose == PurposeApply:
		if j.cover, err = j.w.reviewed(ctx, j.run, j.rec); err != nil {
			return nil, err
		}
		ids = j.cover.ids
	}
	err = j.r.opts.Store.View(ctx, func(tx Tx) error {
		pulls = nil
		for _, id := range ids {
			p, err := tx.Pull(id)
			if err != nil {
				return err
			}
			pulls = append(pulls, &p)
		}
		return nil
	})
	if len(pulls) == 0 {
		pulls = []*Pull{nil}
	}
	return pulls, err
}

// policyContext is what policies see besides the plan.
func (j *job) policyContext(p *Pull, plan *planner.Plan) policy.Context {
	c := policy.Context{
		Workspace: map[string]any{
			"id": string(j.ws.ID), "repository": j.ws.Repository, "dir": j.ws.Dir, "name": j.ws.Name,
			"labels": j.ws.TrustedLabels, "owner": j.rec.Owner, "engine": j.run.Engine,
		},
		Run: map[string]any{"id": j.run.ID, "purpose": string(j.run.Purpose), "commit": j.run.Commit, "tracked": j.run.PullID == 0},
	}
	if p != nil {
		c.Change = map[string]any{"id": p.Key, "title": p.Title, "author": p.Author, "head": p.Head, "base": p.Base}
	}
	if j.run.Purpose == PurposeDrift {
		for _, change := range plan.Changes {
			c.Drift = append(c.Drift, map[string]any{"address": change.Address, "action": string(change.Action), "cause": string(change.Cause)})
		}
	}
	return c
}
