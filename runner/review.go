package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/workspaces"
)

// Beginnings of lines of Run.Unreviewed that are not changes: what is wrong with the state, and what the policies from
// before the merge say.
const (
	StateMark  = "state: "
	policyMark = "policy before the merge: "
)

// coverage is what people agreed to: change digests by change key, and who agreed.
type coverage struct {
	agreed []agreement
	pulls  []string // keys of the pull requests
	ids    []int64  // of the pull requests

	approved map[string]string // digests by change key, of an explicit approval; nil: there is none
	named    []string          // all that the approved run said was beyond review
}

// approves reports whether an approval named the change.
func (c *coverage) approves(key, digest string) bool {
	said, ok := c.approved[key]
	return ok && said == digest
}

// agreement is one plan that people agreed to.
type agreement struct {
	place   int // of its merge in the history; higher is later
	digests map[string]string
}

// add adds a plan that was reviewed on top of what had place base then: it shows what was left to do of all that. Of
// plans that were reviewed side by side the later one wins, change by change.
func (c *coverage) add(plan *planner.Plan, place, base int) {
	c.agreed = slices.DeleteFunc(c.agreed, func(a agreement) bool { return a.place <= base })
	next := agreement{place: place, digests: map[string]string{}}
	for _, change := range plan.Changes {
		next.digests[changeKey(change)] = change.Digest
	}
	c.agreed = append(c.agreed, next)
}

// agrees reports whether the last word on a change is this digest.
func (c *coverage) agrees(key, digest string) bool {
	for i := len(c.agreed) - 1; i >= 0; i-- {
		if said, ok := c.agreed[i].digests[key]; ok {
			return said == digest
		}
	}
	return false
}

// beyond lists the changes of a plan that nobody agreed to.
func (c *coverage) beyond(plan *planner.Plan) []string {
	var beyond []string
	for _, change := range plan.Changes {
		if !c.agrees(changeKey(change), change.Digest) && !c.approves(changeKey(change), change.Digest) {
			beyond = append(beyond, fmt.Sprintf("%s %s", change.Action, change.Address))
		}
	}
	return beyond
}

func changeKey(c planner.Change) string { return c.Kind + " " + c.Address + " " + c.Deposed }

// clockSkew is how far the clocks of this machine and of whoever merges may be apart, where no forge says both when something was
// shown and when it was merged.
const clockSkew = 10 * time.Second

// maxHistory is how many commits are looked through for merged pull requests.
const maxHistory = 10_000

// reviewed collects what was reviewed for a run of the tracked branch: the reports on the heads of the pull requests that
// were merged since the last successful apply, the later one winning per address; and what its approval covers.
func (w *watcher) reviewed(ctx context.Context, run Run, rec Workspace) (*coverage, error) {
	cover := &coverage{}
	commits, err := w.mirror.Commits(ctx, rec.AppliedCommit, run.Commit, maxHistory)
	if err != nil {
		return nil, err
	}
	place := map[string]int{} // higher is later
	merges := map[string]time.Time{}
	for i, c := range commits {
		place[c.ID], merges[c.ID] = len(commits)-i, c.When
	}
	err = w.r.opts.Store.View(ctx, func(tx Tx) error {
		merged := PullFilter{Repository: run.Repository, State: Merged}
		if len(place) <= idBatch { // else to look at each of them costs no more
			merged.Merges = slices.AppendSeq([]string{}, maps.Keys(place)) // of none there is none
		}
		pulls, err := tx.Pulls(merged)
		if err != nil {
			return err
		}
		pulls = slices.DeleteFunc(pulls, func(p Pull) bool { return place[p.MergedCommit] == 0 })
		sort.SliceStable(pulls, func(i, k int) bool { return place[pulls[i].MergedCommit] < place[pulls[k].MergedCommit] })
		for _, p := range pulls {
			if err := cover.addPull(tx, p, run.Workspace, place, merges); err != nil {
				return err
			}
		}
		return cover.addApproval(tx, run)
	})
	return cover, err
}

// addPull adds what the report on a merged pull request's head showed of a workspace. What policy did not let pass there
// was not agreed to.
func (c *coverage) addPull(tx Tx, p Pull, id workspaces.ID, place map[string]int, merges map[string]time.Time) error {
	shown, ok, err := shownAtMerge(tx, p, merges[p.MergedCommit])
	if err != nil || !ok {
		return err
	}
	runID, ok := shown.Runs[id]
	if !ok {
		return nil
	}
	run, err := tx.Run(runID)
	if errors.Is(err, ErrNotFound) {
		return nil // removed for its age: nobody knows any more what was agreed to
	} else if err != nil {
		return err
	}
	c.ids = append(c.ids, p.ID)
	if run.Verdict == nil || !run.Verdict.Passed() {
		return nil
	}
	plan, err := loadPlan(tx, runID)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	c.add(plan, place[p.MergedCommit], place[run.Base])
	c.pulls = append(c.pulls, p.Key)
	return nil
}

// shownAtMerge is what the report on a merged pull request's head showed when it was merged, given the date of its commit. It is
// nothing where it was merged before its last head was reported, or before that was shown: nobody could review it.
func shownAtMerge(tx Tx, p Pull, committed time.Time) (shown Shown, ok bool, err error) {
	report, err := tx.Report(p.ID)
	if errors.Is(err, ErrNotFound) || err == nil && report.Head != p.Head {
		return shown, false, nil
	} else if err != nil {
		return shown, false, err
	}
	shown, ok = report.at(mergedBy(p, committed))
	return shown, ok, nil
}

