package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// Chain checks records in the order in which they were written, one at a time.
type Chain struct {
	Head   string         // a hash that must be among them, or right before them; "" = none
	HeadID int64          // of the record that had it; 0 = not known
	Log    *runner.Anchor // they are all that the log has, from this anchor on; nil = they are a part of it

	Count       int
	First, Last Record
	Problems    []string // for people, each with the record that it is about
	found       bool
	named       bool // a record says that the anchor was put there
}

// Add checks the next record.
func (c *Chain) Add(r Record) {
	sound := r.Hash == r.Sum() && once(r.Data) == nil
	if c.Count == 0 {
		c.First = r
		c.found = c.Head == "" || r.Previous == c.Head
		if r.ID == 1 && r.Previous != "" {
			c.problem("record 1 is not the first of all: it names one before it")
		}
	}
	before := c.before()
	switch {
	case before >= 0 && r.ID == before+2:
		c.problem("record %d is missing", before+1)
	case before >= 0 && r.ID > before+1:
		c.problem("records %d to %d are missing", before+1, r.ID-1)
	case c.Count > 0 && r.ID <= c.Last.ID:
		c.problem("record %d stands after record %d: it was moved or added", r.ID, c.Last.ID)
	case !sound:
		c.problem("record %d was changed: its hash does not fit what it says", r.ID)
	case c.Count > 0 && r.Previous != c.Last.Hash:
		c.problem("record %d was changed, or record %d before it: it does not name that one's hash", r.ID, c.Last.ID)
	}
	c.found = c.found || r.Hash == c.Head && sound
	c.named = c.named || sound && c.names(r)
	c.Count++
	c.Last = r
}

// before is the id that comes before the next record, or -1 when any may.
func (c *Chain) before() int64 {
	switch {
	case c.Count > 0:
		return c.Last.ID
	case c.Log != nil:
		return c.Log.ID
	}
	return -1
}

// names reports whether a record says that what comes before the anchor was removed.
func (c *Chain) names(r Record) bool {
	var facts runner.Facts
	return c.Log != nil && r.Kind == runner.EventsPruned && json.Unmarshal(r.Data, &facts) == nil && facts.Pruned != nil &&
		facts.Pruned.ID == c.Log.ID && facts.Pruned.Hash == c.Log.Hash
}

// Done checks what can only be told at the end, and returns the problems.
func (c *Chain) Done() []string {
	if c.Log != nil && c.Log.ID > 0 && !c.named {
		c.problem("the records up to %d are gone, and no record says that driftless removed them", c.Log.ID)
		c.named = true
	}
	if !c.found && c.Head != "" {
		c.lost()
		c.found = true
	}
	return c.Problems
}

// lost says why the head may not be there.
func (c *Chain) lost() {
	const export = "only the export that it belongs to proves what came before it: `driftless audit verify FILE --head HASH`"
	switch pruned := c.Log != nil && c.Log.ID > 0; {
	case pruned && c.HeadID > 0 && c.HeadID <= c.Log.ID:
		c.problem("record %d, whose hash that is to be, was removed with the old ones by %s: %s", c.HeadID, c.Log.At.Format(time.DateOnly), export)
	case pruned && c.HeadID == 0:
		c.problem("no record has the hash %s: if its record was one of those up to %d, it was removed with the old ones by %s, and %s. Else the record that had it was changed or removed", c.Head, c.Log.ID, c.Log.At.Format(time.DateOnly), export)
	default:
		c.problem("no record has the hash %s: the record that had it was changed or removed, or is not among these", c.Head)
	}
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
