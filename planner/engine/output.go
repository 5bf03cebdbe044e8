package engine

import (
	"context"
	"errors"

	"github.com/driftlessops/driftless/planner/mask"
)

// Output is what an apply that another process runs writes into two files.
type Output struct {
	lines     *stream
	out, errs *lineWriter
	tails     []*tail
}

// OutputOptions say who reads an Output.
type OutputOptions struct {
	Stdout, Stderr string // files that exist
	Mask           *mask.Masker
	Progress       func(Progress)    // may be nil
	Log            func(line string) // may be nil: human-readable masked lines
}

// ReadOutput reads what is in the files and what comes, until Close.
func ReadOutput(opts OutputOptions) (*Output, error) {
	o := &Output{lines: &stream{phase: PhaseApply, mask: opts.Mask, progress: opts.Progress, log: opts.Log}}
	o.out, o.errs = &lineWriter{line: o.lines.line}, &lineWriter{line: o.lines.line}
	out, err := startTail(opts.Stdout, o.out)
	if err != nil {
		return nil, err
	}
	o.tails = append(o.tails, out)
	errs, err := startTail(opts.Stderr, o.errs)
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	o.tails = append(o.tails, errs)
	return o, nil
}

// Close reads the rest, after the engine ended.
func (o *Output) Close() error {
	var problems []error
	for _, t := range o.tails {
		problems = append(problems, t.Close())
	}
	o.tails = nil
	_, _ = o.out.Close(), o.errs.Close()
	return errors.Join(problems...)
}

// Failure explains an apply that ended with err by what it printed.
func (o *Output) Failure(err error) *Error { return o.lines.failure(context.Background(), err) }

// Step is a change of one resource that an apply began.
type Step struct {
	Address string // as it is: mask it where it is shown with text
	Action  string // create, update, delete, …
	Ended   bool
	Failed  bool
}

// Steps are what the apply began so far, in that order.
func (o *Output) Steps() []Step {
	o.lines.mu.Lock()
	defer o.lines.mu.Unlock()
	return append([]Step(nil), o.lines.steps...)
}

// step keeps what an event says about the change of a resource.
func (s *stream) step(e event) {
	step := Step{Address: e.Hook.Resource.Addr, Action: e.Hook.Action}
	switch e.Type {
	case "apply_start":
		s.steps = append(s.steps, step)
		return
	case "apply_complete", "apply_errored":
	default:
		return
	}
	for i := len(s.steps) - 1; i >= 0; i-- {
		if s.steps[i].Address == step.Address && s.steps[i].Action == step.Action && !s.steps[i].Ended {
			s.steps[i].Ended, s.steps[i].Failed = true, e.Type == "apply_errored"
			return
		}
	}
}
