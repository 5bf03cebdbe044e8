package gitea

import (
	"context"
	"fmt"

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

// all reads every page of a list. What goes while it is read moves the rest up, past the page that is read next; the number
// of all tells, and then it is read again. What comes meanwhile is seen twice or next time.
func all[T any](ctx context.Context, a *Account, what string, id func(T) int64, call func(*sdk.Client, sdk.ListOptions) ([]T, *sdk.Response, error)) ([]T, error) {
	for range readings {
		list, ok, err := readAll(ctx, a, what, id, call)
		if err != nil || ok {
			return list, err
		}
	}
	return nil, fmt.Errorf("%s: %w", what, errMoved)
}

func readAll[T any](ctx context.Context, a *Account, what string, id func(T) int64, call func(*sdk.Client, sdk.ListOptions) ([]T, *sdk.Response, error)) (list []T, ok bool, err error) {
	seen, first := map[int64]bool{}, 0
	for page := 1; ; page++ {
		got, total, err := askPage(ctx, a, what, func(c *sdk.Client) ([]T, *sdk.Response, error) {
			return call(c, sdk.ListOptions{Page: page, PageSize: pageSize})
		})
		if err != nil {
			return nil, false, err
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
			return nil, false, nil
		case total >= 0 && len(seen) >= total:
			return list, true, nil
		case len(seen) == before: // the end, or a list without pages that is always given whole
			return list, total < 0, nil
		}
	}
}
