package runner

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/workspaces"
)

// errCanceled ends a run that somebody canceled.
var errCanceled = errors.New("canceled")

// action does in a transaction what a comment asks for, and says what it did.
type action func(j *journal) (outcome string, err error)

// order finds out whether what a comment asks for may be done, and returns what does it.
func (h *hearing) order(ctx context.Context) (action, error) {
	pull, found, err := h.pull(ctx)
	if err != nil {
		return nil, err
	}
	if !found {
		return h.orderIssue(ctx)
	}
	if h.cmd.Verb == command.Plan && pull.State == Open && pull.Fork && pull.Trusted != pull.Head {
		return h.planFork(ctx, pull)
	}
	targets, err := h.targets(ctx, pull)
	if err != nil {
		return nil, err
	}
	if err := h.permitted(ctx, targets); err != nil {
		return nil, err
	}
	switch h.cmd.Verb {
	case command.Plan:
		return h.plan(pull, targets)
	case command.Apply:
		if pull.State == Open {
			return h.applyBefore(ctx, pull, targets)
		}
		return h.applyAgain(pull, targets)
	case command.Approve:
		return h.approve(pull, targets)
	case command.Cancel:
		return h.cancel(pull, targets)
	case command.Unlock:
		return h.unlock(pull, targets)
	}
	return nil, userError("driftless cannot do that here.")
}

// pull is the pull request that the comment stands on. One that is too new to be known is waited for.
func (h *hearing) pull(ctx context.Context) (pull Pull, found bool, err error) {
	err = h.w.r.opts.Store.View(ctx, func(tx Tx) error {
		pulls, err := tx.Pulls(PullFilter{Repository: h.w.conf.Name, Key: h.c.Key, Limit: 1})
		if err == nil && len(pulls) > 0 {
			pull, found = pulls[0], true
		}
		return err
	})
	return pull, found, err
}

// targets are the workspaces that a comment means: all that the pull request touches, or the ones it names.
func (h *hearing) targets(ctx context.Context, pull Pull) ([]*workspaces.Workspace, error) {
	if pull.Aside != "" && pull.State == Open {
		return nil, userError(pull.Aside)
	}
	tree := pull.Tree
	if tree == "" {
		if pull.State == Open {
			return nil, userError("This pull request cannot be planned as it is: " + orElse(firstLine(pull.Error), "it conflicts with the tracked branch") + ". Mend that first.")
		}
		tree = pull.Head
	}
	set, err := h.w.judgedSet(ctx, tree)
	if err != nil {
		return nil, err
	}
	var all []*workspaces.Workspace
	for _, id := range pull.Affected {
		if ws := set.Workspace(id); ws != nil {
			all = append(all, ws)
		}
	}
	return h.named(all)
}

// judgedSet resolves a tree of a pull request; what its workspaces may do is what the tracked branch says now.
func (w *watcher) judgedSet(ctx context.Context, tree string) (*workspaces.Set, error) {
	repo, err := w.record(ctx)
	if err != nil {
		return nil, err
	}
	commit, err := w.mirror.Commit(ctx, repo.Head)
	if err != nil {
		return nil, err
	}
	return w.resolveAnew(ctx, tree, commit.Tree)
}

// named leaves the workspaces that -w and -d name. A name that fits nothing is a mistake, and so is a word that looks like
// the name of a workspace and was not given as one.
func (h *hearing) named(all []*workspaces.Workspace) ([]*workspaces.Workspace, error) {
	for _, word := range h.cmd.Ignored {
		if slices.ContainsFunc(all, func(ws *workspaces.Workspace) bool { return isCalled(ws, word) || ws.Dir == path.Clean(word) }) {
			return nil, userError(fmt.Sprintf("Is %q a workspace that you mean? Write `driftless %s -w %s`.", word, h.cmd.Verb, word))
		}
	}
	if len(h.cmd.Workspaces)+len(h.cmd.Dirs) == 0 {
		return all, nil
	}
	var chosen []*workspaces.Workspace
	take := func(flag, value string, fits func(*workspaces.Workspace) bool) error {
		before := len(chosen)
		for _, ws := range all {
			if fits(ws) && !slices.Contains(chosen, ws) {
				chosen = append(chosen, ws)
			}
		}
		if len(chosen) == before && !slices.ContainsFunc(chosen, fits) {
			return userError(fmt.Sprintf("`%s %s` fits no workspace of this pull request. It touches: %s.", flag, plainWord(value), namesOf(all)))
		}
		return nil
	}
	for _, name := range h.cmd.Workspaces {
		if err := take("-w", name, func(ws *workspaces.Workspace) bool { return isCalled(ws, name) }); err != nil {
			return nil, err
		}
	}
	for _, dir := range h.cmd.Dirs {
		if err := take("-d", dir, func(ws *workspaces.Workspace) bool { return ws.Dir == dir || strings.HasPrefix(ws.Dir, dir+"/") }); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

func isCalled(ws *workspaces.Workspace, name string) bool {
	return name == string(ws.ID) || name == afterRepository(ws.ID) || ws.Name != "" && name == ws.Name
}

// plainWord takes out of a word of somebody's what could end the code that it is quoted in.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' {
			return '?'
		}
		return r
	}, s)
}

