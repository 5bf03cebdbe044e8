package command

import "strings"

// help is what each command does.
var help = []struct{ usage, does string }{
	{"driftless plan", "plans the workspaces that the pull request touches again; in an issue about drift, checks again"},
	{"driftless plan COMMIT", "plans a pull request from a fork, at exactly the commit that you have read (all 40 digits)"},
	{"driftless apply", "applies before the merge where the workspace allows that; after the merge, tries again what failed or waits"},
	{"driftless approve [RUN…]", "approves what is held, exactly as it is shown, and applies it; in an issue about drift, repairs the drift"},
	{"driftless resume [RUN…]", "settles an apply that was interrupted: plans again and applies what is missing"},
	{"driftless discard [RUN…]", "settles an apply that was interrupted without applying what it left undone: what a new plan would change is held"},
	{"driftless cancel [RUN…]", "ends what is queued or being planned; an apply that began is finished"},
	{"driftless unlock", "frees the state where a run left its lock behind; where none did, gives up the workspaces that the pull request reserved"},
	{"driftless help", "shows this"},
}

// Table writes what can be asked for, as Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| comment | what it does |\n|---|---|\n")
	for _, h := range help {
		b.WriteString("| `" + h.usage + "` | " + h.does + " |\n")
	}
	b.WriteString("\n`-w WORKSPACE` and `-d DIR` choose workspaces by name or by directory, and may be repeated: " +
		"`driftless plan -w prod/app -d modules/net`. `RUN` is a run's number, as reports show it: `driftless approve 12`. " +
		"A command stands on a line of its own; of several the first one counts. `/driftless` and `@driftless` do as well, in upper or lower case.\n")
	return b.String()
}
