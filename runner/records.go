package runner

import (
	"encoding/json"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/workspaces"
)

// Repository is what is known of a repository under watch.
type Repository struct {
	Name     string
	URL      string // without credentials
	Branch   string
	Head     string // the tracked branch as last reconciled
	PrevHead string // before the last move
	Diverged string // a head that does not descend from Head: everything holds until it is acknowledged
	Error    string // why the last poll or its configuration failed; "" = fine
	PolledAt time.Time
	HeardAt  time.Time // comments of the forge were read up to here; zero = none yet
	Problems []string  // what the sign-in at the forge cannot do, each with what does not work for it
}

// PullState is where a pull request stands.
type PullState string

// The states of a pull request.
const (
	Open   PullState = "open"
	Merged PullState = "merged"
	Closed PullState = "closed"
)

// Pull is a pull request as last seen.
type Pull struct {
	ID           int64 // the store's
	Repository   string
	Key          string // the forge's: a number, or the branch on a plain Git server. One open pull per repository and key
	Title        string
	Author       string
	URL          string // for people; "" on a plain Git server
	Target       string // branch that it asks to be merged into; "" = the tracked one
	Fork         bool
	Draft        bool
	Aside        string // why it is left alone, for people, with the next step; "" = it is planned
	Trusted      string // the head of a fork that somebody with permission let be planned
	TrustedBy    string
	Head         string
	Base         string // the tracked head it was last merged with
	Tree         string // the merge result; "" on conflict
	Conflicts    []string
	Error        string // why it cannot be planned (its configuration does not parse, …)
	Notices      []string
	Orphans      []workspaces.ID // workspaces whose directories it removes
	Affected     []workspaces.ID // workspaces it touches at Tree
	Manual       []workspaces.ID // those of them that wait for an approval after the merge
	Before       []workspaces.ID // those of them that are applied before the merge, on command
	State        PullState
	MergedCommit string
	MergedAt     time.Time // by the forge's clock; zero = not known
	AskedAt      time.Time // when the comment was written by which driftless applies it, and is to merge it then; zero = by none
	MergedBy     string    // login; "" = not known
	ReviewedBy   []string  // logins of those whose last review approved when it was merged
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Report is the last report that was recorded on a pull request's head.
type Report struct {
	PullID  int64
	Head    string
	Runs    map[workspaces.ID]int64 // the finished plans that it shows: what a reviewer saw
	Pages   []string                // Markdown
	At      time.Time               // since when people can see these runs; zero = the forge does not show them yet
	Earlier []Shown                 // what people saw there before on the same head, newest first
}

// News is an event that the report of a pull request is to tell of.
type News struct {
	PullID     int64
	Repository string
	EventID    int64
}

// Shown is what a report showed since a moment.
type Shown struct {
	Runs map[workspaces.ID]int64
	At   time.Time
}

// Run is one workspace at one commit, for one purpose.
type Run struct {
	ID             int64
	Repository     string
	Workspace      workspaces.ID
	Purpose        Purpose
	Status         Status
	PullID         int64  // 0: not for a pull request
	Commit         string // the pull request's head, or the commit of the tracked branch
	Tree           string // what is checked out: the commit's tree or the merge result
	Base           string // the tracked head before: its policies judge too
	InputDigest    string
	Trigger        string            // for people: "pull request driftless/x", "push 1a2b3c", "schedule", "approve by anna"
	Labels         map[string]string // of a workspace that only a pull request has; of others the record says them
	Approves       int64             // the run whose changes the approval covers
	Actor          string            // who asked for it or approved it; "" = driftless itself
	Reason         string            // why it has its status, for people, with the next step
	Engine         string
	Summary        planner.Summary
	PlanDigest     string
	Verdict        *policy.Verdict // nil: not judged
	PolicyRevision string
	Unreviewed     []string // held: the changes that go beyond what was reviewed ("create cloud_server.x")
	Reviewers      []string // pull requests whose review covered the apply
	Attempt        int      // counts how often it was taken up: nobody writes on it for an earlier time
	Stale          int      // how many plans before it, in a row, the state had overtaken when they were to be applied
	Owner          string   // the replica that works on it, or did last
	CreatedAt      time.Time
	StartedAt      time.Time
	PlannedAt      time.Time
	AppliedAt      time.Time // when the apply started
	FinishedAt     time.Time
	NotBefore      time.Time // queued: nobody takes it up before, by the store's clock; zero = at once
}

// Waiting is of a run in the queue what says whose turn it is.
type Waiting struct {
	ID         int64
	Repository string
	PullID     int64 // 0: of the tracked branch
}

// Workspace is what is known of a workspace. Target is what the tracked branch wants, Applied what the world got.
type Workspace struct {
	ID            workspaces.ID
	Repository    string
	Sync          Sync
	Reason        string // for people
	Labels        map[string]string
	Owner         string
	DependsOn     []workspaces.ID
	Backend       string // type of the backend that keeps its state; "" = driftless itself, as far as it is known
	TargetDigest  string
	TargetCommit  string
	Base          string // the tracked head before the first change that is not applied yet: its policies judge too
	AppliedDigest string // cleared when an apply starts, set only by success
	AppliedCommit string // of the last success; kept when a later apply fails
	AppliedTree   string
	AppliedAt     time.Time
	AppliedRun    int64
	Prior         planner.Prior   // the state as last seen: what comes after must follow it
	CheckedAt     time.Time       // the last time the world was compared with AppliedCommit
	DriftSince    time.Time       // zero: no drift
	Drift         json.RawMessage // []planner.Change of the last drift plan, redacted
	Health        Health
	HealthAt      time.Time             // when its checks were evaluated last; zero = there are none, or they never were
	Failing       []planner.FailedCheck // the first of the checks that failed then, redacted
	Orphan        bool                  // its directory is gone from the tracked branch
	Reserved      int64                 // the pull request that was applied to it before its merge; 0 = none
	UpdatedAt     time.Time
}

// Replica is a process that works on a store that several can work on.
type Replica struct {
	ID         string // kept in its data directory: a restart there is the same replica
	Host       string
	Kind       string // Serve, Worker or Stopping
	Version    string
	Takes      []string // which workspaces it takes runs of, as written: "env=prod", "team!=data"; empty = all
	Keys       []string // public halves of the keys that it has
	StartedAt  time.Time
	SeenAt     time.Time
	LeaseUntil time.Time // until then its runs are its own; zero = it is gone
}

// The kinds of replicas.
const (
	Serve  = "serve"  // may lead repositories
	Worker = "worker" // only works on runs

	Stopping = "stopping" // ends an apply, and nothing more
)

// Lease says which replica alone does something, such as to poll a repository.
type Lease struct {
	Name  string // "repository/NAME"
	Owner string // the replica; "" = nobody since Until
	Until time.Time
}

// Event is one line of the history: a decision or an effect. Events are only ever appended.
type Event struct {
	ID         int64
	At         time.Time
	Kind       string // "run queued", "apply started", "applied", "failed", "approved", "drift found", …
	Actor      string
	Repository string
	Workspace  workspaces.ID
	RunID      int64
	PullID     int64
	Commit     string
	Message    string
	Data       json.RawMessage // Facts; nil = none
	Hash       string          // chains it to the event before, see package audit; set by the store
}

// Self is the actor of what driftless does by itself.
const Self = "driftless"

// Anchor is what is left of the events that were pruned: the first event that is still there follows it.
type Anchor struct {
	ID     int64 // of the last event that was pruned; 0 = none ever was
	Hash   string
	Events int64     // how many were pruned so far
	At     time.Time // when it was done last
}

// RunChange is a resource that an apply changed, or may have changed.
type RunChange struct {
	EventID   int64 // of the event that says how the apply ended: who, when, and why
	RunID     int64
	Workspace workspaces.ID
	Address   string
	Action    string // planner.Action; of an apply that did not succeed the engine's, with how far it got: "create, failed"
	Previous  string // its address before, when it moved
}

// Kinds of events that are looked for.
const (
	StateRefused  = "state request refused" // why a state was not kept
	ReplicaLost   = "replica lost"          // its lease ended, and it did not say that it stops
	HealthChanged = "health changed"        // of a workspace
	RunTakenOver  = "run taken over"        // from such a replica
)

// StateVersion is one version of a state that driftless keeps.
type StateVersion struct {
	Workspace workspaces.ID
	Version   int64 // 1, 2, …
	Serial    int64
	Lineage   string
	Size      int
	RunID     int64 // the run that wrote it
	CreatedAt time.Time
}

// StateLock is the lock of a state that driftless keeps.
type StateLock struct {
	Workspace workspaces.ID
	ID        string          // the engine's lock id
	Info      json.RawMessage // as the engine sent it
	RunID     int64
	CreatedAt time.Time
}

// PostKind is what a post is.
type PostKind string

// The kinds of posts.
const (
	PostReport   PostKind = "report"   // the comments of a report; key: the pull request's
	PostReply    PostKind = "reply"    // a comment that answers a command; key: the command's comment
	PostReaction PostKind = "reaction" // a receipt; key: the comment
	PostStatus   PostKind = "status"   // a commit status; key: "COMMIT CONTEXT"
	PostCheck    PostKind = "check"    // a check run; key: "COMMIT NAME"
	PostIssue    PostKind = "issue"    // an issue about drift; key: the workspace, or "" for the summary
	PostMerge    PostKind = "merge"    // a merge after the apply; key: the pull request's
)

// Post is something that the forge is to show. What it shows is brought up to what is wanted, however often that takes:
// the wish is on record before the effect, and the effect after it.
type Post struct {
	ID         int64
	Repository string
	Kind       PostKind
	Key        string // with repository and kind: which post it is
	Want       json.RawMessage
	Version    int64    // of Want: counts its changes, from 1
	Shown      int64    // the version that the forge shows; waiting while it is less than Version
	Remote     []string // the forge's ids of what shows it
	Attempts   int      // that failed since something was shown
	NextAt     time.Time
	Error      string // of the last attempt; "" = it worked
	CreatedAt  time.Time
	UpdatedAt  time.Time // when Want changed last: since then it waits
	ShownAt    time.Time // since when people see the version that is shown, by the forge's clock where it tells; zero = none is
}

// Waiting reports whether the forge does not show yet what is wanted.
func (p Post) Waiting() bool { return p.Shown < p.Version }

// Command is a comment that asked for something: it is carried out once.
type Command struct {
	Repository string
	CommentID  int64
	Key        string // of the pull request or issue
	Author     string
	Text       string // the line that asks
	Outcome    string // for people
	At         time.Time
}

// BlobInfo is a blob without its content.
type BlobInfo struct {
	Key  string
	Size int64 // that it takes in the store, in bytes
}
