package runner

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/driftlessops/driftless/planner/engine"
)

// traced begins the trace of a run, and gives it a log that names the run on every line.
func (j *job) traced(ctx context.Context) (context.Context, func()) {
	run, pull := j.run, j.r.pullKey(ctx, j.run.PullID)
	ctx, span := j.r.opts.Tracer.Start(ctx, "run", trace.WithNewRoot(), trace.WithAttributes(
		attribute.Int64("driftless.run", run.ID), attribute.String("driftless.purpose", string(run.Purpose)),
		attribute.String("driftless.repository", run.Repository), attribute.String("driftless.workspace", string(run.Workspace)),
		attribute.String("driftless.commit", run.Commit), attribute.String("driftless.pull", pull),
		attribute.Int("driftless.attempt", run.Attempt), attribute.Float64("driftless.queued_seconds", queued(run).Seconds())))
	j.log = j.r.log.With(append(subject(run.Repository, string(run.Workspace), run.ID, run.Commit, pull), inTrace(ctx)...)...)
	if run.Attempt <= 1 && run.Status == Planning {
		j.r.opts.Meter.Took(run, "queued", queued(run))
	}
	return ctx, func() {
		span.SetAttributes(attribute.String("driftless.outcome", j.outcome(ctx)))
		if j.run.Status == Failed {
			span.SetStatus(codes.Error, firstLine(j.run.Reason)) // which is masked
		}
		span.End()
	}
}

// queued is how long a run waited until it was taken up.
func queued(run Run) time.Duration { return max(0, run.StartedAt.Sub(run.CreatedAt)) }

// outcome is the status of a run that ended, or why it was given up.
func (j *job) outcome(ctx context.Context) string {
	switch cause := context.Cause(ctx); {
	case j.run.Status != Planning && j.run.Status != Planned:
		return string(j.run.Status)
	case errors.Is(cause, errShutdown):
		return "handed back"
	case errors.Is(cause, errCanceled):
		return string(Canceled)
	case errors.Is(cause, errSuperseded):
		return string(Superseded)
	}
	return "given up"
}

// phase works through one phase of a run: a span of its trace, and a time of the metrics.
func (j *job) phase(ctx context.Context, name string, f func(ctx context.Context) error) error {
	ctx, done := j.began(ctx, name)
	err := f(ctx)
	done(err)
	return err
}

func (j *job) began(ctx context.Context, name string) (context.Context, func(error)) {
	begin := time.Now()
	ctx, span := j.r.opts.Tracer.Start(ctx, name)
	return ctx, func(err error) {
		j.r.opts.Meter.Took(j.run, name, time.Since(begin))
		text := ""
		if err != nil {
			text = j.mask.String(userText(err))
		}
		finish(span, text)
	}
}

// command is the phase of a command of the engine. That of an apply is the runner's: it has more to it.
func (j *job) command(ctx context.Context, phase engine.Phase) func(error) {
	if phase == engine.PhaseApply {
		return func(error) {}
	}
	j.r.memory.works(j.run.ID)
	_, done := j.began(ctx, string(phase))
	return done
}

// spanOf begins a span about a repository. Its errors are shown where people look, without secrets.
func (w *watcher) spanOf(ctx context.Context, name string) (context.Context, func(error)) {
	ctx, span := w.r.opts.Tracer.Start(ctx, name, trace.WithAttributes(attribute.String("driftless.repository", w.conf.Name)))
	return ctx, func(err error) {
		text := ""
		if err != nil {
			text = userText(err)
		}
		finish(span, text)
	}
}

// finish ends a span; failure is "" when it went well.
func finish(span trace.Span, failure string) {
	if failure != "" {
		span.SetStatus(codes.Error, firstLine(failure))
	}
	span.End()
}

// inTrace is what a line of the log says of the trace that it belongs to.
func inTrace(ctx context.Context) []any {
	if at := trace.SpanContextFromContext(ctx); at.IsSampled() {
		return []any{"trace_id", at.TraceID().String()}
	}
	return nil
}
