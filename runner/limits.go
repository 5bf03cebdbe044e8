package runner

import (
	"errors"
	"fmt"
	"maps"
)

// overLimit says which limit a run waits for; "" = none. It does not say for which run: that changes, and everybody knows it.
func (c *candidates) overLimit(run Run) (why string, err error) {
	limits := c.r.opts.Config.Limits
	if len(limits) == 0 || run.Purpose.order() {
		return "", nil // an order of a person is one request
	}
	labels, err := c.labels(run)
	if err != nil {
		return "", err
	}
	var room []int
	for i, limit := range limits {
		if !limit.Covers(labels) {
			continue
		}
		if err := c.count(); err != nil {
			return "", err
		}
		if c.used[i] < limit.Runs {
			room = append(room, i)
		} else if why == "" {
			why = fmt.Sprintf("waits for a run to end: limit %q allows no more at a time", limit.Name) // no figures: while they change, replicas have others
		}
	}
	if why != "" && !c.reserved { // of several limits all must have room at once: the first that waits does so until that is so
		c.reserved = true
		for _, i := range room {
			c.used[i]++
		}
	}
	return why, nil
}

// count counts what is under way of each limit, whoever works on it.
func (c *candidates) count() error {
	if c.used != nil {
		return nil
	}
	now, err := c.underWay()
	if err != nil {
		return err
	}
	if err := c.remember(now.runs); err != nil {
		return err
	}
	c.used = make([]int, len(c.r.opts.Config.Limits))
	for _, run := range now.runs {
		labels, err := c.labels(run)
		if err != nil {
			return err
		}
		for i, limit := range c.r.opts.Config.Limits {
			if limit.Covers(labels) {
				c.used[i]++
			}
		}
	}
	return nil
}

// labels are the labels of a run's workspace as the tracked branch has them: a pull request does not get out of a limit by what it
// edits. Only of what is not there yet it says them itself.
func (c *candidates) labels(run Run) (map[string]string, error) {
	rec, err := c.tx.Workspace(run.Workspace)
	if errors.Is(err, ErrNotFound) {
		return run.Labels, nil
	} else if err != nil || rec.TargetDigest != "" {
		return rec.Labels, err
	}
	all := maps.Clone(run.Labels)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, rec.Labels)
	return all, nil
}
