package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Host is a repository on a forge with an API. Keys of pull requests and issues are numbers in decimal; on both GitHub and
// Gitea they share one sequence. Every method may fail with *Later, ErrGone or *Denied, wrapped.
type Host interface {
	Forge
	// Access says who driftless is here and what it may not do. It asks the API each time.
	Access(ctx context.Context) (Access, error)
	// Credentials are for git over https, fresh enough to be used at once.
	Credentials(ctx context.Context) (gitrepo.Auth, error)
	// BodyLimit is the most that the body of a comment or issue may have, in the host's measure of characters, counted here
	// in bytes of UTF-8 (never fewer than characters).
	BodyLimit() int

	// Comments returns the comments on issues and pull requests that were written or edited at since or later, oldest
	// first. Asked again for the same since while nothing changed it costs no rate budget where the host allows that.
	Comments(ctx context.Context, since time.Time) ([]Comment, error)
	// Thread returns all comments of one pull request or issue, oldest first.
	Thread(ctx context.Context, key string) ([]Comment, error)
	AddComment(ctx context.Context, key, body string) (Comment, error)
	EditComment(ctx context.Context, id int64, body string) (Comment, error) // ErrGone: deleted, or not visible yet
	DeleteComment(ctx context.Context, id int64) error                       // gone already is no error
	// React adds a reaction of our own to a comment. Repeating it changes nothing.
	React(ctx context.Context, commentID int64, r Reaction) error

	// State asks for what decides about an apply before the merge. It is never answered from memory.
	State(ctx context.Context, key string) (PullState, error)
	// Author is who opened a pull request, as they are called now: people rename themselves. "" = nobody is left.
	Author(ctx context.Context, key string) (login string, err error)
	// Permission is what somebody may do in the repository; NoPermission for strangers.
	Permission(ctx context.Context, login string) (Permission, error)
	// Member reports whether somebody is in a team of the repository's owner ("team", or "owner/team"). A team that does
	// not exist or cannot be seen is an error that says so.
	Member(ctx context.Context, team, login string) (bool, error)

	// SetStatus sets the commit status of a context. Repeating it leaves the same status.
	SetStatus(ctx context.Context, commit string, s Status) error
	// Merge merges a pull request if its head is still the given commit. Merged already is no error. *Denied says why the
	// host does not merge it.
	Merge(ctx context.Context, key, head string, method MergeMethod) error

	// Issues returns the open and closed issues (no pull requests) that driftless made and that have a label.
	Issues(ctx context.Context, label string) ([]Issue, error)
	// PutIssue opens the issue when its key is "", or brings title, body, state and labels of an existing one up to date
	// (ErrGone: deleted). Labels that do not exist are made. It returns the issue's key.
	PutIssue(ctx context.Context, issue Issue) (key string, err error)
}

// Checker is a Host with check runs beside statuses (GitHub, signed in as an App).
type Checker interface {
	// PutCheck makes or updates the check run of this name on a commit.
	PutCheck(ctx context.Context, commit string, c Check) error
}

// Account is driftless's sign-in at a forge.
type Account interface {
	// Repository returns one repository by its path, "owner/name". It asks nothing yet.
	Repository(path string, mirror *gitrepo.Mirror) Host
	// List returns what can be seen of the repositories of an owner, an organisation or a person.
	List(ctx context.Context, owner string) ([]Listed, error)
	// Hook reads a webhook that was delivered. An error says that it is not authentic or not understood; secret is never
	// empty. What it says is only a reason to poll, with the exception of Rerun.
	Hook(header http.Header, body []byte, secret string) (Hook, error)
	// Budget is what is left of the host's rate limits, as of the last answers.
	Budget() Budget
}

// Listed is one repository of an owner.
type Listed struct {
	Path     string // owner/name
	Archived bool   // read-only: nothing can be commented there
	Empty    bool
}

// Hook is what a webhook is about.
type Hook struct {
	Repository string // owner/name; "" = of no repository (a ping)
	Rerun      string // a commit whose check somebody asked to run again
	By         string // who asked
	Delivery   string // the same when it is delivered once more; "" = not known
}

// Access says who driftless is at a repository.
type Access struct {
	Login    string // of its own comments
	App      bool   // signed in as a GitHub App
	Problems []Problem
	Merging  []Problem // further ones, that matter only where driftless is to merge
}

// Unshown is what follows where comments cannot be written.
const Unshown = "nobody is shown a plan, so nothing counts as reviewed, and every merge with changes is held"

// Problem is a permission that is missing, or anything else that will not work.
type Problem struct {
	What  string // "permission checks: write is missing"
	So    string // "no check runs with annotations are shown"
	Fatal bool   // nothing can work without it
}

