package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

func posts(t *testing.T, s runner.Store) {
	full := filled[runner.Post]()
	full.ID = 0
	update(t, s, func(tx runner.Tx) error { return tx.PutPost(&full) })
	same(t, "post", read(t, s, func(tx runner.Tx) (runner.Post, error) { return tx.Post(full.Repository, full.Kind, full.Key) }), full)

	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error {
		return tx.PutPost(&runner.Post{Repository: full.Repository, Kind: full.Kind, Key: full.Key})
	})
	other := runner.Post{Repository: full.Repository, Kind: full.Kind, Key: full.Key + "x", Want: json.RawMessage("{}"), Version: 1}
	update(t, s, func(tx runner.Tx) error { return tx.PutPost(&other) })
	taken := other
	taken.Key = full.Key
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.PutPost(&taken) })

	other.Shown, other.Remote, other.Error = 1, []string{"7"}, ""
	update(t, s, func(tx runner.Tx) error { return tx.PutPost(&other) })
	same(t, "after an update", read(t, s, func(tx runner.Tx) (runner.Post, error) { return tx.Post(other.Repository, other.Kind, other.Key) }), other)

	update(t, s, func(tx runner.Tx) error { return tx.DeletePost(other.ID) })
	for what, f := range map[string]func(tx runner.Tx) error{
		"read":   func(tx runner.Tx) error { _, err := tx.Post(other.Repository, other.Kind, other.Key); return err },
		"update": func(tx runner.Tx) error { return tx.PutPost(&other) },
		"delete": func(tx runner.Tx) error { return tx.DeletePost(other.ID) },
	} {
		if err := s.Update(t.Context(), f); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("%s one that is gone: %v", what, err)
		}
	}
}

func postFilters(t *testing.T, s runner.Store) {
	all := []runner.Post{
		{Repository: "r", Kind: runner.PostStatus, Key: "c1 driftless/plan", Version: 2, Shown: 1},
		{Repository: "r", Kind: runner.PostStatus, Key: "c1 driftless/apply", Version: 1, Shown: 1},
		{Repository: "r", Kind: runner.PostStatus, Key: "c2 driftless/plan", Version: 1, NextAt: time.UnixMicro(1000).UTC()},
		{Repository: "r", Kind: runner.PostIssue, Key: ""},
		{Repository: "q", Kind: runner.PostReport, Key: "c1", Version: 1},
		{Repository: "r", Kind: runner.PostIssue, Key: "r//caf\xe9"},
		{Repository: "r", Kind: runner.PostIssue, Key: "r//caf\xe9\xff"},
		{Repository: "r", Kind: runner.PostIssue, Key: "r//cafe"},
	}
	update(t, s, func(tx runner.Tx) error {
		for i := range all {
			all[i].ID = 0
			if err := tx.PutPost(&all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	for _, test := range []struct {
		name   string
		filter runner.PostFilter
		want   []int // of all
	}{
		{"all", runner.PostFilter{}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"limit", runner.PostFilter{Limit: 2}, []int{0, 1}},
		{"waiting", runner.PostFilter{Waiting: true}, []int{0, 2, 4}},
		{"waiting in a repository", runner.PostFilter{Repository: "r", Waiting: true, Limit: 1}, []int{0}},
		{"due", runner.PostFilter{Repository: "r", Kind: runner.PostStatus, Waiting: true, DueBy: time.UnixMicro(999), Limit: 1}, []int{0}},
		{"put off by a clock that went back", runner.PostFilter{Waiting: true, DueBy: time.UnixMicro(999).Add(-runner.MostPutOff)}, []int{2}},
		{"due by then", runner.PostFilter{Waiting: true, DueBy: time.UnixMicro(1000)}, []int{0, 2, 4}},
		{"kind", runner.PostFilter{Kind: runner.PostReport}, []int{4}},
		{"prefix", runner.PostFilter{KeyPrefix: "c1"}, []int{0, 1, 4}},
		{"prefix of a kind", runner.PostFilter{Repository: "r", Kind: runner.PostStatus, KeyPrefix: "c1 "}, []int{0, 1}},
		{"prefix of bytes", runner.PostFilter{KeyPrefix: "r//caf\xe9"}, []int{5, 6}},
		{"no pattern", runner.PostFilter{KeyPrefix: "c%"}, []int{}},
	} {
		want, got := []int64{}, []int64{}
		for _, i := range test.want {
			want = append(want, all[i].ID)
		}
		for _, p := range read(t, s, func(tx runner.Tx) ([]runner.Post, error) { return tx.Posts(test.filter) }) {
			got = append(got, p.ID)
		}
		same(t, test.name, got, want)
	}
}

func commands(t *testing.T, s runner.Store) {
	full := filled[runner.Command]()
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(tx.PutCommand(full), tx.PutCommand(runner.Command{Repository: "other", CommentID: full.CommentID}))
	})
	same(t, "command", read(t, s, func(tx runner.Tx) (runner.Command, error) { return tx.Command(full.Repository, full.CommentID) }), full)
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error {
		return tx.PutCommand(runner.Command{Repository: full.Repository, CommentID: full.CommentID, Outcome: "twice"})
	})
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.Command(full.Repository, full.CommentID+1); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a missing command: %v", err)
		}
		return nil
	})
}
