// Package metrics is what driftless tells Prometheus about itself: counters of what this process did, and gauges that are
// read from the store and from the sign-ins at each scrape, so that they cannot be out of date.
package metrics

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/forge"
)

const namespace = "driftless"

// Options of a Metrics.
type Options struct {
	Store   runner.Store
	Retries func() int64 // transactions of the store that were tried again; nil: not known
	Damaged func() bool  // the store met damage; nil: not known
	DataDir string       // whose size is told; "" = none
	Version string       // of driftless; may be ""
	Logger  *slog.Logger
}

// Metrics are all metrics of one driftless. Its methods may be called concurrently.
type Metrics struct {
	store    runner.Store
	damaged  func() bool
	logger   *slog.Logger
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	polls    *prometheus.CounterVec
	git      *prometheus.CounterVec
	taken    *prometheus.CounterVec
	runs     *prometheus.CounterVec
	phases   *prometheus.HistogramVec
	memory   *prometheus.HistogramVec
	webhooks *prometheus.CounterVec

	mu       sync.Mutex
	accounts map[string]func() forge.Budget
}

// New returns the metrics of a store.
func New(opts Options) (*Metrics, error) {
	if opts.Store == nil {
		return nil, errors.New("metrics: Store is required")
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Damaged == nil {
		opts.Damaged = func() bool { return false }
	}
	m := &Metrics{store: opts.Store, damaged: opts.Damaged, logger: opts.Logger, registry: prometheus.NewRegistry(), accounts: map[string]func() forge.Budget{}}
	m.requests = counter("forge_requests_total", "Requests to forges, by the status of the answer (none: there was no answer).", "account", "method", "status")
	m.polls = counter("polls_total", "Polls of repositories, by outcome (ok or failed).", "repository", "outcome")
	m.git = counter("git_failures_total", "Git operations on remotes that failed (ls-remote or fetch).", "repository", "operation")
	m.webhooks = counter("webhooks_total", "Webhooks that were delivered, by outcome (accepted, refused, too_large, busy or broken).", "forge", "outcome")
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "1, with the version of driftless.", ConstLabels: prometheus.Labels{"version": opts.Version},
	})
	build.Set(1)
	m.taken = counter("lease_takeovers_total", "Leases of replicas that ended without being given up, and runs that were taken over for that.", "kind")
	for _, kind := range takeovers {
		m.taken.WithLabelValues(kind)
	}
	m.countRuns()
	m.registry.MustRegister(m.requests, m.polls, m.git, m.webhooks, m.taken, m.runs, m.phases, m.memory, build, kept{m}, budgets{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if opts.Retries != nil {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: namespace, Name: "database_retries_total", Help: "Transactions that were tried again because others were in their way.",
		}, func() float64 { return float64(opts.Retries()) }))
	}
	if opts.DataDir != "" {
		m.registry.MustRegister(&disk{dir: opts.DataDir})
	}
	return m, nil
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// Account shows the rate limits of a sign-in, and returns what counts its requests: the Count of its gate.
func (m *Metrics) Account(name string, budget func() forge.Budget) (count func(method string, status int)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts[name] = budget
	return func(method string, status int) {
		code := "none"
		if status != 0 {
			code = strconv.Itoa(status)
		}
		m.requests.WithLabelValues(name, method, code).Inc()
	}
}

// Polled counts a poll of a repository.
func (m *Metrics) Polled(repository string, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.polls.WithLabelValues(repository, outcome).Inc()
}

// GitFailed counts a git operation that failed.
func (m *Metrics) GitFailed(repository, operation string) {
	m.git.WithLabelValues(repository, operation).Inc()
}

// takeovers are what events say that this process saw another go away.
var takeovers = map[string]string{runner.ReplicaLost: "replica", runner.RunTakenOver: "run"}

// Recorded counts takeovers.
func (m *Metrics) Recorded(e runner.Event) {
	if kind, is := takeovers[e.Kind]; is {
		m.taken.WithLabelValues(kind).Inc()
	}
}

// Delivered counts a webhook.
func (m *Metrics) Delivered(forge, outcome string) { m.webhooks.WithLabelValues(forge, outcome).Inc() }

// Limits of one scrape.
const (
	scrapeTime    = 10 * time.Second
	scrapesAtOnce = 4
)

// Handler answers scrapes. What cannot be read is left out and logged; the rest is answered.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.logger.Handler(), slog.LevelError), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeTime + time.Second,
	})
}
