package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/driftlessops/driftless/runner"
)

var (
	repositoryUp     = gauge("repository_up", "1 when the last poll of the repository and its configuration were fine, else 0.", "repository")
	repositoryPolled = gauge("repository_polled_timestamp_seconds", "When the repository was last compared with its remote as a whole, in seconds since 1970.", "repository")
	signInProblems   = gauge("repository_sign_in_problems", "What the sign-in at the forge cannot do for the repository.", "repository")
	postsWaiting     = gauge("posts_waiting", "Comments, statuses, checks and issues that the forge does not show yet.", "repository")
	postsFailing     = gauge("posts_failing", "Those of the waiting posts whose last attempt failed.", "repository")
	oldestPost       = gauge("posts_waiting_oldest_timestamp_seconds", "Since when the oldest waiting post waits, in seconds since 1970; absent when none waits.", "repository")
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// repositories reads how repositories stand from the store.
type repositories struct{ m *Metrics }

// Describe implements prometheus.Collector.
func (c repositories) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{repositoryUp, repositoryPolled, signInProblems, postsWaiting, postsFailing, oldestPost} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c repositories) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	var all []runner.Repository
	var waiting []runner.Post
	err := c.m.store.View(ctx, func(tx runner.Tx) (err error) {
		if all, err = tx.Repositories(); err != nil {
			return err
		}
		waiting, err = tx.Posts(runner.PostFilter{Waiting: true})
		return err
	})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(repositoryUp, err)
		return
	}
	posts := map[string][]runner.Post{}
	for _, p := range waiting {
		posts[p.Repository] = append(posts[p.Repository], p)
	}
	for _, r := range all {
		collectRepository(ch, r, posts[r.Name])
	}
}

func collectRepository(ch chan<- prometheus.Metric, r runner.Repository, waiting []runner.Post) {
	send := func(desc *prometheus.Desc, value float64) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, r.Name)
	}
	up := 1.0
	if r.Error != "" {
		up = 0
	}
	send(repositoryUp, up)
	if !r.PolledAt.IsZero() {
		send(repositoryPolled, seconds(r.PolledAt))
	}
	send(signInProblems, float64(len(r.Problems)))
	failing, oldest := 0, time.Time{}
	for _, p := range waiting {
		if p.Error != "" {
			failing++
		}
		if oldest.IsZero() || p.UpdatedAt.Before(oldest) {
			oldest = p.UpdatedAt
		}
	}
	send(postsWaiting, float64(len(waiting)))
	send(postsFailing, float64(failing))
	if !oldest.IsZero() {
		send(oldestPost, seconds(oldest))
	}
}

// seconds since 1970, as Prometheus wants times.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