// Comment is a comment on a pull request or issue.
type Comment struct {
	ID      int64
	Key     string // of the pull request or issue
	Author  string // login
	Own     bool   // driftless wrote it, with this sign-in
	Bot     bool   // a program wrote it
	Body    string
	Created time.Time
	Edited  bool // changed since it was written, as far as the host tells
	Updated time.Time
}

// Reaction is a receipt for a comment.
type Reaction string

// The reactions, by GitHub's names; Gitea has the same.
const (
	Seen     Reaction = "eyes"
	Agreed   Reaction = "+1"
	Confused Reaction = "confused"
)

// PullState is what a host knows of a pull request when somebody wants to apply it.
type PullState struct {
	Open      bool
	Merged    bool
	Draft     bool
	Author    string   // login, as it is now: people rename themselves
	Head      string   // commit
	Base      string   // branch
	Mergeable Answer   // without conflicts and rules in the way, as far as the host says
	Reason    string   // why it is not mergeable, for people; may be ""
	Approved  []string // logins of those, not the author, whose last review approves this very head
	Outdated  []string // of those whose last review approved an earlier head
	Rejected  []string // of those whose last review asks for changes, and who may write here
	Failing   []string // contexts of statuses on the head, others' than driftless's, that failed
}

// Answer is yes, no, or not known yet: ask again in a while.
type Answer int

// The answers.
const (
	NotYet Answer = iota
	Yes
	No
)

// Permission is what somebody may do in a repository. Higher ones include lower ones.
type Permission int

// The permissions. Hosts without triage or maintain skip them.
const (
	NoPermission Permission = iota
	Read
	Triage
	Write
	Maintain
	Admin
)

// Status is a commit status.
type Status struct {
	Context     string // "driftless/plan"
	State       StatusState
	Description string // at most 140 characters
	URL         string // may be ""
}

// StatusState is how a status stands.
type StatusState string

// The states, by the names that GitHub and Gitea share.
const (
	Pending StatusState = "pending"
	Success StatusState = "success"
	Failure StatusState = "failure"
	Errored StatusState = "error"
)

// Check is a check run.
type Check struct {
	Name        string
	State       StatusState // Pending: in progress
	Title       string
	Summary     string       // Markdown, at most 65,535 characters
	Annotations []Annotation // any number: the driver sends them in parts
}

// Annotation is a remark on a line.
type Annotation struct {
	Path    string
	Line    int
	Failure bool // else a warning
	Title   string
	Message string
}

// MergeMethod is how a host merges.
type MergeMethod string

// The merge methods.
const (
	MergeCommit MergeMethod = "merge"
	Squash      MergeMethod = "squash"
	Rebase      MergeMethod = "rebase"
)

// Issue is an issue that driftless made.
type Issue struct {
	Key    string // "" = not made yet
	Title  string
	Body   string
	Open   bool
	Labels []string // the ones of driftless, which begin so; others' stay
}

// Budget is a host's rate limit.
type Budget struct {
	Limit     int // requests per window; 0 = the host says none
	Remaining int
	Reset     time.Time
	Paused    time.Time // nothing is asked before; zero = not paused
	Reason    string    // why it is paused
}

// ErrGone says that something is not there: deleted, not visible for this sign-in, or not visible yet.
var ErrGone = errors.New("not found")

// Gone is an ErrGone that says for people what is not there, and what to do.
func Gone(text string) error { return gone(text) }

type gone string

func (e gone) Error() string        { return string(e) }
func (e gone) Is(target error) bool { return target == ErrGone }

// Denied says that the host refused, and that asking again changes nothing.
type Denied struct {
	Reason string // what the host said, for people
}

func (e *Denied) Error() string { return "the forge refused: " + e.Reason }

// Later says that the host does not answer or does not want to be asked now.
type Later struct {
	At     time.Time // not before; zero = no word
	Status int       // of the answer of a server that is not well; 0 = none came, or it is well
	Reason string
}

func (e *Later) Error() string {
	if e.At.IsZero() {
		return "try again later: " + e.Reason
	}
	return fmt.Sprintf("try again after %s: %s", e.At.UTC().Format(time.RFC3339), e.Reason)
}

// Pull request heads and merge queues, on both GitHub and Gitea.
const (
	PullRefPrefix = "refs/pull/"
	QueuePrefix   = "refs/heads/gh-readonly-queue/"
)

// PullRef is the ref of a pull request's head.
func PullRef(key string) string { return PullRefPrefix + key + "/head" }