func namesOf(all []*workspaces.Workspace) string {
	const most = 20
	var names []string
	for i, ws := range all {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		names = append(names, "`"+plainWord(afterRepository(ws.ID))+"`")
	}
	return orElse(strings.Join(names, ", "), "none")
}

// permitted reports whether the author of the comment may do this to all of the workspaces.
func (h *hearing) permitted(ctx context.Context, targets []*workspaces.Workspace) error {
	asked := map[string]bool{}
	if len(targets) == 0 {
		write := []string{"write"} // of nothing in particular
		targets = []*workspaces.Workspace{{Permissions: workspaces.Permissions{Plan: write, Apply: write, Approve: write}}}
	}
	for _, ws := range targets {
		words := h.words(ws.Permissions)
		key := strings.Join(words, "\n")
		if asked[key] {
			continue
		}
		ok, err := h.w.may(ctx, h.c.Author, words)
		if err != nil {
			return err
		}
		if !ok {
			where := ""
			if ws.ID != "" {
				where = " `" + plainWord(afterRepository(ws.ID)) + "`"
			}
			return userError(fmt.Sprintf("`driftless %s`%s is for %s. Ask one of them, or choose other workspaces with `-w`.", h.cmd.Verb, where, whoMay(words)))
		}
		asked[key] = true
	}
	return nil
}

// words are who may give the command.
func (h *hearing) words(p workspaces.Permissions) []string {
	switch h.cmd.Verb {
	case command.Approve:
		return p.Approve
	case command.Apply, command.Unlock:
		return p.Apply
	}
	return p.Plan
}

// planFork lets the commit of a fork be planned that the comment names: whoever wrote it has read that one, and no later.
func (h *hearing) planFork(ctx context.Context, pull Pull) (action, error) {
	switch {
	case h.w.conf.Forks != workspaces.ForksOnCommand:
		return nil, userError(pull.Aside)
	case h.cmd.Commit == "":
		return nil, userError(fmt.Sprintf("This pull request comes from a fork: name the commit that you have read. If that is the newest one, write `driftless plan %.12s`.", pull.Head))
	case !strings.HasPrefix(pull.Head, h.cmd.Commit):
		return nil, userError(fmt.Sprintf("The head of this pull request is `%.12s`, not `%s`: read what changed, then write `driftless plan %.12[1]s`.", pull.Head, h.cmd.Commit))
	}
	set, err := h.w.judgedSet(ctx, orElse(pull.Tree, pull.Head))
	if err != nil {
		return nil, err
	}
	var touched []*workspaces.Workspace
	for _, id := range pull.Affected {
		if ws := set.Workspace(id); ws != nil {
			touched = append(touched, ws)
		}
	}
	if err := h.permitted(ctx, touched); err != nil {
		return nil, err
	}
	return func(j *journal) (string, error) {
		now, err := j.tx.Pull(pull.ID)
		if err != nil {
			return "", err
		}
		now.Trusted, now.TrustedBy = pull.Head, h.c.Author
		if err := j.tx.PutPull(&now); err != nil {
			return "", err
		}
		return "lets it be planned", j.add(Event{
			Kind: "fork trusted", Actor: h.c.Author, Repository: pull.Repository, PullID: pull.ID, Commit: pull.Head,
			Message: fmt.Sprintf("%s: %.12s may be planned", pull.Key, pull.Head),
		})
	}, nil
}

