package forges

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pull is what a pull request has beside an issue.
type Pull struct {
	Head     string // branch
	HeadRepo string // path; "" = it was deleted
	HeadSHA  string
	Base     string // branch
	BaseSHA  string
	Draft    bool
	Reviews  []Review
	Asked    []string // of whom a review is asked for
	Pending  []string // who began a review and has not sent it: nobody else sees anything of it

	Merged      time.Time // zero = not merged
	MergedBy    string    // "" = by a push
	MergeCommit string    // of the base branch; once it is known to be clean, before the merge, that of refs/pull/N/merge

	from  *Repo
	asked int    // so many asks whether it is clean have been answered with "not known yet"
	trial string // head and base that clean is about
	clean bool
}

// Review is one review.
type Review struct {
	ID        int64
	By        string
	State     string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED
	Commit    string
	Body      string
	Submitted time.Time
}

// OpenOptions of a pull request.
type OpenOptions struct {
	Body  string
	Draft bool
}

// Open opens a pull request. head is a branch, or "owner:branch" of that owner's fork; base "" = the default branch.
func (r *Repo) Open(by, head, base, title string, o OpenOptions) (number int, err error) {
	defer r.w.lock()()
	from, branch, err := r.headOf(head)
	if err != nil {
		return 0, err
	}
	if base == "" {
		base = r.branch
	}
	if r.heads[base] == "" || from.heads[branch] == "" || from.heads[branch] == r.heads[base] {
		return 0, fmt.Errorf("open pull request from %s into %s of %s: without commits between them it %w", head, base, r.path(), ErrInvalid)
	}
	for _, i := range r.issues {
		if p := i.Pull; p != nil && i.Open && p.from == from && p.Head == branch && p.Base == base {
			return 0, fmt.Errorf("open pull request from %s of %s: #%d is from there: it %w", head, r.path(), i.Number, ErrInvalid)
		}
	}
	i := r.newIssue(by, title, o.Body)
	i.Pull = &Pull{Head: branch, HeadRepo: from.path(), Base: base, Draft: o.Draft, from: from}
	r.follow(i)
	r.w.happened(Event{Kind: "pull_request", Action: "opened", Repo: r.path(), Number: i.Number, Commit: i.Pull.HeadSHA, By: by})
	return i.Number, nil
}

func (r *Repo) headOf(head string) (*Repo, string, error) {
	owner, branch, ok := strings.Cut(head, ":")
	if !ok || strings.EqualFold(owner, r.owner) {
		return r, head[strings.Index(head, ":")+1:], nil
	}
	for _, f := range r.w.repos {
		if f.forkOf == r && strings.EqualFold(f.owner, owner) {
			return f, branch, nil
		}
	}
	return nil, "", fmt.Errorf("fork of %s by %s: %w", r.path(), owner, ErrNotFound)
}

// SetDraft makes a pull request a draft, or ready for review.
func (r *Repo) SetDraft(by string, n int, draft bool) error {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil {
		return err
	}
	i.Pull.Draft, i.Updated = draft, r.w.now()
	action := "ready_for_review"
	if draft {
		action = "converted_to_draft"
	}
	r.w.happened(Event{Kind: "pull_request", Action: action, Repo: r.path(), Number: n, Commit: i.Pull.HeadSHA, By: by})
	return nil
}

// Retarget gives a pull request another base branch.
func (r *Repo) Retarget(by string, n int, base string) error {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil {
		return err
	}
	if r.heads[base] == "" || !i.Open {
		return fmt.Errorf("retarget %s#%d to %s: it %w", r.path(), n, base, ErrInvalid)
	}
	i.Pull.Base, i.Updated = base, r.w.now()
	r.follow(i)
	r.w.happened(Event{Kind: "pull_request", Action: "edited", Repo: r.path(), Number: n, Commit: i.Pull.HeadSHA, By: by})
	return nil
}

// Review reviews the head of a pull request: APPROVED, CHANGES_REQUESTED or COMMENTED.
func (r *Repo) Review(by string, n int, state, body string) (id int64, err error) {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil {
		return 0, err
	}
	if !slices.Contains([]string{"APPROVED", "CHANGES_REQUESTED", "COMMENTED"}, state) || by == i.Author && state != "COMMENTED" {
		return 0, fmt.Errorf("review of %s#%d by %s as %s: it %w", r.path(), n, by, state, ErrInvalid)
	}
	v := Review{ID: r.w.id(), By: by, State: state, Commit: i.Pull.HeadSHA, Body: body, Submitted: r.w.now()}
	i.Pull.Reviews = append(i.Pull.Reviews, v)
	i.Pull.Asked = slices.DeleteFunc(i.Pull.Asked, func(login string) bool { return login == by })
	i.Updated = v.Submitted
	r.w.happened(Event{Kind: "pull_request_review", Action: "submitted", Repo: r.path(), Number: n, Commit: v.Commit, By: by})
	return v.ID, nil
}

// AskReview asks somebody for a review.
func (r *Repo) AskReview(of string, n int) error {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err == nil {
		i.Pull.Asked = append(i.Pull.Asked, of)
	}
	return err
}

// BeginReview begins a review that is not sent yet.
func (r *Repo) BeginReview(by string, n int) error {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil {
		return err
	}
	i.Pull.Pending = append(i.Pull.Pending, by)
	return nil
}

// Dismiss takes the weight from a review.
func (r *Repo) Dismiss(by string, n int, id int64) error {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(i.Pull.Reviews, func(v Review) bool { return v.ID == id })
	if at < 0 {
		return fmt.Errorf("review %d of %s#%d: %w", id, r.path(), n, ErrNotFound)
	}
	i.Pull.Reviews[at].State = "DISMISSED"
	i.Updated = r.w.now()
	r.w.happened(Event{Kind: "pull_request_review", Action: "dismissed", Repo: r.path(), Number: n, Commit: i.Pull.HeadSHA, By: by})
	return nil
}

func (r *Repo) pull(n int) (*Issue, error) {
	if i := r.issues[n]; i != nil && i.Pull != nil {
		return i, nil
	}
	return nil, fmt.Errorf("pull request %s#%d: %w", r.path(), n, ErrNotFound)
}

// setOpen closes an issue or pull request, or opens it again.
func (r *Repo) setOpen(by string, i *Issue, open bool) error {
	action := "closed"
	if open {
		action = "reopened"
		if p := i.Pull; p != nil && (!p.Merged.IsZero() || p.from.deleted || p.from.heads[p.Head] == "") {
			return fmt.Errorf("reopen %s#%d: merged or without its branch it %w", r.path(), i.Number, ErrInvalid)
		}
	}
	i.Open, i.Updated, i.Closed = open, r.w.now(), time.Time{}
	if !open {
		i.Closed = i.Updated
	}
	e := Event{Kind: i.kind(), Action: action, Repo: r.path(), Number: i.Number, By: by}
	if i.Pull != nil {
		r.follow(i)
		e.Commit = i.Pull.HeadSHA
	}
	r.w.happened(e)
	return nil
}
