package runner

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// following is an apply whose supervisor is at work.
type following struct {
	apply  *supervisor.Apply
	output *engine.Output
	told   bool      // its supervisor was told to interrupt the engine
	looked time.Time // when the store was looked at last
	kept   int       // versions of the state that the store has
	failed string    // why no more of them could be brought there the last time
}

// lookEvery is how often what the engine wrote is brought to the store, and a cancel is looked for there.
const lookEvery = time.Second

// follow goes along with an apply until its supervisor has ended, whoever started that, and records how it ended.
func (j *job) follow(ctx context.Context, apply *supervisor.Apply) error {
	var o aftermath
	err := j.guarded(ctx, func(ctx context.Context) (err error) {
		o, err = j.along(ctx, apply)
		return err
	})
	if err != nil && ctx.Err() != nil {
		return err
	} else if err != nil {
		o.unreadable(err)
	}
	j.rest()
	return j.put(ctx, &o)
}

// put puts the end of an apply on record. Until it is there, nothing of what the apply left is removed.
func (j *job) put(ctx context.Context, o *aftermath) error {
	j.end = o
	err := j.conclude(ctx, *o)
	if err == nil {
		j.end = nil
	}
	return err
}

// along goes along with an apply, and reads what it left.
func (j *job) along(ctx context.Context, apply *supervisor.Apply) (o aftermath, err error) {
	stdout, stderr := apply.Output()
	progress := func(p engine.Progress) {
		if j.r.opts.Progress != nil {
			j.r.opts.Progress(j.run, p)
		}
	}
	output, err := engine.ReadOutput(engine.OutputOptions{Stdout: stdout, Stderr: stderr, Mask: j.mask, Progress: progress, Log: j.line})
	if err != nil { // nothing can be told of it
		return o, errors.Join(err, apply.Wait(ctx, func() {}))
	}
	f := &following{apply: apply, output: output}
	if j.root != nil { // it was just begun here, and there is nothing yet
		f.looked = time.Now()
	}
	err = apply.Wait(ctx, func() { j.look(ctx, f) })
	if _, missing := apply.Result(); errors.Is(missing, fs.ErrNotExist) && err == nil {
		j.log.Error("the supervisor of an apply died")
		err = apply.Reap(ctx)
	}
	if err = errors.Join(err, output.Close()); err != nil {
		return o, err
	}
	o, err = j.aftermath(ctx, f)
	for wait := 100 * time.Millisecond; passing(err) && wait < 10*time.Second; wait *= 2 {
		time.Sleep(wait)
		o, err = j.aftermath(ctx, f)
	}
	if err == nil && o.status != Queued {
		j.examine(ctx, &o)
	}
	return o, err
}

// passing reports whether something could not be read for a reason that goes away.
func passing(err error) bool {
	return slices.ContainsFunc([]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM}, func(e error) bool { return errors.Is(err, e) })
}

// look brings to the store what the engine wrote, and to the engine what the store was told. Neither is needed for the apply
// to go on: what cannot be done now is done later.
func (j *job) look(ctx context.Context, f *following) {
	if time.Since(f.looked) < lookEvery {
		return
	}
	f.looked = time.Now()
	said := ""
	if err := j.forward(ctx, f); err != nil {
		said = err.Error()
	}
	if said != "" && said != f.failed {
		j.log.Warn("the state of an apply is not in the store yet", "error", said)
	}
	f.failed = said
	if who, err := j.canceledBy(ctx); !f.told && err == nil && who != "" {
		f.told = f.apply.Interrupt()
	}
}

// canceledBy is who asked for the end of this apply, or "".
func (j *job) canceledBy(ctx context.Context) (who string, err error) {
	err = j.r.opts.Store.View(ctx, func(tx Tx) error {
		asked, err := tx.Events(EventFilter{RunID: j.run.ID, Kind: CancelAsked, Limit: 1})
		if len(asked) > 0 {
			who = orElse(asked[0].Actor, "somebody")
		}
		return err
	})
	return who, err
}