// plan plans workspaces of an open pull request again.
func (h *hearing) plan(pull Pull, targets []*workspaces.Workspace) (action, error) {
	if pull.State != Open {
		return nil, userError(fmt.Sprintf("This pull request is %s. `driftless apply` plans again what is not applied yet.", pull.State))
	}
	if c := h.cmd.Commit; c != "" && !strings.HasPrefix(pull.Head, c) {
		return nil, userError(fmt.Sprintf("The head of this pull request is `%.12s`, not `%s`.", pull.Head, c))
	}
	if len(targets) == 0 {
		return nil, userError("This pull request touches no workspace: there is nothing to plan.")
	}
	return func(j *journal) (string, error) {
		for _, ws := range targets {
			runs, err := j.tx.Runs(RunFilter{Workspace: ws.ID, PullID: pull.ID, Purposes: []Purpose{PurposePlan}})
			if err != nil {
				return "", err
			}
			runs = slices.DeleteFunc(runs, func(r Run) bool { return r.Status == Superseded || r.Status == Queued })
			if err := supersede(j, runs, "because "+h.c.Author+" asked for a new plan", &h.stop); err != nil {
				return "", err
			}
		}
		return "plans again", nil
	}, nil
}

// applyAgain makes what a merged pull request left undone be planned and judged again, and applied if it may be.
func (h *hearing) applyAgain(pull Pull, targets []*workspaces.Workspace) (action, error) {
	if pull.State != Merged {
		return nil, userError("This pull request was closed without a merge: there is nothing to apply.")
	}
	return func(j *journal) (string, error) {
		var again []workspaces.ID
		for _, ws := range targets {
			run, ok, err := lastApply(j.tx, ws.ID)
			if err != nil {
				return "", err
			}
			if !ok || run.Status != Failed && run.Status != Held && run.Status != Blocked {
				if ok && run.Status == Interrupted {
					return "", userError(fmt.Sprintf("The apply of `%s` was interrupted, and what it did is not known: %s", plainWord(afterRepository(ws.ID)), run.Reason))
				}
				continue
			}
			if err := supersede(j, []Run{run}, "because "+h.c.Author+" asked for another try", nil); err != nil {
				return "", err
			}
			again = append(again, ws.ID)
		}
		if len(again) == 0 {
			return "", userError("Nothing of this pull request failed or waits.")
		}
		return fmt.Sprintf("tries %d again", len(again)), nil
	}, nil
}

// lastApply is the newest run that applies what the tracked branch says.
func lastApply(tx Tx, id workspaces.ID) (run Run, ok bool, err error) {
	runs, err := tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Limit: 20})
	runs = slices.DeleteFunc(runs, func(r Run) bool { return r.PullID != 0 || r.Status == Superseded || r.Status == Canceled })
	if err != nil || len(runs) == 0 {
		return run, false, err
	}
	return runs[0], true, nil
}

