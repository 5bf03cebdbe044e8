package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/workspaces"
)

// unread says that the configuration of the tracked branch cannot be read. Nothing of that branch is recorded or applied then;
// pull requests are looked at all the same: one of them is to mend it.
type unread struct {
	UserError        // for people, with the lines
	brief     string // in one line
}

// Unwrap makes it a mistake of the user's.
func (u *unread) Unwrap() error { return u.UserError }

// observeUnread observes the pull requests of a branch that cannot be read. What they may do is what that branch said when it
// could be read last: nothing is granted by what they bring themselves.
func (w *watcher) observeUnread(ctx context.Context, o *observation, known []Pull, failure error) error {
	at := fmt.Sprintf("tracked branch %s at %.8s: ", w.view.Branch, o.head)
	var mistakes hcl.Diagnostics
	if !errors.As(failure, &mistakes) {
		return fmt.Errorf("%s%w", at, failure)
	}
	o.unread = &unread{UserError(at + configText(o.set, failure)), brief(mistakes[0])}
	o.trust, o.set, o.failed = "", &workspaces.Set{}, map[workspaces.ID]error{}
	if last := o.seen.Head; last != "" && last != o.head {
		set, err := w.resolve(ctx, last, "")
		switch {
		case err == nil:
			o.trust, o.set = last, set
		case !errors.As(err, &mistakes):
			return fmt.Errorf("tracked branch %s at %.8s, as it could be read last: %w", w.view.Branch, last, err)
		}
	}
	if o.trust != "" {
		is, err := w.policySet(ctx, o.trust)
		if err != nil {
			return err
		}
		o.current = revision(is)
	}
	return w.observePulls(ctx, o, known)
}

// brief is a mistake in a configuration, in one line.
func brief(mistake *hcl.Diagnostic) string {
	if mistake.Subject == nil {
		return mistake.Summary
	}
	return fmt.Sprintf("%s:%d: %s", mistake.Subject.Filename, mistake.Subject.Start.Line, mistake.Summary)
}

// mended says of a pull request which can be read, though what it asks to be merged into cannot, what that means.
func (w *watcher) mended(o *observation, p *Pull) {
	what := fmt.Sprintf("%s cannot be read (%s), and nothing is applied until it can. This pull request mends that", w.view.Branch, o.unread.brief)
	if o.trust != "" {
		p.Before = nil // it can be merged without an apply: that is what everything waits for
		p.Notices = append([]string{fmt.Sprintf("%s. What it may do is what %s said at %.8s, where it could be read", what, w.view.Branch, o.trust)}, p.Notices...)
		return
	}
	p.Notices = nil
	p.Aside = orElse(p.Aside, what+", and can be merged. No earlier commit says what its workspaces may do: they are planned after the merge, and what nobody has reviewed waits for `driftless approve`.")
}

// unmended says of a pull request that cannot be read what is wrong, and where.
func (w *watcher) unmended(o *observation, text string) string {
	if o.unread == nil {
		return text + "\n\nMend this and push. `driftless validate .` checks it on your machine."
	}
	return fmt.Sprintf("%s cannot be read, and this pull request does not mend it:\n\n%s\n\nIt is planned as soon as a merge mends that. To mend it here, push what `driftless validate .` finds right.", w.view.Branch, text)
}

// writeUnread records the open pull requests of a tracked branch that cannot be read, and nothing of that branch.
func (w *watcher) writeUnread(o *observation, j *journal, stop *[]int64, pulls *[]Pull) error {
	if _, err := j.tx.Repository(o.repo.Name); errors.Is(err, ErrNotFound) {
		err = j.tx.PutRepository(Repository{Name: o.repo.Name, URL: o.repo.URL, Branch: o.repo.Branch})
		if err != nil {
			return err
		}
	}
	return w.writeOpen(o, j, stop, pulls)
}