// mergedBy is the moment by which a pull request was merged: the forge's word, or else the date of its commit.
func mergedBy(p Pull, committed time.Time) time.Time {
	switch {
	case !p.MergedAt.IsZero():
		return p.MergedAt
	case p.MergedCommit == p.Head: // a fast-forward has no moment of its own: whatever was shown last
		return now()
	}
	return committed.Add(clockSkew)
}

// addApproval adds what the run's approval covers: the plan of the run that it approves, or, where that one failed before
// it was planned, what that one was approved for.
func (c *coverage) addApproval(tx Tx, run Run) error {
	for id := run.Approves; id != 0; {
		plan, err := loadPlan(tx, id)
		if err == nil {
			c.approved = map[string]string{}
			for _, change := range plan.Changes {
				c.approved[changeKey(change)] = change.Digest
			}
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		approved, failed := tx.Run(id)
		if failed != nil {
			return failed
		}
		if err == nil {
			c.named = approved.Unreviewed
			return nil
		}
		id = approved.Approves
	}
	return nil
}

// planBlob reads the plan of a run as it is kept. One that cannot be read is as good as none: what it showed counts as
// reviewed by nobody, and no report or apply fails because of it.
func planBlob(tx Tx, runID int64) ([]byte, error) {
	data, err := tx.Blob(BlobKey(runID, "plan"))
	if errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return data, err
}

// loadPlan reads the plan of a run from the store.
func loadPlan(tx Tx, runID int64) (*planner.Plan, error) {
	data, err := planBlob(tx, runID)
	if err != nil {
		return nil, err
	}
	var plan planner.Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		return nil, fmt.Errorf("plan of run %d: %w", runID, err)
	}
	return &plan, nil
}

// BlobKey is the key of what is kept with a run under a name; with no name, the prefix of all of it.
func BlobKey(runID int64, name string) string { return fmt.Sprintf("runs/%d/%s", runID, name) }

// facts are what an apply is judged by.
type facts struct {
	plan     *planner.Plan
	verdict  policy.Verdict
	before   *policy.Verdict // of the policies from before the merge; nil when they are the same
	mode     workspaces.ApplyMode
	cover    *coverage
	named    []string // what an approval named besides changes
	waits    string   // which state waits for a person, so that nothing is applied; "" = none
	broken   string   // why the state cannot be the one that was seen before, or which waits; "" = it can
	mend     string   // what a person can do about that
	first    bool     // no apply of this workspace ever succeeded
	approved bool
	settle   string // the command that settles what is held or blocked
}

// judgeApply says whether a plan of the tracked branch may be applied: policy first, then review. It is pure.
func judgeApply(f facts) (status Status, reason string, beyond []string) {
	beyond = f.cover.beyond(f.plan)
	if f.broken != "" {
		beyond = append(beyond, StateMark+f.broken)
	}
	weakened := f.verdict.Passed() && f.before != nil && !f.before.Passed()
	if weakened {
		beyond = append(beyond, policyMark+firstMessage(*f.before))
	}
	switch {
	case !f.verdict.Passed():
		return Blocked, verdictReason(f.verdict), beyond
	case f.plan.Errored:
		return Failed, "the engine could not plan everything", beyond
	case f.plan.Summary.Empty() && len(f.plan.Changes) == 0:
		return Unchanged, "", nil
	case f.waits != "":
		return Held, f.waits + ". It is planned again then", beyond
	case weakened && !named(f.named, policyMark):
		return Blocked, fmt.Sprintf("the policies from before the merge do not let it pass: %s. Those of now do: revert it, or let `%s` apply it by those of now", firstMessage(*f.before), f.settle), beyond
	case f.broken != "" && !slices.Contains(f.named, StateMark+f.broken):
		return Held, fmt.Sprintf("%s. If the plan is right all the same, `%s` applies it. Otherwise %s", f.broken, f.settle, f.mend), beyond
	case f.mode == workspaces.Manual && !f.approved:
		return Held, fmt.Sprintf("apply = \"manual\": `%s` applies it", f.settle), beyond
	case !slices.ContainsFunc(beyond, isChange):
		return Ready, "", nil
	case f.first && len(f.cover.agreed) == 0:
		return Held, fmt.Sprintf("driftless sees this workspace for the first time, and its plan has changes that no pull request showed. `%s` applies them", f.settle), beyond
	}
	return Held, fmt.Sprintf("%s beyond what was reviewed. `%s` applies all of it; otherwise change the code", count(len(beyond), "change goes", "changes go"), f.settle), beyond
}

// named reports whether an approval named something of a kind.
func named(lines []string, mark string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, mark) })
}

// isChange tells the changes of Run.Unreviewed from what else stands there.
func isChange(line string) bool {
	return !strings.HasPrefix(line, StateMark) && !strings.HasPrefix(line, policyMark)
}

func verdictReason(v policy.Verdict) string {
	if v.Status == policy.Error {
		return "policy could not judge the plan, so it is blocked: " + firstMessage(v)
	}
	return "policy denies it: " + firstMessage(v)
}

func firstMessage(v policy.Verdict) string {
	if len(v.Results) == 0 {
		return "no message"
	}
	r := v.Results[0]
	text := r.Message
	if n := len(v.Results); n > 1 {
		text += fmt.Sprintf(" (and %d more)", n-1)
	}
	return text
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
