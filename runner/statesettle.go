package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SettleRescued says that nobody needs what a run left behind: it waits for a person no more, and goes with its run. Until then it can
// be read and pushed all the same.
func (c *Commander) SettleRescued(ctx context.Context, runID int64, reason, actor string) error {
	reason, err := reasonFor(reason)
	if err != nil {
		return err
	}
	var left *Rescued
	err = c.update(ctx, func(j *journal) (err error) {
		left, err = c.LeftBy(j.tx, runID)
		switch {
		case err != nil:
			return err
		case left == nil:
			return leftNothing(runID)
		case !left.Waiting:
			return userError(fmt.Sprintf("what run %d left behind waits for nobody: %s", runID, left.Continues))
		}
		if left.File == "" {
			err = takenOver(j.tx, runID, fmt.Sprintf("settled by %s: %s", actor, reason))
		}
		said := fmt.Sprintf("nobody needs what run %d left behind: %s", runID, reason)
		return errors.Join(err, planHeldAnew(j, left.Workspace), stateEvent(j, "rescued state settled", left.Workspace, actor, runID, said))
	})
	if err == nil && left.File != "" {
		err = c.setAside(left.File)
	}
	return err
}

// settledFile ends the name of what is kept in a file, or a directory, and nobody needs.
const settledFile = ".settled"

// setAside gives what was rescued into a file, or lies in a directory with what its apply left, another name. Only a person removes it.
func (c *Commander) setAside(file string) error {
	dir := rescuedDir(c.DataDir)
	name, err := filepath.Rel(dir, file)
	if err != nil {
		return err
	}
	name, _, _ = strings.Cut(name, string(filepath.Separator))
	return os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+settledFile))
}
