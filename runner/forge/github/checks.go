package github

import (
	"context"
	"fmt"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// The most that GitHub takes of a check run at once.
const (
	annotationsPerRequest = 50
	summaryLimit          = 65535 // characters; counted in bytes, to be safe
	titleLimit            = 255
	messageLimit          = 64 << 10 // bytes
)

// Checker is a Host that is signed in as an App, which alone may make check runs: it implements forge.Checker.
type Checker struct{ *Host }

// PutCheck implements forge.Checker. Annotations are only ever added to a check run, so that one that has some gets a successor
// of the same name, which GitHub shows in its place, unless it says the same already.
func (c *Checker) PutCheck(ctx context.Context, commit string, check forge.Check) error {
	what := fmt.Sprintf("put check %s on %s at %s", check.Name, commit, c.path())
	app := c.account.opts.App.ID
	runs, err := c.checkRuns(ctx, commit, api.ListCheckRunsOptions{CheckName: &check.Name, AppID: &app})
	if err != nil {
		return explain(what, "checks: write", err)
	}
	status, conclusion := standing(check.State)
	run := newest(runs)
	if run != nil && annotated(run) > 0 {
		if says(run, check, status, conclusion) {
			return nil
		}
		run = nil
	}
	return explain(what, "checks: write", c.send(ctx, commit, run.GetID(), check))
}

// send sends a check run with its annotations in parts: the first request makes or updates it, the rest add to it.
func (c *Checker) send(ctx context.Context, commit string, id int64, check forge.Check) error {
	status, conclusion := standing(check.State)
	rest := check.Annotations
	for first := true; first || len(rest) > 0; first = false {
		part := rest[:min(len(rest), annotationsPerRequest)]
		rest = rest[len(part):]
		update := api.UpdateCheckRunOptions{Name: check.Name, Status: &status, Conclusion: conclusion, Output: output(check, part)}
		var err error
		if id == 0 {
			id, err = c.create(ctx, commit, update)
		} else {
			_, _, err = c.api.Checks.UpdateCheckRun(ctx, segment(c.owner), segment(c.name), id, update)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Checker) create(ctx context.Context, commit string, u api.UpdateCheckRunOptions) (id int64, err error) {
	made, _, err := c.api.Checks.CreateCheckRun(ctx, segment(c.owner), segment(c.name), api.CreateCheckRunOptions{
		Name: u.Name, HeadSHA: commit, Status: u.Status, Conclusion: u.Conclusion, Output: u.Output,
	})
	return made.GetID(), err
}

// standing is a state in GitHub's two words; the conclusion is nil while there is none.
func standing(s forge.StatusState) (status string, conclusion *string) {
	switch s {
	case forge.Pending:
		return "in_progress", nil
	case forge.Success:
		return "completed", api.String("success")
	}
	return "completed", api.String("failure")
}

func newest(runs []*api.CheckRun) (last *api.CheckRun) {
	for _, run := range runs {
		if last == nil || run.GetID() > last.GetID() {
			last = run
		}
	}
	return last
}

func annotated(run *api.CheckRun) int { return run.GetOutput().GetAnnotationsCount() }

// says reports whether a check run says what is wanted, all of it.
func says(run *api.CheckRun, check forge.Check, status string, conclusion *string) bool {
	want := output(check, nil)
	return run.GetStatus() == status && (conclusion == nil || run.GetConclusion() == *conclusion) && annotated(run) == len(check.Annotations) &&
		run.GetOutput().GetTitle() == want.GetTitle() && run.GetOutput().GetSummary() == want.GetSummary()
}

func output(check forge.Check, annotations []forge.Annotation) *api.CheckRunOutput {
	out := &api.CheckRunOutput{Title: api.String(cut(check.Title, titleLimit)), Summary: api.String(cutBytes(check.Summary, summaryLimit))}
	if check.Title == "" {
		out.Title = &check.Name // GitHub asks for one
	}
	for _, a := range annotations {
		level := "warning"
		if a.Failure {
			level = "failure"
		}
		line := max(a.Line, 1)
		one := &api.CheckRunAnnotation{
			Path: api.String(a.Path), StartLine: &line, EndLine: &line, AnnotationLevel: &level, Message: api.String(cutBytes(a.Message, messageLimit)),
		}
		if a.Title != "" {
			one.Title = api.String(cut(a.Title, titleLimit))
		}
		out.Annotations = append(out.Annotations, one)
	}
	return out
}
