package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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

// forward puts the states that the engine wrote meanwhile into the store, as long as nobody decided about the run.
func (j *job) forward(ctx context.Context, f *following) error {
	versions, unread := f.apply.Versions(f.kept)
	if len(versions) == 0 {
		return unread
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := j.r.update(ctx, func(tx Tx, _ *journal) error {
		run, err := tx.Run(j.run.ID)
		if err != nil || run.Attempt != j.run.Attempt || run.Status != Applying && run.Status != Interrupted {
			return errors.Join(err, ErrConflict)
		}
		for _, v := range versions {
			if err := keepVersion(tx, j.run, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		f.kept += len(versions)
	}
	return errors.Join(err, unread)
}

// keepVersion makes a state the newest one of its workspace. One that is on record already, or that does not follow what is
// there, is left out: nobody else may write while the run holds the lock, so the latter is an error.
func keepVersion(tx Tx, run Run, v supervisor.Version) error {
	all, err := tx.States(run.Workspace) // without their contents: one that cannot be read must not keep the next one out
	if err != nil {
		return err
	}
	newest := StateVersion{}
	if len(all) > 0 {
		newest = all[0]
	}
	switch {
	case len(all) == 0:
	case newest.Lineage == v.Lineage && newest.Serial >= v.Serial && newest.RunID == run.ID:
		return nil
	case newest.Lineage != v.Lineage || newest.Serial >= v.Serial:
		return errForeignState
	}
	return tx.PutState(&StateVersion{Workspace: run.Workspace, Serial: v.Serial, Lineage: v.Lineage, RunID: run.ID, CreatedAt: now()}, v.Content)
}

var errForeignState = errors.New("the state was changed by somebody else during the apply")

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

// CancelAsked is the kind of the event by which an apply is to be interrupted.
const CancelAsked = "cancel asked"

// stepsText tells what an apply did, from what the engine said.
func stepsText(steps []engine.Step) string {
	var done, open, failed []string
	for _, s := range steps {
		text := fmt.Sprintf("%s (%s)", s.Address, s.Action)
		switch {
		case s.Failed:
			failed = append(failed, text)
		case s.Ended:
			done = append(done, text)
		default:
			open = append(open, text)
		}
	}
	text := ""
	for _, group := range []struct {
		title string
		all   []string
	}{{"Completed", done}, {"Failed", failed}, {"Begun, and no end is known", open}} {
		if len(group.all) > 0 {
			text += "\n" + group.title + ": " + fewOf(group.all)
		}
	}
	if len(done) == 0 {
		text = "\nNo change was completed, as far as the engine said." + text
	}
	return text
}

// mostSteps is how many changes of an apply are named one by one.
const mostSteps = 20

func fewOf(all []string) string {
	if more := len(all) - mostSteps; more > 0 {
		return strings.Join(all[:mostSteps], ", ") + fmt.Sprintf(", and %d more", more)
	}
	return strings.Join(all, ", ")
}
