package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Facts are what an event knows beyond its message, so that the history can be understood without the records that it is
// about: those are pruned, or change. Nothing in it is more than a reader of a report may see.
type Facts struct {
	Run          *RunFacts   `json:"run,omitempty"`
	PullRequests []PullFacts `json:"pull_requests,omitempty"`
	Post         *PostFacts  `json:"post,omitempty"`
	State        *StateFacts `json:"state,omitempty"`
	Changed      *Changed    `json:"changed,omitempty"`
	Pruned       *Pruned     `json:"pruned,omitempty"`
}

// EventsPruned is the kind of the event that says that old events were removed. Its facts name the last of them: an anchor that
// no such event names was put there by somebody else.
const EventsPruned = "audit records pruned"

// Pruned is the last event that was removed with those before it.
type Pruned struct {
	ID   int64  `json:"id"`
	Hash string `json:"hash"`
}

// RunFacts are what is known of a run at the time of an event.
type RunFacts struct {
	Purpose        Purpose  `json:"purpose"`
	Status         Status   `json:"status"`
	Trigger        string   `json:"trigger,omitempty"`
	Attempt        int      `json:"attempt,omitempty"`
	Replica        string   `json:"replica,omitempty"`  // that works on it, or did last
	Approves       int64    `json:"approves,omitempty"` // the run whose changes the actor approved
	Changes        string   `json:"changes,omitempty"`  // "1 create, 2 delete"
	InputDigest    string   `json:"input_digest,omitempty"`
	PlanDigest     string   `json:"plan_digest,omitempty"`
	Engine         string   `json:"engine,omitempty"`
	Verdict        string   `json:"verdict,omitempty"`
	PolicyRevision string   `json:"policy_revision,omitempty"`
	Unreviewed     []string `json:"unreviewed,omitempty"` // changes that go beyond what was reviewed
}

// PullFacts are what is known of a pull request: the one that a run plans, or those whose review covered an apply.
type PullFacts struct {
	Key        string   `json:"key"`
	URL        string   `json:"url,omitempty"`
	Author     string   `json:"author,omitempty"`
	MergedBy   string   `json:"merged_by,omitempty"`
	ReviewedBy []string `json:"reviewed_by,omitempty"`
}

// PostFacts are what a forge was made to show.
type PostFacts struct {
	Kind   PostKind `json:"kind"`
	Key    string   `json:"key"`
	Remote []string `json:"remote,omitempty"` // the forge's ids
	Digest string   `json:"digest"`           // SHA-256 of what is shown
}

// StateFacts are which version of a state was written.
type StateFacts struct {
	Version int64  `json:"version"`
	Serial  int64  `json:"serial"`
	Lineage string `json:"lineage"`
	Size    int    `json:"size"`
}

// JSON is how an event carries facts.
func (f Facts) JSON() json.RawMessage {
	data, _ := json.Marshal(f) // strings and numbers
	return data
}

// FactsOf are the facts of an event; events from before there were any have none.
func FactsOf(e Event) (f Facts) {
	_ = json.Unmarshal(e.Data, &f)
	return f
}

// mostUnreviewed is how many changes beyond review an event lists: the plan has them all.
const mostUnreviewed = 50

// factsFor are the facts of an event that brings none: those of its run, or of its pull request.
func factsFor(tx Tx, e Event) (json.RawMessage, error) {
	switch {
	case e.RunID != 0:
		run, err := tx.Run(e.RunID)
		if errors.Is(err, ErrNotFound) {
			return nil, nil // pruned
		} else if err != nil {
			return nil, err
		}
		pulls, err := PullsOf(tx, run)
		return Facts{Run: factsOfRun(run), PullRequests: factsOfPulls(pulls)}.JSON(), err
	case e.PullID != 0:
		p, err := tx.Pull(e.PullID)
		if errors.Is(err, ErrNotFound) {
			return nil, nil // pruned
		}
		return Facts{PullRequests: factsOfPulls([]Pull{p})}.JSON(), err
	}
	return nil, nil
}

func factsOfRun(run Run) *RunFacts {
	f := &RunFacts{
		Purpose: run.Purpose, Status: run.Status, Trigger: run.Trigger, Attempt: run.Attempt, Replica: run.Owner, Approves: run.Approves, InputDigest: run.InputDigest,
		PlanDigest: run.PlanDigest, Engine: run.Engine, PolicyRevision: run.PolicyRevision, Unreviewed: run.Unreviewed,
	}
	if !run.PlannedAt.IsZero() {
		f.Changes = run.Summary.String()
	}
	if run.Verdict != nil {
		f.Verdict = run.Verdict.Word()
	}
	if n := len(f.Unreviewed); n > mostUnreviewed {
		f.Unreviewed = append(f.Unreviewed[:mostUnreviewed:mostUnreviewed], fmt.Sprintf("and %d more", n-mostUnreviewed))
	}
	return f
}

func factsOfPulls(pulls []Pull) (all []PullFacts) {
	for _, p := range pulls {
		all = append(all, PullFacts{Key: p.Key, URL: p.URL, Author: p.Author, MergedBy: p.MergedBy, ReviewedBy: p.ReviewedBy})
	}
	return all
}

func factsOfPost(p Post) Facts {
	sum := sha256.Sum256(p.Want)
	return Facts{Post: &PostFacts{Kind: p.Kind, Key: p.Key, Remote: p.Remote, Digest: hex.EncodeToString(sum[:])}}
}

// PullsOf are the pull requests that a run is about: the one that it plans or applies before the merge, or those whose review
// covered an apply. Those that were pruned are left out: a run may stay longer than its pull request.
func PullsOf(tx Tx, run Run) (all []Pull, err error) {
	if run.PullID != 0 {
		p, err := tx.Pull(run.PullID)
		if errors.Is(err, ErrNotFound) {
			return nil, nil
		}
		return []Pull{p}, err
	}
	for _, key := range run.Reviewers {
		same, err := tx.Pulls(PullFilter{Repository: run.Repository, Key: key, State: Merged})
		if err != nil {
			return nil, err
		}
		for _, p := range same { // newest first: on a plain Git server a branch can be made anew
			if !p.CreatedAt.After(run.CreatedAt) {
				all = append(all, p)
				break
			}
		}
	}
	return all, nil
}
