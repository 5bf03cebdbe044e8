package audit

import (
	"time"

	"github.com/driftlessops/driftless/runner"
)

// Page reads the next records after an id and up to another, oldest first; until 0 is no end, limit 0 is all.
func Page(tx runner.Tx, after, until int64, limit int) ([]Record, error) {
	previous, err := hashOf(tx, after)
	if err != nil {
		return nil, err
	}
	filter := runner.EventFilter{After: after, Oldest: true, Limit: limit}
	if until > 0 {
		filter.Before = until + 1
	}
	events, err := tx.Events(filter)
	records := make([]Record, len(events))
	for i, e := range events {
		records[i] = Of(e, previous)
		previous = e.Hash
	}
	return records, err
}

// hashOf is the hash of the last event up to an id; of the anchor when there is none.
func hashOf(tx runner.Tx, id int64) (string, error) {
	if id > 0 {
		events, err := tx.Events(runner.EventFilter{Before: id + 1, Limit: 1})
		if err != nil || len(events) > 0 {
			return firstHash(events), err
		}
	}
	anchor, err := tx.EventAnchor()
	return anchor.Hash, err
}

func firstHash(events []runner.Event) string {
	if len(events) == 0 {
		return ""
	}
	return events[0].Hash
}

// Stretch finds the ids between which all that happened from one time until another is: after the first, up to the last. A zero
// time is no limit. The records of a stretch are without gaps, so one whose clock was wrong may be among them.
func Stretch(tx runner.Tx, from, to time.Time) (after, until int64, err error) {
	first, err := tx.Events(runner.EventFilter{Since: from, Oldest: true, Limit: 1})
	if err != nil || len(first) == 0 {
		return 0, 0, err
	}
	last, err := tx.Events(runner.EventFilter{Until: to, Limit: 1})
	if err != nil || len(last) == 0 || last[0].ID < first[0].ID {
		return 0, 0, err
	}
	return first[0].ID - 1, last[0].ID, nil
}
