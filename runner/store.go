package runner

import (
	"context"
	"errors"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// Errors of a Store.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("changed in the meantime") // compare-and-set lost, a unique rule or a foreign lock
	// ErrDamaged says that a content is there and cannot be read: it was changed on the disk, or its key is missing.
	ErrDamaged = errors.New("it cannot be read")
	// ErrUnavailable says that the database cannot be reached now, or has no time. Nothing of the transaction was kept; try later.
	ErrUnavailable = errors.New("the database cannot be reached")
	// ErrFull says that the database has no room. Nothing of the transaction was kept.
	ErrFull = errors.New("no space left for the database")
)

// Store keeps what the runner knows. All of it survives kill -9.
type Store interface {
	// View runs f in a read-only transaction.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f in one transaction, alone: all of it is kept, once, or nothing when f returns an error. f may run again
	// after a conflict with another process or a lost connection, so it must have no other effects. Only an error that says
	// so leaves open whether it was kept.
	Update(ctx context.Context, f func(Tx) error) error
	// Beat is Update for what lets leases go on, and waits for no Update: f uses Clock, and reads and writes replicas and
	// their leases, nothing else. It is alone among those that beat.
	Beat(ctx context.Context, f func(Tx) error) error
	Close() error
}

// Tx is one transaction. What is not there is ErrNotFound. Times are UTC with microseconds.
type Tx interface {
	Repository(name string) (Repository, error)
	Repositories() ([]Repository, error)
	PutRepository(Repository) error

	Pull(id int64) (Pull, error)
	Pulls(PullFilter) ([]Pull, error) // newest first
	PutPull(*Pull) error              // inserts and sets ID when ID is 0
	DeletePull(id int64) error        // with its report and news
	Report(pullID int64) (Report, error)
	PutReport(Report) error
	// News are the last events that the reports of pull requests do not tell of yet; it is on record with the event, so
	// that a report which a crash prevented is made later.
	News(NewsFilter) ([]News, error) // oldest first
	// PutNews says that the report of a pull request is to tell of an event; DeleteNews, that one does up to an event.
	PutNews(News) error
	DeleteNews(News) error

	Post(repository string, kind PostKind, key string) (Post, error)
	Posts(PostFilter) ([]Post, error) // oldest first
	PutPost(*Post) error              // inserts and sets ID when ID is 0. ErrConflict: there is one with this repository, kind and key
	DeletePost(id int64) error
	// Command returns what became of a comment that was carried out.
	Command(repository string, commentID int64) (Command, error)
	PutCommand(Command) error // ErrConflict: it is there already
	Commands(CommandFilter) ([]Command, error)
	DeleteCommand(repository string, commentID int64) error

	Run(id int64) (Run, error)
	Runs(RunFilter) ([]Run, error) // newest first, unless the filter says otherwise
	// NewestRuns are the newest run of each workspace of a repository that a filter selects.
	NewestRuns(RunFilter) ([]Run, error)
	// Queue are the queued runs of some purposes, the oldest first; with heads, only the oldest of each pull request and of each
	// tracked branch.
	Queue(purposes []Purpose, heads bool) ([]Waiting, error)
	// UnderWay are the runs that are worked on: those that are active, and what is ready to be applied at once.
	UnderWay() ([]Run, error)
	InsertRun(*Run) error     // sets ID. ErrConflict: see UpdateRun
	DeleteRun(id int64) error // without its blobs
	// UpdateRun writes the run if its status is still from and its attempt the same, or the next one when it leaves the queue.
	// ErrConflict otherwise, or when another run other than a pull request's plan is already active (Status.Active) for the
	// workspace.
	UpdateRun(run Run, from Status) error

	Workspace(id workspaces.ID) (Workspace, error)
	Workspaces(WorkspaceFilter) ([]Workspace, error) // by id
	PutWorkspace(Workspace) error
	// RenameWorkspace moves the record, runs, states and lock of one identity to another that has no state and under
	// which nothing was ever applied.
	RenameWorkspace(from, to workspaces.ID) error

	// Clock is the time by which leases end: the database's own where several machines work on it.
	Clock() (time.Time, error)
	Replicas() ([]Replica, error) // by id
	PutReplica(Replica) error
	DeleteReplica(id string) error
	// LoseReplica ends the lease of a replica. ErrConflict: it is another one by now.
	LoseReplica(Replica) error
	Leases() ([]Lease, error) // by name
	PutLease(Lease) error

	Append(*Event) error                 // sets ID and Hash, and At when it is zero
	Events(EventFilter) ([]Event, error) // newest first, unless the filter says otherwise
	// PruneEvents removes the oldest events, so many at most, up to the first that happened at or after a time, and leaves an
	// anchor that the first of the others follows, and an event that says so.
	PruneEvents(before time.Time, most int) (pruned int64, err error)
	EventAnchor() (Anchor, error)
	PutRunChanges([]RunChange) error
	RunChanges(ChangeFilter) ([]RunChange, error) // newest first

	// Blobs are kept compressed and encrypted. Keys look like "runs/12/plan.json".
	PutBlob(key string, data []byte) error
	Blob(key string) ([]byte, error)
	Blobs(prefix, after string, limit int) ([]BlobInfo, error) // by key, of those with a prefix after one
	DeleteBlobs(prefix string) error
	DeleteBlob(key string) error

	// State returns the newest version, or the given one when version > 0, with its content.
	State(id workspaces.ID, version int64) (StateVersion, []byte, error)
	States(id workspaces.ID) ([]StateVersion, error) // newest first
	// PutState adds a version; Version is set. Content equal to the newest version adds none.
	PutState(v *StateVersion, content []byte) error
	StateIDs() ([]workspaces.ID, error) // of the workspaces that have states
	// DeleteState removes a version. The newest one is ErrNotFound here: it always stays.
	DeleteState(id workspaces.ID, version int64) error
	StateLock(id workspaces.ID) (StateLock, error)
	StateLocks() ([]StateLock, error) // of all workspaces, by id
	// LockState takes the lock; ErrConflict when another holds it.
	LockState(StateLock) error
	UnlockState(id workspaces.ID) error

	// Stats counts what metrics show. It takes a bounded time, however much was ever recorded.
	Stats() (Stats, error)
}

