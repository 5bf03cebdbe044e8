package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/supervisor"
	"github.com/driftlessops/driftless/runner/tfstate"
)

// aftermath is all that an apply left: it is recorded in one transaction.
type aftermath struct {
	status   Status
	reason   string
	stale    bool // nothing was applied, because the state had overtaken the plan
	steps    []engine.Step
	versions []supervisor.Version // of the state, oldest first
	rescued  map[string][]byte    // states that the engine left in files
	taken    bool                 // one of them is among versions
	refused  []string             // why states were not kept
	checks   *planner.Checks      // as evaluated at its end; nil = they were not
	broken   bool                 // not all of it could be read: it stays on the disk
	noRoom   bool                 // nothing was started, because the disk is full
	partial  bool                 // the engine did more, perhaps, than it is known to have said
	ended    time.Time            // when the engine did; zero = nobody knows
}

// unreadable makes an apply a person's to decide about of whose end not everything can be read.
func (o *aftermath) unreadable(why error) {
	o.status, o.broken = Interrupted, true
	o.reason = "What the apply left cannot be read: " + why.Error() + ". " + strings.TrimSpace(o.reason)
}

// mostStale is how many plans of an apply are made anew because the state had overtaken them.
const mostStale = 2

// aftermath reads how an apply ended. With an error it is what could be read.
func (j *job) aftermath(ctx context.Context, f *following) (o aftermath, err error) {
	result, failed := f.apply.Result()
	died := errors.Is(failed, fs.ErrNotExist)
	if died {
		failed = nil
	}
	o.steps, o.refused, o.rescued, o.ended = f.output.Steps(), result.Refused, map[string][]byte{}, result.Ended.UTC().Truncate(time.Microsecond)
	o.versions, err = f.apply.Versions(0)
	before, unread := f.apply.Before()
	err = errors.Join(failed, err, unread)
	names := []string{erroredState}
	if len(o.versions) == 0 {
		names = append(names, strayState)
	}
	for _, name := range names {
		// A state after one that cannot be read is no newest version: a person must look at it.
		managed := j.traits.managed() && err == nil
		err = errors.Join(err, o.rescue(filepath.Join(j.at, filepath.FromSlash(j.traits.Dir), name), managed, before))
	}
	switch {
	case failed != nil: // who reads what is here is told why there is no more
	case died && !f.apply.Begun():
		o.status, o.reason = Queued, "nothing was applied: the supervisor of the engine died before it started that"
	case result.Again:
		o.status, o.reason, o.noRoom = Queued, "nothing was applied: "+result.Error, result.NoRoom
	case died:
		o.status, o.reason = Interrupted, "The supervisor of the engine died, or its machine stopped, during the apply."
		if o.partial = f.apply.Rebooted(); o.partial {
			o.reason += " The machine was started anew since: what the engine said last may be missing, so what is planned next is held."
		}
	case !result.Sure():
		o.status, o.reason = Interrupted, j.unsure(ctx, f.apply.Order, result)
	case result.Exit == 0:
		j.succeeded(&o)
	default:
		failure := f.output.Failure(errors.New(result.Error))
		o.status, o.stale = Failed, failure.Stale && j.run.Stale < mostStale
		o.reason = j.interruptedBy(ctx, f.apply.Order, result, o.steps) + j.whyFailed(ctx, failure)
		for _, why := range o.refused {
			o.reason += "\n\ndriftless refused to keep the state: " + why
		}
	}
	return o, err
}

// rescue takes up a state that an engine could not write to its backend: it is the only record of what was made. When it
// continues the state that driftless keeps, it becomes the newest version.
func (o *aftermath) rescue(name string, managed bool, before *tfstate.Header) error {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	o.rescued[filepath.Base(name)] = data
	if !managed {
		return nil
	}
	if len(o.versions) > 0 {
		before = &o.versions[len(o.versions)-1].Header
	}
	if content, header, ok := continues(before, data); ok {
		o.versions, o.taken = append(o.versions, supervisor.Version{Header: header, Content: content}), true
	}
	return nil
}

// succeeded looks whether the state of an apply that went well reached driftless: the only copy would go with the checkout.
func (j *job) succeeded(o *aftermath) {
	changed := j.run.Summary
	changed.Invoke = 0
	o.status = Applied
	switch {
	case !j.traits.managed():
		j.prior.Exists = j.prior.Exists || !changed.Empty()
	case len(o.versions) > 0:
		last := o.versions[len(o.versions)-1]
		j.prior = planner.Prior{Lineage: last.Lineage, Serial: last.Serial, Exists: true}
	case !changed.Empty():
		o.status = Failed
		o.reason = "the engine applied the plan and did not give its state to driftless: something in " + j.traits.Dir + " sets another backend. Look for the state where that backend keeps it, and remove the setting or add a backend block"
	}
}

// unsure says why it is not known what the engine did.
func (j *job) unsure(ctx context.Context, order supervisor.Order, result supervisor.Result) string {
	if result.Killed {
		return j.interruptedBy(ctx, order, result, nil) + fmt.Sprintf("The engine did not end within %s (`cancel` of `timeouts`) after it was interrupted, and was killed.", order.Wait)
	}
	return j.interruptedBy(ctx, order, result, nil) + "The engine was ended by a signal (" + result.Error + ")."
}

// interruptedBy says who or what interrupted the engine, and how far it got; "" = nobody did.
func (j *job) interruptedBy(ctx context.Context, order supervisor.Order, result supervisor.Result, steps []engine.Step) string {
	text := ""
	switch result.Interrupted {
	case supervisor.Asked:
		who, err := j.canceledBy(ctx)
		if err != nil || who == "" {
			text = "it was interrupted by a signal during the apply."
			break
		}
		text = "canceled by " + who + " during the apply."
	case supervisor.Limit:
		text = fmt.Sprintf("the apply took longer than its limit of %s (`apply` of `timeouts`) and was interrupted.", order.Limit)
	default:
		return ""
	}
	if steps != nil || result.Sure() {
		text += stepsText(steps)
	}
	return text + "\n"
}
