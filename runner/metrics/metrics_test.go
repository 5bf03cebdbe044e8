package metrics_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/metrics"
	"github.com/driftlessops/driftless/runner/store"
)

func openStore(t *testing.T) *store.DB {
	t.Helper()
	dir := t.TempDir()
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func put(t *testing.T, db *store.DB) {
	t.Helper()
	at := time.Unix(1_700_000_000, 500_000_000)
	err := db.Update(t.Context(), func(tx runner.Tx) error {
		return errors.Join(
			tx.PutRepository(runner.Repository{Name: "good", PolledAt: at}),
			tx.PutRepository(runner.Repository{Name: `od"d`, Error: "unreachable", Problems: []string{"a", "b"}}),
			tx.PutReplica(runner.Replica{ID: "a", Kind: runner.Serve, LeaseUntil: time.Now().Add(time.Hour)}),
			tx.PutReplica(runner.Replica{ID: "b", Kind: runner.Worker, LeaseUntil: at}),
			tx.PutWorkspace(runner.Workspace{ID: "good//a", Repository: "good", Sync: runner.Drifted, DriftSince: at, Health: runner.Degraded}),
			tx.PutWorkspace(runner.Workspace{ID: "good//b", Repository: "good", Sync: runner.Synced, Health: runner.HealthUnknown}),
			tx.PutWorkspace(runner.Workspace{ID: "good//c", Repository: "good", Sync: runner.Drifted, DriftSince: at.Add(time.Hour), Health: runner.Degraded}),
			tx.InsertRun(&runner.Run{Workspace: "good//a", Purpose: runner.PurposeApply, Status: runner.Queued, CreatedAt: at}),
			tx.InsertRun(&runner.Run{Workspace: "good//b", Purpose: runner.PurposeApply, Status: runner.Interrupted, CreatedAt: at.Add(time.Hour)}),
			tx.LockState(runner.StateLock{Workspace: "good//b", ID: "x", CreatedAt: at.Add(time.Hour)}),
			tx.PutPost(&runner.Post{Repository: "good", Kind: runner.PostStatus, Key: "1", Version: 1, UpdatedAt: at.Add(time.Hour), Error: "refused"}),
			tx.PutPost(&runner.Post{Repository: "good", Kind: runner.PostStatus, Key: "2", Version: 3, Shown: 2, UpdatedAt: at}),
			tx.PutPost(&runner.Post{Repository: "good", Kind: runner.PostStatus, Key: "3", Version: 3, Shown: 3, UpdatedAt: at.Add(-time.Hour)}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	srv := httptest.NewServer(m.Handler())
	defer srv.Close()
	res, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%s", res.Status, err, body)
	}
	return string(body)
}

func TestScrape(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	put(t, db)
	m, err := metrics.New(metrics.Options{Store: db, Retries: func() int64 { return 7 }, DataDir: t.TempDir(), Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	gate := forge.NewGate(forge.Patient(), -1)
	gate.Count = m.Account("github", gate.Budget)
	m.Account("gitea", func() forge.Budget { return forge.Budget{Paused: time.Unix(1_800_000_000, 0)} })
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "5000")
		w.Header().Set("X-RateLimit-Remaining", "4999")
		w.Header().Set("X-RateLimit-Reset", "1900000000")
		w.WriteHeader(http.StatusNotModified)
	}))
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := gate.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	api.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := gate.RoundTrip(req); err == nil {
		_ = res.Body.Close()
		t.Fatal("the closed server answered")
	}
	m.Polled("good", nil)
	m.Polled("good", errors.New("x"))
	m.Polled("good", nil)
	m.Delivered("github", "refused")
	m.GitFailed("good", "fetch")
	m.Recorded(runner.Event{Kind: runner.ReplicaLost})
	for _, status := range []runner.Status{runner.Planning, runner.Ready, runner.Applying, runner.Failed} {
		m.Moved(runner.Run{Purpose: runner.PurposeApply, Status: status})
	}
	m.Took(runner.Run{Purpose: runner.PurposeApply}, "plan", 2*time.Second)

	got := scrape(t, m)
	for _, want := range []string{
		`driftless_build_info{version="1.2.3"} 1`,
		`driftless_forge_requests_total{account="github",method="GET",status="304"} 2`,
		`driftless_forge_requests_total{account="github",method="POST",status="none"} 1`,
		`driftless_forge_rate_limit_requests{account="github"} 5000`,
		`driftless_forge_rate_limit_remaining_requests{account="github"} 4999`,
		`driftless_forge_rate_limit_reset_timestamp_seconds{account="github"} 1.9e+09`,
		`driftless_forge_paused_until_timestamp_seconds{account="github"} 0`,
		`driftless_forge_paused_until_timestamp_seconds{account="gitea"} 1.8e+09`,
		`driftless_polls_total{outcome="ok",repository="good"} 2`,
		`driftless_polls_total{outcome="failed",repository="good"} 1`,
		`driftless_webhooks_total{forge="github",outcome="refused"} 1`,
		`driftless_repository_up{repository="good"} 1`,
		`driftless_repository_up{repository="od\"d"} 0`,
		`driftless_repository_polled_timestamp_seconds{repository="good"} 1.7000000005e+09`,
		`driftless_repository_sign_in_problems{repository="od\"d"} 2`,
		`driftless_posts_waiting{repository="good"} 2`,
		`driftless_posts_waiting{repository="od\"d"} 0`,
		`driftless_posts_failing{repository="good"} 1`,
		`driftless_posts_waiting_oldest_timestamp_seconds{repository="good"} 1.7000000005e+09`,
		`driftless_git_failures_total{operation="fetch",repository="good"} 1`,
		`driftless_lease_takeovers_total{kind="replica"} 1`, `driftless_lease_takeovers_total{kind="run"} 0`,
		`driftless_replicas{kind="serve"} 1`, `driftless_replicas{kind="worker"} 0`,
		`driftless_workspaces{repository="good",sync="Drifted"} 2`,
		`driftless_workspaces{repository="good",sync="Synced"} 1`,
		`driftless_workspaces{repository="good",sync="Failed"} 0`,
		`driftless_workspace_health{health="Degraded",repository="good"} 2`,
		`driftless_workspace_health{health="Healthy",repository="good"} 0`,
		`driftless_workspace_health{health="Unknown",repository="good"} 1`,
		`driftless_workspaces_drifted_oldest_timestamp_seconds{repository="good"} 1.7000000005e+09`,
		`driftless_runs_open{purpose="apply",status="queued"} 1`,
		`driftless_runs_open{purpose="apply",status="interrupted"} 1`,
		`driftless_runs_open{purpose="plan",status="queued"} 0`,
		`driftless_runs_open_oldest_timestamp_seconds{purpose="apply",status="queued"} 1.7000000005e+09`,
		`driftless_runs_total{purpose="apply",status="failed"} 1`,
		`driftless_runs_total{purpose="apply",status="interrupted"} 0`,
		`driftless_runs_total{purpose="plan",status="ready"} 0`,
		`driftless_run_phase_duration_seconds_bucket{phase="plan",purpose="apply",le="2.5"} 1`,
		`driftless_state_locks 1`, `driftless_state_locks_oldest_timestamp_seconds 1.7000036005e+09`,
		`driftless_database_up 1`, `driftless_database_response_seconds `, `driftless_database_retries_total 7`,
		`driftless_disk_free_bytes `, `driftless_disk_size_bytes `,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, not := range []string{`rate_limit_requests{account="gitea"}`, `oldest_timestamp_seconds{repository="od`, `polled_timestamp_seconds{repository="od`, `drifted_oldest_timestamp_seconds{repository="od`,
		`runs_total{purpose="apply",status="ready"}`} {
		if strings.Contains(got, not) {
			t.Errorf("%q is there", not)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// TestScrapeWithoutStore answers what it knows when the store does not.
func TestScrapeWithoutStore(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	var log strings.Builder
	damaged := true
	m, err := metrics.New(metrics.Options{Store: db, Damaged: func() bool { return damaged }, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if got := scrape(t, m); !strings.Contains(got, "driftless_database_up 0") {
		t.Error(got)
	}
	damaged = false
	if got := scrape(t, m); !strings.Contains(got, "driftless_database_up 1") {
		t.Error(got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := scrape(t, m); !strings.Contains(got, "driftless_build_info") || strings.Contains(got, "driftless_repository_up{") || !strings.Contains(got, "driftless_database_up 0") {
		t.Error(got)
	}
	if !strings.Contains(log.String(), "database is closed") {
		t.Errorf("the log says %q", log.String())
	}
}

// TestDocumented holds docs/operations.md to all metrics, and them to their types.
func TestDocumented(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	put(t, db)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "mirrors"), 0o700); err != nil {
		t.Fatal(err)
	}
	m, err := metrics.New(metrics.Options{Store: db, Retries: func() int64 { return 0 }, DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(scrape(t, m), "driftless_data_bytes{") { // which is looked up behind the first scrape
	}
	m.GitFailed("good", "fetch")
	m.Took(runner.Run{Purpose: runner.PurposePlan}, "plan", time.Second)
	m.Used(runner.Run{Purpose: runner.PurposePlan}, 1<<20)
	m.Account("x", func() forge.Budget { return forge.Budget{Limit: 1, Reset: time.Unix(1, 0)} })("GET", 200)
	m.Polled("good", nil)
	m.Delivered("x", "accepted")
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(scrape(t, m)) {
		words := strings.Fields(line)
		if len(words) != 4 || words[1] != "TYPE" || !strings.HasPrefix(words[2], "driftless_") {
			continue
		}
		found++
		if !strings.Contains(string(page), "\n| `"+words[2]+"` |") {
			t.Errorf("%s is not documented", words[2])
		}
		if total := strings.HasSuffix(words[2], "_total"); total != (words[3] == "counter") {
			t.Errorf("%s is a %s", words[2], words[3])
		}
	}
	if documented := strings.Count(string(page), "\n| `driftless_"); found != documented {
		t.Errorf("%d metrics, and %d in the page", found, documented)
	}
}
