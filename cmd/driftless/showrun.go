package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

// printRun prints what is known of a run, leaving out what is not.
func (a *app) printRun(r server.RunView) {
	line := a.line
	line("Run", fmt.Sprintf("%d: %s of %s", r.ID, r.Purpose, r.Workspace))
	line("Status", r.Status)
	line("Why", r.Reason)
	line("Late result", r.Late)
	if r.Left != nil {
		line("Left behind", fmt.Sprintf("a state with serial %d: %s", r.Left.Serial, r.Left.Continues))
	}
	line("Because of", r.Trigger)
	line("Asked by", r.Actor)
	if r.PullRequest != "" {
		line("Pull request", pullsText(r.Pulls, r.PullRequest))
	}
	line("Commit", r.Commit)
	if len(r.Reviewers) > 0 {
		line("Reviewed in", pullsText(r.Pulls, r.Reviewers...))
	}
	line("Beyond review", strings.Join(r.Unreviewed, "\n"))
	line("Engine", r.Engine)
	line("Queued", clock(r.CreatedAt))
	line("Not before", clock(r.NotBefore))
	line("Apply started", clock(r.AppliedAt))
	line("Finished", clock(r.FinishedAt))
	if r.Verdict != nil {
		line("Policy", r.Verdict.Word())
		for _, result := range r.Verdict.Results {
			_, _ = fmt.Fprintf(a.out, "%15s%s: %s (%s)\n", "", result.Level, safe(result.Message), oneLine(result.Policy))
		}
	}
	if !r.PlannedAt.IsZero() {
		line("Changes", changesText(r))
	}
}

// line prints a value under its name, unless there is none.
func (a *app) line(name, value string) {
	if value != "" {
		value = strings.ReplaceAll(strings.TrimSpace(safe(value)), "\n", "\n"+strings.Repeat(" ", 15))
		_, _ = fmt.Fprintf(a.out, "%-14s %s\n", name, a.paintWord(a.out, value, name == "Status" || name == "Health" || name == "Policy"))
	}
}

// nextSteps says what can be done about a run that waits for a person, or is "".
func nextSteps(r server.RunView) string {
	before := slices.ContainsFunc(r.Pulls, func(p server.PullView) bool { return slices.Contains(p.Before, r.Workspace) })
	switch {
	case r.Left != nil && r.Left.Waiting && r.Status != "interrupted":
		return "Next: a state that it left behind waits, and nothing is applied before it is settled: " + r.Left.Next() + "."
	case strings.HasPrefix(r.Reason, runner.StateWaits):
		return "Next: do what is said above about the state that waits."
	case (r.Purpose == "push" || r.Purpose == "unlock") && r.Status == "failed":
		return fmt.Sprintf("Next: `driftless show %d --log` shows what the engine printed. Mend the cause, then ask for it again.", r.ID)
	case r.Purpose == "push" || r.Purpose == "unlock":
		return ""
	case r.Status == "interrupted" && strings.Contains(r.Reason, "--force"): // its replica does not answer
		return "Next: start that replica again, and it says by itself how the apply ended. Only if it never comes back, decide with --force, as said above."
	case r.Purpose == "apply" && r.PullRequest != "":
		return nextBefore(r)
	case r.Status == "ready" && r.Purpose == "plan" && before:
		return fmt.Sprintf("Next: comment `driftless apply` on pull request %s: this is applied before the merge.", r.PullRequest)
	case r.Status == "held" && r.OddState():
		return fmt.Sprintf("Next: look at the state first (`driftless state list %s --versions`): what it lacks and is there all the same would be built twice. Then `driftless approve %d` applies exactly this plan.", r.Workspace, r.ID)
	case r.Status == "held" && r.Purpose == "drift":
		return fmt.Sprintf("Next: `driftless approve %d` puts back what was changed outside of Git; or change the code so that it says what is there now.", r.ID)
	case r.Status == "held":
		return fmt.Sprintf("Next: `driftless approve %d` applies exactly this plan; or push another commit, which takes its place.", r.ID)
	case r.Status == "interrupted":
		return fmt.Sprintf("Next: look at the resources and the state, then `driftless resume %d` plans again and applies what is missing, or `driftless discard %[1]d` settles it without that.", r.ID)
	case r.Status == "blocked" && r.Purpose == "drift":
		return "Next: change the policy or the code in a pull request; an approval does not overrule a policy."
	case r.Status == "blocked":
		return "Next: change the code, or the policy in a pull request of its own; an approval does not overrule a policy."
	case r.Status == "failed" && r.Purpose == "apply":
		return fmt.Sprintf("Next: `driftless show %d --log` shows what the engine printed. Mend the cause, then push a commit, or `driftless approve %[1]d` to try this one again.", r.ID)
	case r.Status == "canceled" && r.Purpose == "apply":
		return fmt.Sprintf("Next: push another commit, or `driftless approve %d` plans this one again and applies it.", r.ID)
	case r.Status == "canceled" && r.Purpose == "plan":
		return "Next: push another commit, or on a forge comment `driftless plan`, and it is planned again; a merge without that is held."
	case r.Status == "failed" && r.Purpose == "plan":
		return fmt.Sprintf("Next: `driftless show %d --log` shows what the engine printed. Push a commit that mends it.", r.ID)
	case r.Status == "failed":
		return fmt.Sprintf("Next: `driftless show %d --log` shows what the engine printed; `driftless drift --check %s` looks again.", r.ID, r.Workspace)
	case r.Status == "ready" && r.Purpose == "plan":
		return "Next: merge the pull request; driftless plans again and applies these changes."
	}
	return ""
}

// nextBefore says what can be done about an apply before a merge. It goes on by a comment: only the forge knows who may.
func nextBefore(r server.RunView) string {
	switch r.Status {
	case "held", "blocked":
		return fmt.Sprintf("Next: do what is said above, then comment `driftless apply` on pull request %s again.", r.PullRequest)
	case "interrupted":
		return fmt.Sprintf("Next: look at the resources and the state, then `driftless resume %d` settles it, and the comment `driftless apply` on pull request %s goes on.", r.ID, r.PullRequest)
	case "failed":
		return fmt.Sprintf("Next: `driftless show %d --log` shows what the engine printed. Mend the cause, then comment `driftless apply` on pull request %s again.", r.ID, r.PullRequest)
	}
	return ""
}

// printPlan prints the changes of a plan, coloured where the output is a terminal.
func (a *app) printPlan(plan *planner.Plan) {
	for i, change := range plan.Changes {
		if i > 0 {
			_, _ = fmt.Fprintln(a.out)
		}
		a.printChange(change, "")
	}
	for _, warning := range plan.Warnings {
		_, _ = fmt.Fprintf(a.out, "\nWarning: %s\n", safe(warning))
	}
}

func (a *app) printChange(change planner.Change, indent string) {
	for line := range strings.Lines(change.Diff()) {
		_, _ = fmt.Fprint(a.out, indent+a.paint(line))
	}
}

var lineColors = map[byte]string{'+': "32", '-': "31", '!': "33", '#': "1"}

// paint colours a line of a diff.
func (a *app) paint(line string) string {
	text := strings.TrimRight(line, "\n")
	if text == "" || !a.colored(a.out) || lineColors[text[0]] == "" {
		return text + "\n"
	}
	return "\x1b[" + lineColors[text[0]] + "m" + text + "\x1b[0m\n"
}
