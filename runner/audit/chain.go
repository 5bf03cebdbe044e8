package audit

import "fmt"

// Chain checks records in the order in which they were written, one at a time.
type Chain struct {
	Head string // a hash that must be among them, or right before them; "" = none

	Count       int
	First, Last Record
	Problems    []string // for people, each with the record that it is about
	found       bool
}

// Add checks the next record.
func (c *Chain) Add(r Record) {
	sound := r.Hash == r.Sum()
	if c.Count == 0 {
		c.First = r
		c.found = c.Head == "" || r.Previous == c.Head
		if r.ID == 1 && r.Previous != "" {
			c.problem("record 1 is not the first of all: it names one before it")
		}
	}
	switch {
	case c.Count > 0 && r.ID == c.Last.ID+2:
		c.problem("record %d is missing", c.Last.ID+1)
	case c.Count > 0 && r.ID > c.Last.ID+1:
		c.problem("records %d to %d are missing", c.Last.ID+1, r.ID-1)
	case c.Count > 0 && r.ID <= c.Last.ID:
		c.problem("record %d stands after record %d: it was moved or added", r.ID, c.Last.ID)
	case !sound:
		c.problem("record %d was changed: its hash does not fit what it says", r.ID)
	case c.Count > 0 && r.Previous != c.Last.Hash:
		c.problem("record %d was changed, or record %d before it: it does not name that one's hash", r.ID, c.Last.ID)
	}
	c.found = c.found || r.Hash == c.Head && sound
	c.Count++
	c.Last = r
}

// Done checks what can only be told at the end, and returns the problems.
func (c *Chain) Done() []string {
	if !c.found && c.Head != "" {
		c.problem("no record has the hash %s: the record that had it was changed or removed, or is not among these", c.Head)
		c.found = true
	}
	return c.Problems
}

// most is how many problems are named: after a few, the rest says nothing new.
const most = 20

func (c *Chain) problem(format string, args ...any) {
	switch text := fmt.Sprintf(format, args...); {
	case len(c.Problems) < most:
		c.Problems = append(c.Problems, text)
	case len(c.Problems) == most:
		c.Problems = append(c.Problems, "… and more")
	}
}
