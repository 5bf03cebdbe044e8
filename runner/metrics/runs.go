package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/driftlessops/driftless/runner"
)

var (
	purposes = []runner.Purpose{runner.PurposePlan, runner.PurposeApply, runner.PurposeDrift, runner.PurposeDestroy, runner.PurposePush, runner.PurposeUnlock}
	// results are the statuses that a run comes to, besides those on its way.
	results = []runner.Status{
		runner.Unchanged, runner.Blocked, runner.Held, runner.Ready, runner.Applied, runner.Failed, runner.Canceled, runner.Superseded,
		runner.Interrupted,
	}
	// phaseBuckets are seconds: from a plan of nothing to an apply that takes all evening.
	phaseBuckets = []float64{0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600}
)

// countRuns makes the metrics of runs. All counters are there from the start: of one that appears with its first failure,
// nobody could tell that it grew.
func (m *Metrics) countRuns() {
	m.runs = counter("runs_total", "Runs that came to a status, besides those on the way to one.", "purpose", "status")
	m.phases = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: "run_phase_duration_seconds", Buckets: phaseBuckets,
		Help: "How long the phases of runs took: queued, prepare, init, plan, show, policy, apply, report.",
	}, []string{"purpose", "phase"})
	m.memory = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: "run_memory_bytes", Buckets: prometheus.ExponentialBuckets(16<<20, 2, 10),
		Help: "The most memory that the engine of a run took at a time, with its providers. Runs of less than a second or two are not counted.",
	}, []string{"purpose"})
	for _, purpose := range purposes {
		for _, status := range results {
			if comesTo(purpose, status) {
				m.runs.WithLabelValues(string(purpose), string(status))
			}
		}
	}
}

// comesTo reports whether a run may end with a status. Only that of a pull request ends as one that may be applied.
func comesTo(purpose runner.Purpose, status runner.Status) bool {
	return slices.Contains(results, status) && (status != runner.Ready || purpose == runner.PurposePlan)
}

// Moved counts a run that came to a status.
func (m *Metrics) Moved(run runner.Run) {
	if comesTo(run.Purpose, run.Status) {
		m.runs.WithLabelValues(string(run.Purpose), string(run.Status)).Inc()
	}
}

// Used counts the most memory that a run took at a time.
func (m *Metrics) Used(run runner.Run, bytes int64) {
	m.memory.WithLabelValues(string(run.Purpose)).Observe(float64(bytes))
}

// Took counts the time that a phase of a run took.
func (m *Metrics) Took(run runner.Run, phase string, took time.Duration) {
	m.phases.WithLabelValues(string(run.Purpose), phase).Observe(took.Seconds())
}
