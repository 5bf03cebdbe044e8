package runner

import (
	"context"
	"fmt"
)

// subject is what a line of the log is about, under the keys that all lines use; what it is not about is left out. pull is the
// key of a pull request.
func subject(repository, workspace string, run int64, commit, pull string) (args []any) {
	add := func(key, value string) {
		if value != "" {
			args = append(args, key, value)
		}
	}
	add("repository", repository)
	add("workspace", workspace)
	if run != 0 {
		args = append(args, "run", run)
	}
	add("commit", commit)
	add("pull", pull)
	return args
}

// pullKey is the forge's key of a pull request; "" for none.
func (r *Runner) pullKey(ctx context.Context, id int64) string {
	if id == 0 {
		return ""
	}
	key := ""
	err := r.opts.Store.View(ctx, func(tx Tx) error {
		pull, err := tx.Pull(id)
		key = pull.Key
		return err
	})
	if err != nil {
		return fmt.Sprintf("(%d here)", id) // the line is worth more than its key
	}
	return key
}
