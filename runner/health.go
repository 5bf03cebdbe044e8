package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
)

// How much of failing checks is kept on a workspace's record.
const (
	mostFailing  = 20
	longestCheck = 500 // bytes of a message
)

// healthOf is what checks say. What was not evaluated is no pass.
func healthOf(checks planner.Checks) Health {
	switch {
	case len(checks.Failed) > 0:
		return Degraded
	case checks.Passed > 0 && checks.Unknown == 0:
		return Healthy
	}
	return HealthUnknown
}

// unwell names the checks that failed, on one line; "" = none did.
func unwell(failing []planner.FailedCheck) string {
	const most = 3
	var texts []string
	for i, c := range failing {
		if i == most {
			texts = append(texts, fmt.Sprintf("and %d more", len(failing)-most))
			break
		}
		texts = append(texts, c.String())
	}
	return strings.Join(texts, "; ")
}

// unwell is why a workspace is Degraded, as far as it is kept; "" = it is not.
func (rec Workspace) unwell() string { return unwell(rec.Failing) }

// failing are the checks that failed, as readers may see them.
func (j *job) failing(checks planner.Checks) (failing []planner.FailedCheck) {
	for _, c := range checks.Failed[:min(len(checks.Failed), mostFailing)] {
		c.Address, c.Message = j.shownCheck(c.Address), j.shownCheck(c.Message)
		failing = append(failing, c)
	}
	return failing
}

// shownCheck masks a text before it cuts it: half a secret is not found any more.
func (j *job) shownCheck(text string) string {
	text = j.mask.String(text)
	if j.at != "" {
		text = strings.ReplaceAll(text, j.at, "(checkout)")
	}
	if len(text) > longestCheck {
		text = strings.ToValidUTF8(text[:longestCheck], "") + "…"
	}
	return text
}

// assess takes up in a record what its checks say. The history tells when the health is another one than before.
func (j *job) assess(jr *journal, rec *Workspace, run Run, checks planner.Checks) error {
	was := orElse(string(rec.Health), string(HealthUnknown))
	rec.Health, rec.Failing, rec.HealthAt = healthOf(checks), j.failing(checks), zeroTime
	if checks.Passed+len(checks.Failed) > 0 {
		rec.HealthAt = now()
	}
	if string(rec.Health) == was {
		return nil
	}
	message := fmt.Sprintf("%s, and was %s", rec.Health, was)
	if why := rec.unwell(); why != "" {
		message += ": " + why
	}
	return jr.add(Event{Kind: HealthChanged, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, PullID: run.PullID, Commit: run.Commit, Message: message})
}

// assessed is assess for a record that nothing else is written to. A check for drift that an apply overtook says nothing.
func (j *job) assessed(jr *journal, run Run, checks planner.Checks) error {
	rec, err := jr.tx.Workspace(run.Workspace)
	if errors.Is(err, ErrNotFound) || err == nil && run.Purpose == PurposeDrift && rec.AppliedDigest != run.InputDigest {
		return nil
	} else if err != nil {
		return err
	}
	if err := j.assess(jr, &rec, run, checks); err != nil {
		return err
	}
	return putIfChanged(jr, rec)
}

// examine finds out what the checks say after an apply: the engine writes it into the state, whether the apply went well or not.
func (j *job) examine(ctx context.Context, o *aftermath) {
	if o.status == Interrupted || o.stale {
		return
	}
	checks, known := j.checksAfter(ctx, o)
	if !known {
		return
	}
	o.checks = &checks
	if failing := unwell(j.failing(checks)); failing != "" && o.status == Applied {
		o.reason = "its health is Degraded: " + failing
	}
}

// stateTime is when the engine is interrupted that reads a state: the end of an apply is not on record until then.
const stateTime = 30 * time.Second

// checksAfter reads the checks from the state that an apply left. They are not known where nothing was written; and where they
// cannot be read they are as if they were not evaluated, until a check for drift does it.
func (j *job) checksAfter(ctx context.Context, o *aftermath) (checks planner.Checks, known bool) {
	if j.traits.managed() {
		if len(o.versions) == 0 {
			return checks, false
		}
		return j.checksIn(o.versions[len(o.versions)-1].Content), true
	}
	switch {
	case j.root == nil: // another process began it
		return planner.Checks{Unknown: 1}, true
	case j.checks.None():
		return checks, true
	}
	ctx, cancel := context.WithTimeout(ctx, stateTime)
	defer cancel()
	state, err := j.root.State(ctx)
	if err != nil {
		j.log.Warn("the state could not be read, so what the checks say is not known", "error", err)
		return planner.Checks{Unknown: 1}, true
	}
	return j.checksIn(state), true
}

func (j *job) checksIn(state []byte) planner.Checks {
	s, err := planner.ParseState(state, false)
	if err == nil && s.Encrypted {
		return planner.Checks{Unknown: 1}
	} else if err != nil {
		j.log.Warn("the state could not be read, so what the checks say is not known", "error", err)
		return planner.Checks{Unknown: 1}
	}
	return s.Checks
}
