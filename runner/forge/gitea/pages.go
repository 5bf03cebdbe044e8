package gitea

import (
	"context"
	"fmt"
	"maps"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

const (
	// pageSize is the most that a server gives unless it is configured otherwise. One that gives fewer gives more pages.
	pageSize = 50
	// readings is how often a list is read that changes while it is read.
	readings = 3
)

var errMoved = &forge.Later{Reason: "the list changed while it was read"}

// reading is how reading a list ended.
type reading int

const (
	whole reading = iota
	moved         // the number of all changed meanwhile
	fewer         // there are not as many as the number says
)

// all reads every page of a list. What goes while it is read moves the rest up, past the page that is read next; the number
// of all tells, and then it is read again. What comes meanwhile is seen twice or next time. Gitea also counts what it does not
// show, such as reviews that others have not sent yet: what is short and the same twice is all there is.
func all[T any](ctx context.Context, a *Account, what string, id func(T) int64, call func(*sdk.Client, sdk.ListOptions) ([]T, *sdk.Response, error)) ([]T, error) {
	var last map[int64]bool
	for range readings {
		list, seen, end, err := readAll(ctx, a, what, id, call)
		switch {
		case err != nil:
			return nil, err
		case end == whole, end == fewer && last != nil && maps.Equal(seen, last):
			return list, nil
		}
		if last = nil; end == fewer {
			last = seen
		}
	}
	return nil, fmt.Errorf("%s: %w", what, errMoved)
}

func readAll[T any](ctx context.Context, a *Account, what string, id func(T) int64, call func(*sdk.Client, sdk.ListOptions) ([]T, *sdk.Response, error)) (list []T, seen map[int64]bool, end reading, err error) {
	seen = map[int64]bool{}
	for page, first := 1, 0; ; page++ {
		got, total, err := askPage(ctx, a, what, func(c *sdk.Client) ([]T, *sdk.Response, error) {
			return call(c, sdk.ListOptions{Page: page, PageSize: pageSize})
		})
		if err != nil {
			return nil, nil, moved, err
		}
		if page == 1 {
			first = total
		}
		before := len(seen)
		for _, v := range got {
			if !seen[id(v)] {
				seen[id(v)] = true
				list = append(list, v)
			}
		}
		switch {
		case total != first:
			return nil, nil, moved, nil
		case total >= 0 && len(seen) >= total:
			return list, seen, whole, nil
		case len(seen) > before:
		case total < 0: // the end, or a list without pages that is always given whole
			return list, seen, whole, nil
		default:
			return list, seen, fewer, nil
		}
	}
}
