package runner

import (
	"context"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// mergeWish is a merge that the forge is to make; without a head it was withdrawn.
type mergeWish struct {
	Head   string
	Method forge.MergeMethod
}

// mergePull has the forge merge a pull request. It is asked first what is in the way: where the sign-in administers the repository,
// or may bypass its rules, a forge would merge in spite of them.
func (w *watcher) mergePull(ctx context.Context, key string, wish mergeWish) error {
	if wish.Head == "" {
		return nil
	}
	state, err := w.host.State(ctx, key)
	if err != nil {
		return err
	}
	if state.Open && state.Head == wish.Head { // or else the forge says what it is
		if err := notMergeable(state); err != nil {
			return err
		}
	}
	return w.host.Merge(ctx, key, wish.Head, wish.Method)
}

func notMergeable(state forge.PullState) error {
	switch {
	case state.Draft:
		return &forge.Denied{Reason: "it is a draft"}
	case len(state.Rejected) > 0:
		return &forge.Denied{Reason: "a review asks for changes (" + strings.Join(state.Rejected, ", ") + ")"}
	case state.Mergeable == forge.NotYet:
		return &forge.Later{Reason: "the forge does not know yet whether it can be merged"}
	case state.Mergeable == forge.No:
		return &forge.Denied{Reason: "it cannot be merged" + reasonOf(state.Reason)}
	}
	return nil
}
