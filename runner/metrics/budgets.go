package metrics

import (
	"maps"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/driftlessops/driftless/runner/forge"
)

var (
	rateLimit     = gauge("forge_rate_limit_requests", "Requests that the forge allows in a window; absent when it says none.", "account")
	rateRemaining = gauge("forge_rate_limit_remaining_requests", "Requests that are left in the window, as of the last answer.", "account")
	rateReset     = gauge("forge_rate_limit_reset_timestamp_seconds", "When the next window begins, in seconds since 1970.", "account")
	pausedUntil   = gauge("forge_paused_until_timestamp_seconds", "The forge is asked nothing before, in seconds since 1970; 0 when it was never asked to wait.", "account")
)

// budgets reads the rate limits of sign-ins, as of the last answers.
type budgets struct{ m *Metrics }

// Describe implements prometheus.Collector.
func (c budgets) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{rateLimit, rateRemaining, rateReset, pausedUntil} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c budgets) Collect(ch chan<- prometheus.Metric) {
	c.m.mu.Lock()
	accounts := maps.Clone(c.m.accounts)
	c.m.mu.Unlock()
	for name, budget := range accounts {
		collectBudget(ch, name, budget())
	}
}

func collectBudget(ch chan<- prometheus.Metric, account string, b forge.Budget) {
	send := func(desc *prometheus.Desc, value float64) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, account)
	}
	if b.Limit > 0 {
		send(rateLimit, float64(b.Limit))
		send(rateRemaining, float64(b.Remaining))
		send(rateReset, seconds(b.Reset))
	}
	paused := 0.0
	if !b.Paused.IsZero() {
		paused = seconds(b.Paused)
	}
	send(pausedUntil, paused)
}
