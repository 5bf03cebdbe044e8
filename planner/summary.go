package planner

import (
	"fmt"
	"strings"
)

// Summary counts what a plan does. An imported or moved resource that also changes counts under both, and so does one
// whose replacement forgets the old object instead of destroying it. Changes of nothing but volatile paths count.
type Summary struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	Import  int `json:"import"`
	Move    int `json:"move"`
	Forget  int `json:"forget"`
	Outputs int `json:"outputs"`          // changed outputs
	Invoke  int `json:"invoke,omitempty"` // provider actions that run
}

// Empty reports whether nothing would change.
func (s Summary) Empty() bool { return s == Summary{} }

// String is one line such as "1 to create, 2 to update, 1 to replace".
func (s Summary) String() string {
	var parts []string
	for _, c := range []struct {
		count int
		verb  string
	}{
		{s.Create, "create"}, {s.Update, "update"}, {s.Replace, "replace"}, {s.Delete, "delete"},
		{s.Import, "import"}, {s.Move, "move"}, {s.Forget, "forget"},
	} {
		if c.count > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", c.count, c.verb))
		}
	}
	if s.Outputs > 0 {
		parts = append(parts, fmt.Sprintf("%d %s to change", s.Outputs, plural(s.Outputs, "output")))
	}
	if s.Invoke > 0 {
		parts = append(parts, fmt.Sprintf("%d %s to invoke", s.Invoke, plural(s.Invoke, "action")))
	}
	if len(parts) == 0 {
		return "no changes"
	}
	return strings.Join(parts, ", ")
}

// plural is the noun as it follows a count.
func plural(count int, noun string) string {
	if count == 1 {
		return noun
	}
	return noun + "s"
}

// add counts one change.
func (s *Summary) add(c Change, forgets bool) {
	switch c.Kind {
	case KindOutput:
		s.Outputs++
		return
	case KindAction:
		s.Invoke++
		return
	}
	switch c.Action {
	case Create:
		s.Create++
	case Update:
		s.Update++
	case Replace:
		s.Replace++
	case Delete:
		s.Delete++
	}
	if forgets {
		s.Forget++
	}
	if c.Importing != "" {
		s.Import++
	}
	if c.PreviousAddress != "" {
		s.Move++
	}
}
