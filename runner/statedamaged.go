package runner

import (
	"context"
	"fmt"
	"strings"
)

// unreadableState says what to do first where an engine says that it cannot read the state that a foreign backend keeps: no lock is in
// the way, and no command of driftless reaches past that. It is "" for any other failure.
func (j *job) unreadableState(ctx context.Context, text string) string {
	said := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("│|* \t\r\n", r) }), " ")
	if j.traits.managed() || !strings.Contains(said, "Unsupported state file format") {
		return ""
	}
	how := "such as an older version or a backup of it"
	_ = j.r.opts.Store.View(ctx, func(tx Tx) error {
		waits, err := (&Commander{DataDir: j.r.opts.DataDir}).waiting(tx, j.run.Workspace)
		if err == nil && len(waits) > 0 && waits[0].File == "" {
			how = fmt.Sprintf("such as the one that run %d left behind (`driftless state pull --run %[1]d` prints it); when that is there, `driftless state settle %[1]d` says so", waits[0].RunID)
		}
		return err
	})
	return damagedThere(j.traits.Backend, how)
}

// damagedThere is what to do about a state that its backend gives and no engine can read.
func damagedThere(backend, how string) string {
	return fmt.Sprintf("the state that its backend %q keeps is damaged: put a whole one in its place, by the means of the backend, %s. Then ask for this again\n\n", backend, how)
}
