package forges

import (
	"slices"
	"time"
)

// Event is something that happened, of which a webhook may tell. A face makes deliveries of events: in another order, or
// twice, as the test likes.
type Event struct {
	Kind    string // push, pull_request, pull_request_review, issues, issue_comment, check_run
	Action  string // opened, synchronize, …; "" of a push
	Repo    string // path
	Number  int    // of the pull request or issue
	Comment int64
	Check   int64
	Branch  string
	Before  string // commit of the branch before a push; "" = it is new
	Commit  string // head of the pull request or branch; "" = the branch is gone
	By      string // login; "" = a push by somebody unknown
	At      time.Time
}

func (w *World) happened(e Event) {
	e.At = w.now()
	w.events = append(w.events, e)
}

// Events returns what happened, oldest first.
func (w *World) Events() []Event {
	defer w.lock()()
	return slices.Clone(w.events)
}