// approve approves what waits in the workspaces of a merged pull request, or the runs that the comment names.
func (h *hearing) approve(pull Pull, targets []*workspaces.Workspace) (action, error) {
	if pull.State != Merged {
		return nil, userError("Nothing of an open pull request waits for an approval by driftless: it is planned, reviewed on the forge, and applied when it is merged. What policy denies cannot be approved.")
	}
	return func(j *journal) (string, error) {
		runs, err := h.waiting(j.tx, targets)
		if err != nil {
			return "", err
		}
		if len(runs) == 0 {
			return "", userError("Nothing of this pull request waits for an approval.")
		}
		for _, run := range runs {
			if err := approvable(j.tx, run); err != nil {
				return "", err
			}
			if err := h.notOwn(j.tx, run, pull); err != nil {
				return "", err
			}
			if err := h.shownBefore(run); err != nil {
				return "", err
			}
			if _, err := approveIn(j, run, h.c.Author); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("approved %d", len(runs)), nil
	}, nil
}

// waiting are the runs that a comment approves.
func (h *hearing) waiting(tx Tx, targets []*workspaces.Workspace) (runs []Run, err error) {
	for _, ws := range targets {
		run, ok, err := lastApply(tx, ws.ID)
		if err != nil {
			return nil, err
		}
		if ok && (len(h.cmd.Runs) == 0 && (run.Status.Waiting() || run.Status == Failed) || slices.Contains(h.cmd.Runs, run.ID)) {
			runs = append(runs, run)
		}
	}
	for _, id := range h.cmd.Runs {
		if !slices.ContainsFunc(runs, func(r Run) bool { return r.ID == id }) {
			return nil, userError(fmt.Sprintf("Run %d is not what waits in a workspace of this pull request.", id))
		}
	}
	return runs, nil
}

// notOwn refuses an approval by somebody whose own change is to be applied.
func (h *hearing) notOwn(tx Tx, run Run, pull Pull) error {
	rec, err := tx.Workspace(run.Workspace)
	if err != nil {
		return err
	}
	merged, err := tx.Pulls(PullFilter{Repository: run.Repository, State: Merged, Limit: 200})
	if err != nil {
		return err
	}
	for _, p := range append(merged, pull) {
		if strings.EqualFold(p.Author, h.c.Author) && slices.Contains(p.Affected, run.Workspace) && (p.ID == pull.ID || p.UpdatedAt.After(rec.AppliedAt)) {
			return userError(fmt.Sprintf("Nobody approves a change of their own: `%s` waits with what you changed in #%s. Somebody else who may approve must do it.", plainWord(afterRepository(run.Workspace)), p.Key))
		}
	}
	return nil
}

// shownBefore refuses a command that was written before what it is about could be seen.
func (h *hearing) shownBefore(run Run) error {
	if run.PlannedAt.After(h.c.Created.Add(clockSkew)) {
		return userError(fmt.Sprintf("Run %d was planned after you wrote this: read what it shows, and say it again.", run.ID))
	}
	return nil
}

// cancel ends what is queued or being planned for a pull request. An apply that began is finished.
func (h *hearing) cancel(pull Pull, targets []*workspaces.Workspace) (action, error) {
	if pull.State != Open {
		return nil, userError("What is merged is not canceled: revert it, and the revert is planned, reviewed and applied like any change.")
	}
	return func(j *journal) (string, error) {
		canceled := 0
		for _, ws := range targets {
			runs, err := j.tx.Runs(RunFilter{Workspace: ws.ID, PullID: pull.ID, Statuses: []Status{Queued, Planning, Planned, Applying}})
			if err != nil {
				return "", err
			}
			for _, run := range runs {
				if len(h.cmd.Runs) > 0 && !slices.Contains(h.cmd.Runs, run.ID) {
					continue
				}
				if run.Status == Applying {
					return "", userError(fmt.Sprintf("Run %d is being applied: it is finished, because half an apply is worse.", run.ID))
				}
				if err := cancelRun(j, run, h.c.Author, &h.stop); err != nil {
					return "", err
				}
				canceled++
			}
		}
		if canceled == 0 {
			return "", userError("Nothing of this pull request is queued or being planned.")
		}
		return fmt.Sprintf("canceled %d", canceled), nil
	}, nil
}

func cancelRun(j *journal, run Run, who string, stop *[]int64) error {
	from := run.Status
	run.Status, run.Reason, run.FinishedAt = Canceled, "canceled by "+who, now()
	if err := j.tx.UpdateRun(run, from); err != nil {
		return err
	}
	if from.Active() {
		*stop = append(*stop, run.ID)
	}
	return j.add(Event{
		Kind: "canceled", Actor: who, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, PullID: run.PullID,
		Commit: run.Commit, Message: run.Reason,
	})
}

// unlock gives up what a pull request holds: workspaces that it reserved, and state locks that ended runs left behind.
func (h *hearing) unlock(pull Pull, targets []*workspaces.Workspace) (action, error) {
	return func(j *journal) (string, error) {
		freed := 0
		for _, ws := range targets {
			n, err := h.unlockOne(j, pull, ws.ID)
			if err != nil {
				return "", err
			}
			freed += n
		}
		if freed == 0 {
			return "", userError("This pull request holds nothing: no workspace is reserved by it, and no lock of an ended run is left.")
		}
		return fmt.Sprintf("freed %d", freed), nil
	}, nil
}

func (h *hearing) unlockOne(j *journal, pull Pull, id workspaces.ID) (freed int, err error) {
	active, err := j.tx.Runs(RunFilter{Workspace: id, Purposes: trackedPurposes, Statuses: []Status{Planning, Planned, Ready, Applying}})
	if err != nil {
		return 0, err
	} else if len(active) > 0 {
		return 0, userError(fmt.Sprintf("Run %d works on `%s`: wait for its end.", active[0].ID, plainWord(afterRepository(id))))
	}
	if pid := processIn(h.w.r.workDir(id)); pid != "" {
		return 0, userError(fmt.Sprintf("The engine of an earlier run still works on `%s` (process %s): wait for its end.", plainWord(afterRepository(id)), pid))
	}
	if _, err := j.tx.StateLock(id); err == nil {
		if err := releaseLock(j, Run{Repository: pull.Repository, Workspace: id}, h.c.Author); err != nil {
			return 0, err
		}
		freed++
	} else if !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	rec, err := j.tx.Workspace(id)
	if errors.Is(err, ErrNotFound) || err == nil && rec.Reserved != pull.ID {
		return freed, nil
	} else if err != nil {
		return freed, err
	}
	return freed + 1, release(j, rec, h.c.Author, "unlocked")
}
