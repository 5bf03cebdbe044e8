package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/driftlessops/driftless/runner"
)

var (
	databaseUp       = gauge("database_up", "1 when the database answered this scrape and is not known to be damaged, else 0.")
	databaseResponse = gauge("database_response_seconds", "How long the database took to answer this scrape.")

	repositoryUp     = gauge("repository_up", "1 when the last poll of the repository and its configuration were fine, else 0.", "repository")
	repositoryPolled = gauge("repository_polled_timestamp_seconds", "When the repository was last compared with its remote as a whole, in seconds since 1970.", "repository")
	signInProblems   = gauge("repository_sign_in_problems", "What the sign-in at the forge cannot do for the repository.", "repository")

	workspaces  = gauge("workspaces", "Workspaces, by sync status.", "repository", "sync")
	health      = gauge("workspace_health", "Workspaces, by health: what the checks in their code say.", "repository", "health")
	oldestDrift = gauge("workspaces_drifted_oldest_timestamp_seconds", "Since when the oldest drift of the repository is known, in seconds since 1970; absent when nothing drifted.", "repository")

	openRuns  = gauge("runs_open", "Runs that are queued or under way, or wait for a person, besides finished plans of pull requests.", "purpose", "status")
	oldestRun = gauge("runs_open_oldest_timestamp_seconds", "When the oldest of the open runs was made, in seconds since 1970; absent when there is none.", "purpose", "status")

	postsWaiting = gauge("posts_waiting", "Comments, statuses, checks and issues that the forge does not show yet.", "repository")
	postsFailing = gauge("posts_failing", "Those of the waiting posts whose last attempt failed.", "repository")
	oldestPost   = gauge("posts_waiting_oldest_timestamp_seconds", "Since when the oldest waiting post waits, in seconds since 1970; absent when none waits.", "repository")

	replicas = gauge("replicas", "Processes that hold a lease: they are alive, and work on this database.", "kind")

	stateLocks = gauge("state_locks", "Locks that are held on states that driftless keeps.")
	oldestLock = gauge("state_locks_oldest_timestamp_seconds", "Since when the oldest of the locks is held, in seconds since 1970; absent when none is.")
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// kept reads from the store how things stand.
type kept struct{ m *Metrics }

// Describe implements prometheus.Collector.
func (c kept) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		databaseUp, databaseResponse, repositoryUp, repositoryPolled, signInProblems, workspaces, health, oldestDrift, openRuns, oldestRun,
		postsWaiting, postsFailing, oldestPost, replicas, stateLocks, oldestLock,
	} {
		ch <- d
	}
}

// scrape is one answer.
type scrape chan<- prometheus.Metric

func (s scrape) number(desc *prometheus.Desc, value float64, labels ...string) {
	s <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

// since tells a time, where there is one.
func (s scrape) since(desc *prometheus.Desc, t time.Time, labels ...string) {
	if !t.IsZero() {
		s.number(desc, seconds(t), labels...)
	}
}

// Collect implements prometheus.Collector.
func (c kept) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	var all []runner.Repository
	var stats runner.Stats
	var alive map[string]int
	began := time.Now()
	err := c.m.store.View(ctx, func(tx runner.Tx) (err error) {
		if all, err = tx.Repositories(); err != nil {
			return err
		}
		if alive, err = living(tx); err != nil {
			return err
		}
		stats, err = tx.Stats()
		return err
	})
	s := scrape(ch)
	s.number(databaseUp, truth(err == nil && !c.m.damaged()))
	if err != nil {
		ch <- prometheus.NewInvalidMetric(repositoryUp, err)
		return
	}
	s.number(databaseResponse, time.Since(began).Seconds())
	s.repositories(all, stats)
	s.runs(stats.Runs)
	for kind, number := range alive {
		s.number(replicas, float64(number), kind)
	}
	s.number(stateLocks, float64(stats.StateLocks.Number))
	s.since(oldestLock, stats.StateLocks.Since)
}

// living counts the replicas whose leases hold by the clock that they go by.
func living(tx runner.Tx) (map[string]int, error) {
	alive := map[string]int{runner.Serve: 0, runner.Worker: 0}
	now, err := tx.Clock()
	if err != nil {
		return nil, err
	}
	all, err := tx.Replicas()
	for _, r := range all {
		if r.LeaseUntil.After(now) {
			alive[r.Kind]++
		}
	}
	return alive, err
}

// repositories tells how repositories stand, and their workspaces and posts. What there is none of is told as 0.
func (s scrape) repositories(all []runner.Repository, stats runner.Stats) {
	number, oldest := map[runner.Tally]int{}, map[string]time.Time{}
	for _, t := range stats.Workspaces {
		number[runner.Tally{Repository: t.Repository, Sync: t.Sync}] = t.Number
		if was := oldest[t.Repository]; was.IsZero() || !t.Since.IsZero() && t.Since.Before(was) {
			oldest[t.Repository] = t.Since
		}
	}
	for _, t := range stats.Health {
		number[runner.Tally{Repository: t.Repository, Health: t.Health}] = t.Number
	}
	waiting, failing := byRepository(stats.Posts), byRepository(stats.PostsFailed)
	for _, r := range all {
		s.number(repositoryUp, truth(r.Error == ""), r.Name)
		s.since(repositoryPolled, r.PolledAt, r.Name)
		s.number(signInProblems, float64(len(r.Problems)), r.Name)
		for _, sync := range []runner.Sync{runner.Synced, runner.Pending, runner.Drifted, runner.SyncFailed, runner.Unknown, runner.Suspended} {
			s.number(workspaces, float64(number[runner.Tally{Repository: r.Name, Sync: sync}]), r.Name, string(sync))
		}
		for _, h := range []runner.Health{runner.Healthy, runner.Degraded, runner.HealthUnknown} {
			s.number(health, float64(number[runner.Tally{Repository: r.Name, Health: h}]), r.Name, string(h))
		}
		s.since(oldestDrift, oldest[r.Name], r.Name)
		s.number(postsWaiting, float64(waiting[r.Name].Number), r.Name)
		s.number(postsFailing, float64(failing[r.Name].Number), r.Name)
		s.since(oldestPost, waiting[r.Name].Since, r.Name)
	}
}

func byRepository(tallies []runner.Tally) map[string]runner.Tally {
	all := map[string]runner.Tally{}
	for _, t := range tallies {
		all[t.Repository] = t
	}
	return all
}

// runs tells of the runs that are not over.
func (s scrape) runs(tallies []runner.Tally) {
	open := map[runner.Tally]runner.Tally{}
	for _, t := range tallies {
		open[runner.Tally{Purpose: t.Purpose, Status: t.Status}] = t
	}
	for _, purpose := range purposes {
		for _, status := range []runner.Status{
			runner.Queued, runner.Planning, runner.Planned, runner.Applying, runner.Held, runner.Blocked, runner.Interrupted,
		} {
			t := open[runner.Tally{Purpose: purpose, Status: status}]
			s.number(openRuns, float64(t.Number), string(purpose), string(status))
			s.since(oldestRun, t.Since, string(purpose), string(status))
		}
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
