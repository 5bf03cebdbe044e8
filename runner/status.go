package runner

// Purpose is why a run was made.
type Purpose string

// The purposes.
const (
	PurposePlan    Purpose = "plan"    // a pull request's plan
	PurposeApply   Purpose = "apply"   // the tracked branch: plan, and apply when it may be
	PurposeDrift   Purpose = "drift"   // a plan at the applied commit
	PurposeDestroy Purpose = "destroy" // an orphan: plan -destroy, applied only on approval
	PurposePush    Purpose = "push"    // a state that a person pushes to a foreign backend
	PurposeUnlock  Purpose = "unlock"  // a lock that a person takes away in a foreign backend
)

// Status is where a run stands.
type Status string

// The statuses.
const (
	Queued      Status = "queued"
	Planning    Status = "planning"
	Planned     Status = "planned"
	Unchanged   Status = "unchanged" // nothing to do
	Blocked     Status = "blocked"   // policy denied, or it could not be judged
	Held        Status = "held"      // a person must approve
	Ready       Status = "ready"     // may be applied; final for a pull request's plan
	Applying    Status = "applying"
	Applied     Status = "applied"
	Failed      Status = "failed"
	Canceled    Status = "canceled"
	Superseded  Status = "superseded"  // a newer commit took its place
	Interrupted Status = "interrupted" // an apply began and no result was recorded: a person decides
)

// transitions is the one table of what may follow what. A plan that is taken over after a crash goes back to queued, and so does
// an apply that came to nothing because no engine was started. What was interrupted may still end, until a person decides.
var transitions = map[Status][]Status{
	Queued:      {Planning, Canceled, Superseded},
	Planning:    {Planned, Applied, Failed, Queued, Canceled, Superseded}, // Applied: what plans nothing was done
	Planned:     {Unchanged, Blocked, Held, Ready, Queued, Failed, Canceled, Superseded},
	Ready:       {Applying, Queued, Failed, Canceled, Superseded},
	Held:        {Superseded, Canceled},
	Blocked:     {Superseded, Canceled},
	Unchanged:   {Superseded},
	Applying:    {Applied, Failed, Interrupted, Queued},
	Failed:      {Superseded},
	Interrupted: {Superseded, Applied, Failed, Queued},
	Canceled:    {Superseded},
}

// MayFollow reports whether a run may go from one status to another.
func MayFollow(from, to Status) bool {
	for _, s := range transitions[from] {
		if s == to {
			return true
		}
	}
	return false
}

// Active reports whether a worker holds the run.
func (s Status) Active() bool { return s == Planning || s == Planned || s == Applying }

// Waiting reports whether the run waits for a person.
func (s Status) Waiting() bool { return s == Held || s == Blocked || s == Interrupted }

// Sync is where a workspace stands.
type Sync string

// The sync statuses.
const (
	Synced     Sync = "Synced"
	Pending    Sync = "Pending" // merged, not applied yet or held
	Drifted    Sync = "Drifted"
	SyncFailed Sync = "Failed"
	Unknown    Sync = "Unknown" // not checked within its freshness window
	Suspended  Sync = "Suspended"
)

// Health is what the checks in a workspace's code say of what was applied: check blocks, pre- and postconditions.
type Health string

// The healths.
const (
	Healthy       Health = "Healthy"  // there are checks, and all of them pass
	Degraded      Health = "Degraded" // one fails, or could not be evaluated
	HealthUnknown Health = "Unknown"  // there are none, or not all were evaluated yet
)
