package command

// Verb is what driftless is asked to do.
type Verb string

// The verbs.
const (
	Plan    Verb = "plan"
	Apply   Verb = "apply"
	Approve Verb = "approve"
	Resume  Verb = "resume"
	Discard Verb = "discard"
	Cancel  Verb = "cancel"
	Unlock  Verb = "unlock"
	Help    Verb = "help"
)

var verbs = []Verb{Plan, Apply, Approve, Resume, Discard, Cancel, Unlock, Help}

// Settles reports whether a verb is a person's word about a run that waits for one.
func (v Verb) Settles() bool { return v == Approve || v == Resume || v == Discard }

// Command is what a comment asks for.
type Command struct {
	Verb       Verb     // "" when the verb is not known, which is a Problem
	Runs       []int64  // numbers of runs, each ≥ 1; none = whatever the verb applies to
	Commit     string   // of plan: 7 to 40 hex digits in lower case, the beginning of a commit; "" = the head
	Workspaces []string // as written after -w: an identity, or what follows its repository; none = all
	Dirs       []string // as written after -d, cleaned: relative to the repository's root, which is "."; none = all
	Ignored    []string // words that nothing was made of; one that names a workspace was hardly meant as small talk
	Line       string   // the line that asks, without the space around it
	More       []string // further lines that ask for something: only one command of a comment counts
}

// Problem says why a line that addresses driftless is not a command, and what to write instead.
type Problem struct {
	Text string // for people; code stands between backticks, and no word of the line can leave its own
}