// NewsFilter selects news; zero fields select all.
type NewsFilter struct {
	Repository string
	PullID     int64
}

// PullFilter selects pulls; zero fields select all.
type PullFilter struct {
	Repository string
	Affects    workspaces.ID // a workspace that it touches
	Key        string
	Head       string
	Merges     []string // the commits that they were merged with; nil: any
	State      PullState
	After      int64 // id greater than, with Oldest
	Oldest     bool  // the oldest first
	Brief      bool  // only ID, Repository, Key, State, MergedCommit and CreatedAt are read: where there may be many
	Limit      int
}

// MostPutOff is for how long a post is put off at most.
const MostPutOff = 2 * time.Hour

// PostFilter selects posts; zero fields select all.
type PostFilter struct {
	Repository string
	Kind       PostKind
	KeyPrefix  string
	After      int64     // id greater than
	Waiting    bool      // only those that the forge does not show yet
	DueBy      time.Time // only those that may be tried by then, or that are put off longer than MostPutOff: the clock went back
	Limit      int
}

// CommandFilter selects commands; zero fields select all.
type CommandFilter struct {
	Before time.Time // carried out before
	Limit  int
}

// RunFilter selects runs; zero fields select all.
type RunFilter struct {
	IDs        []int64
	Repository string
	Workspace  workspaces.ID
	PullID     int64
	Approves   int64
	Tracked    bool // only those of no pull request
	Purposes   []Purpose
	Statuses   []Status
	Before     int64 // id less than
	After      int64 // id greater than
	Oldest     bool  // the oldest first
	Brief      bool  // only ID, Workspace, Status, PullID, Commit, Reviewers, CreatedAt, AppliedAt and FinishedAt are read: where there may be many
	Limit      int
}

// WorkspaceFilter selects workspaces; zero fields select all.
type WorkspaceFilter struct {
	IDs        []workspaces.ID
	Repository string
	Sync       Sync
	Drifted    bool              // that were found to have drifted
	Labels     map[string]string // all must be equal
	Limit      int
}

// ChangeFilter selects changes of runs; zero fields select all.
type ChangeFilter struct {
	RunID     int64
	Workspace workspaces.ID
	Address   string    // of a resource, with all its instances, or of a module, with all that is in it; also a former one
	Since     time.Time // recorded at or after
	Until     time.Time // recorded before
	After     int64     // id of the event greater than
	Before    int64     // id of the event less than
	Limit     int
}

// EventFilter selects events; zero fields select all.
type EventFilter struct {
	Repository string
	Workspace  workspaces.ID
	RunID      int64
	PullID     int64
	Kind       string
	Since      time.Time // happened at or after
	Until      time.Time // happened before
	Before     int64     // id less than
	After      int64     // id greater than
	Oldest     bool      // the oldest first
	Limit      int
}
