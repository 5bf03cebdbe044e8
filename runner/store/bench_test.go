package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

// BenchmarkEstate takes half a minute to build its database: go test -run=^$ -bench=Estate ./runner/store
func BenchmarkEstate(b *testing.B) {
	dir := b.TempDir()
	if err := open(b, dir).Close(); err != nil {
		b.Fatal(err)
	}
	raw(b, dir, append([]string{"PRAGMA synchronous = off"}, store.Estate...)...)
	db, err := store.Open(b.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys(b, dir)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	benchmarkEstate(b, db)
}

// BenchmarkEstateOnPostgres is the same on PostgreSQL, with the statistics that its autovacuum gathers by itself.
func BenchmarkEstateOnPostgres(b *testing.B) {
	url := pgtest.URL(b)
	db := openURL(b, b.TempDir(), url)
	for _, statement := range store.Estate {
		pgtest.Exec(b, url, store.ToPostgres.Replace(statement))
	}
	pgtest.Exec(b, url, "ANALYZE")
	benchmarkEstate(b, db)
}

func benchmarkEstate(b *testing.B, db *store.DB) {
	for name, query := range store.EstateQueries() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := db.View(b.Context(), func(tx runner.Tx) error {
					n, err := query(tx)
					b.ReportMetric(float64(n), "rows")
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("claim", func(b *testing.B) { benchmarkClaim(b, db) })
}

// benchmarkClaim takes a new run through two statuses, a commit each.
func benchmarkClaim(b *testing.B, db *store.DB) {
	n := 0
	for b.Loop() {
		n++
		run := runner.Run{Workspace: "new//x", Purpose: runner.PurposeApply, Status: runner.Queued}
		for _, next := range []runner.Status{runner.Planning, runner.Failed} {
			err := db.Update(b.Context(), func(tx runner.Tx) error {
				if run.ID == 0 {
					if err := tx.InsertRun(&run); err != nil {
						return err
					}
				}
				from := run.Status
				run.Status = next
				if err := tx.UpdateRun(run, from); err != nil {
					return err
				}
				return tx.Append(&runner.Event{Kind: fmt.Sprint(next), RunID: run.ID})
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkPast is what an apply asks beside 3,000 merged pull requests, 1,000 workspaces and 3,000 artifacts of its repository.
func BenchmarkPast(b *testing.B) {
	db := open(b, b.TempDir())
	err := db.Update(b.Context(), func(tx runner.Tx) (err error) {
		for i := range 3000 {
			id := workspaces.ID(fmt.Sprintf("infra//prod/%03d", i%1000))
			err = errors.Join(err, tx.PutPull(&runner.Pull{
				Repository: "infra", Key: fmt.Sprint(i), State: runner.Merged, Title: "Change", MergedCommit: fmt.Sprintf("%040d", i), Head: fmt.Sprintf("%040d", i), Affected: []workspaces.ID{id, "infra//prod/network"},
			}))
			err = errors.Join(err, tx.PutBlob(runner.BlobKey(int64(i), "plan"), []byte("plan")))
			if i < 1000 {
				err = errors.Join(err, tx.PutWorkspace(runner.Workspace{ID: id, Repository: "infra", Sync: runner.Synced, Labels: map[string]string{"env": "prod"}}))
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, ask := range map[string]func(tx runner.Tx) (int, error){
		"merges": func(tx runner.Tx) (int, error) {
			all, err := tx.Pulls(runner.PullFilter{Repository: "infra", State: runner.Merged, Merges: []string{fmt.Sprintf("%040d", 2999)}})
			return len(all), err
		},
		"rescued": func(tx runner.Tx) (int, error) { all, err := tx.Blobs("rescued/", "", 1000); return len(all), err },
		"drifted": func(tx runner.Tx) (int, error) {
			all, err := tx.Workspaces(runner.WorkspaceFilter{Repository: "infra", Drifted: true})
			return len(all), err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := db.View(b.Context(), func(tx runner.Tx) error {
					n, err := ask(tx)
					b.ReportMetric(float64(n), "rows")
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAppend is what an event costs: of its own transaction, and of one of a hundred.
func BenchmarkAppend(b *testing.B) {
	db := open(b, b.TempDir())
	event := runner.Event{
		Kind: "planned", Actor: "driftless", Repository: "infra", Workspace: "infra//prod/network", RunID: 7, PullID: 7, Commit: "0123456789abcdef0123456789abcdef01234567",
		Message: "1 to create; policy: pass",
		Data:    []byte(`{"run":{"purpose":"plan","status":"planned","trigger":"pull request 7: file main.tf changed","attempt":1,"changes":"1 to create"},"pull_requests":[{"key":"7","author":"ada"}]}`),
	}
	for name, n := range map[string]int{"one": 1, "hundred": 100} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := db.Update(b.Context(), func(tx runner.Tx) error {
					for range n {
						e := event
						if err := tx.Append(&e); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
