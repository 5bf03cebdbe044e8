package runner

import (
	"context"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/report"
)

// progress spaces the reports of pull requests with many workspaces while work is under way: to render all of them whenever
// one is done would cost the square of their number, and edit the comment more often than a forge lets anybody do. What is
// left out meanwhile is news on record, and the last run to end is reported at once.
type progress struct {
	mu    sync.Mutex
	paces map[int64]*pace // by pull request
}

// pace is how often one pull request is reported.
type pace struct {
	underway int       // workspaces that the last report shows so, less the runs that ended since
	shown    time.Time // what happened before is in the last report
	newest   time.Time // news that came since
	every    time.Duration
	due      time.Time // when the next report may be made
}

// The time between reports grows with what they cost, and for many workspaces with how long it takes already: who looks at a comment for
// ten minutes needs no edit every few seconds.
const (
	pacePerRow = 100 * time.Millisecond
	mostPace   = time.Minute
)

// news says that there is news of a pull request, such as that so many of the runs that it shows ended, and reports whether
// that is to be shown at once.
func (p *progress) news(pullID int64, ended int, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.paces[pullID]
	if one == nil {
		return true
	}
	one.underway -= ended
	one.newest = now
	return one.underway <= 0 || !now.Before(one.due)
}

// reported says that a pull request is reported as it was at a moment.
func (p *progress) reported(pullID int64, rows []report.Row, shown time.Time) {
	underway := 0
	for _, row := range rows {
		if s := Status(row.Status); s == Queued || s.Active() {
			underway++
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if underway == 0 || len(rows) == 1 {
		delete(p.paces, pullID)
		return
	}
	if p.paces == nil {
		p.paces = map[int64]*pace{}
	}
	next := &pace{underway: underway, shown: shown, every: time.Duration(len(rows)) * pacePerRow}
	if last := p.paces[pullID]; last != nil {
		next.newest = last.newest // after that moment, perhaps
		if len(rows) > fewWorkspaces {
			next.every = max(next.every, 2*last.every)
		}
	}
	next.every = min(next.every, mostPace)
	next.due = shown.Add(next.every)
	p.paces[pullID] = next
}

// forget drops what is known of a pull request.
func (p *progress) forget(pullID int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.paces, pullID)
}

// late are the pull requests whose reports are behind and due by then.
func (p *progress) late(by time.Time) (ids []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, one := range p.paces {
		if !one.newest.Before(one.shown) && !by.Before(one.due) {
			ids = append(ids, id)
		}
	}
	return ids
}

// reportLate reports what is behind until ctx is done.
func (r *Runner) reportLate(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := r.reportAll(ctx, r.progress.late(now)); err != nil && ctx.Err() == nil {
				r.log.Error("report", "error", err)
			}
		}
	}
}
