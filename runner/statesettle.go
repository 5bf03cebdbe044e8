package runner

import (
	"context"
	"fmt"
)

// SettleRescued says that nobody needs what a run left behind: it waits for a person no more, and goes with its run. Until then it can
// be read and pushed all the same.
func (c *Commander) SettleRescued(ctx context.Context, runID int64, reason, actor string) error {
	reason, err := reasonFor(reason)
	if err != nil {
		return err
	}
	return c.update(ctx, func(j *journal) error {
		left, err := RescuedOf(j.tx, runID)
		switch {
		case err != nil:
			return err
		case left == nil:
			return leftNothing(runID)
		case !left.Waiting:
			return userError(fmt.Sprintf("what run %d left behind waits for nobody: %s", runID, left.Continues))
		}
		if err := takenOver(j.tx, runID, fmt.Sprintf("settled by %s: %s", actor, reason)); err != nil {
			return err
		}
		return stateEvent(j, "rescued state settled", left.Workspace, actor, runID, fmt.Sprintf("nobody needs what run %d left behind: %s", runID, reason))
	})
}
