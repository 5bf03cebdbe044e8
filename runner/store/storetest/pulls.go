package storetest

import (
	"errors"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

func repositories(t *testing.T, s runner.Store) {
	full := filled[runner.Repository]()
	full.Name = "b"
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(tx.PutRepository(full), tx.PutRepository(runner.Repository{Name: "a", Head: "old"}), tx.PutRepository(runner.Repository{Name: "a"}))
	})
	same(t, "repositories", read(t, s, func(tx runner.Tx) ([]runner.Repository, error) { return tx.Repositories() }),
		[]runner.Repository{{Name: "a"}, full})
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.Repository("c"); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a missing repository: %v", err)
		}
		return nil
	})
}

func pulls(t *testing.T, s runner.Store) {
	full := filled[runner.Pull]()
	full.ID, full.Repository, full.Key, full.State = 0, "r", "1", runner.Merged
	first, other := runner.Pull{Repository: "r", Key: "1", State: runner.Open}, runner.Pull{Repository: "r2", Key: "1", State: runner.Open}
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(tx.PutPull(&full), tx.PutPull(&first), tx.PutPull(&other))
	})
	if full.ID == 0 || first.ID <= full.ID {
		t.Fatalf("ids %d, %d", full.ID, first.ID)
	}
	same(t, "pull", read(t, s, func(tx runner.Tx) (runner.Pull, error) { return tx.Pull(full.ID) }), full)

	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error {
		return tx.PutPull(&runner.Pull{Repository: "r", Key: "1", State: runner.Open})
	})
	reopened := full
	reopened.State = runner.Open
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.PutPull(&reopened) })
	refused(t, s, runner.ErrNotFound, func(tx runner.Tx) error { return tx.PutPull(&runner.Pull{ID: 999, State: runner.Closed}) })

	first.State = runner.Closed
	second := runner.Pull{Repository: "r", Key: "1", State: runner.Open}
	update(t, s, func(tx runner.Tx) error { return errors.Join(tx.PutPull(&first), tx.PutPull(&second)) })

	brief := runner.Pull{ID: full.ID, Repository: full.Repository, Key: full.Key, State: full.State, MergedCommit: full.MergedCommit, CreatedAt: full.CreatedAt}
	same(t, "brief", read(t, s, func(tx runner.Tx) ([]runner.Pull, error) {
		return tx.Pulls(runner.PullFilter{Head: full.Head, Affects: full.Affected[0], Brief: true, Limit: 5})
	}), []runner.Pull{brief})

	for _, test := range []struct {
		name   string
		filter runner.PullFilter
		want   []int64
	}{
		{"all", runner.PullFilter{}, []int64{second.ID, other.ID, first.ID, full.ID}},
		{"limit", runner.PullFilter{Limit: 2}, []int64{second.ID, other.ID}},
		{"repository", runner.PullFilter{Repository: "r"}, []int64{second.ID, first.ID, full.ID}},
		{"key", runner.PullFilter{Repository: "r2", Key: "1"}, []int64{other.ID}},
		{"state", runner.PullFilter{State: runner.Open}, []int64{second.ID, other.ID}},
		{"head", runner.PullFilter{Repository: "r", Head: full.Head}, []int64{full.ID}},
		{"affects", runner.PullFilter{Affects: full.Affected[0]}, []int64{full.ID}},
		{"merges", runner.PullFilter{Merges: []string{full.MergedCommit}}, []int64{full.ID}},
		{"merges of some", runner.PullFilter{Merges: []string{full.MergedCommit, "none"}, Repository: full.Repository}, []int64{full.ID}},
		{"merges of no commit", runner.PullFilter{Merges: []string{}}, []int64{}},
		{"merges that are not known", runner.PullFilter{Repository: full.Repository, State: full.State, Merges: []string{""}}, []int64{}},
		{"merges of none", runner.PullFilter{Merges: []string{"none", "neither"}}, []int64{}},
		{"affects none", runner.PullFilter{Affects: full.Affected[0][1:]}, []int64{}},
		{"none", runner.PullFilter{Key: "2"}, []int64{}},
	} {
		ids := []int64{}
		for _, p := range read(t, s, func(tx runner.Tx) ([]runner.Pull, error) { return tx.Pulls(test.filter) }) {
			ids = append(ids, p.ID)
		}
		same(t, test.name, ids, test.want)
	}
}

func reports(t *testing.T, s runner.Store) {
	pull := runner.Pull{Repository: "r", Key: "1"}
	update(t, s, func(tx runner.Tx) error { return tx.PutPull(&pull) })
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.Report(pull.ID); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a missing report: %v", err)
		}
		return nil
	})
	full := filled[runner.Report]()
	full.PullID = pull.ID
	full.Runs = map[workspaces.ID]int64{"r//a": 1, "r//b@x": 1 << 60}
	for _, want := range []runner.Report{{PullID: pull.ID, Head: "a"}, full} {
		update(t, s, func(tx runner.Tx) error { return tx.PutReport(want) })
		same(t, "report", read(t, s, func(tx runner.Tx) (runner.Report, error) { return tx.Report(pull.ID) }), want)
	}
}

func news(t *testing.T, s runner.Store) {
	first, other := runner.News{PullID: 7, Repository: "r", EventID: 1}, runner.News{PullID: 8, Repository: "r2", EventID: 2}
	newer := runner.News{PullID: 7, Repository: "r", EventID: 3}
	update(t, s, func(tx runner.Tx) error { return errors.Join(tx.PutNews(first), tx.PutNews(other), tx.PutNews(newer)) })
	all := func(f runner.NewsFilter) []runner.News {
		return read(t, s, func(tx runner.Tx) ([]runner.News, error) { return tx.News(f) })
	}
	same(t, "all", all(runner.NewsFilter{}), []runner.News{other, newer})
	same(t, "of a repository", all(runner.NewsFilter{Repository: "r2"}), []runner.News{other})
	same(t, "of a pull request", all(runner.NewsFilter{PullID: 7}), []runner.News{newer})
	update(t, s, func(tx runner.Tx) error { return errors.Join(tx.DeleteNews(first), tx.DeleteNews(other)) })
	same(t, "what is newer stays", all(runner.NewsFilter{}), []runner.News{newer})
}
