package runner

import "time"

// Stats is how much there is of what somebody may have to look at.
type Stats struct {
	Workspaces  []Tally // by repository and sync status; Since is that of the oldest drift
	Health      []Tally // workspaces, by repository and health
	Runs        []Tally // that are queued or under way, or wait for a person, by purpose and status; Since is when the oldest was made
	Posts       []Tally // that the forge does not show yet, by repository; Since is that of the one that waits longest
	PostsFailed []Tally // those of them whose last attempt failed
	StateLocks  Tally   // of states that driftless keeps
}

// Tally is the number of records that have something in common.
type Tally struct {
	Repository string
	Purpose    Purpose
	Status     Status
	Sync       Sync
	Health     Health
	Number     int
	Since      time.Time // zero: none of them tells
}
