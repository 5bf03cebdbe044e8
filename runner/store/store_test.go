package store_test

import (
	"path/filepath"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/runner/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) runner.Store { return open(t, t.TempDir()) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) runner.Store { return openURL(t, t.TempDir(), pgtest.URL(t)) })
}

func openURL(t testing.TB, dir, url string) *store.DB {
	t.Helper()
	return openWith(t, store.Options{URL: url, Keys: keys(t, dir)})
}

func keys(t testing.TB, dir string) *store.Keys {
	t.Helper()
	k, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func open(t testing.TB, dir string) *store.DB {
	t.Helper()
	return openWith(t, store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys(t, dir)})
}

func openWith(t testing.TB, opts store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func openKeyed(t testing.TB, dir string, k *store.Keys) *store.DB {
	t.Helper()
	return openWith(t, store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: k})
}
