package github

import (
	"slices"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// perPage is the most that GitHub gives at once.
const perPage = 100

// pages reads all pages of a list.
func pages[T any](read func(page api.ListOptions) ([]T, *api.Response, error)) ([]T, error) {
	var all []T
	for page := 1; ; {
		some, resp, err := read(api.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if resp.NextPage <= page {
			return all, nil
		}
		page = resp.NextPage
	}
}

// readings is how often a list is read that is not the same twice.
const readings = 4

// steady reads a list of more than one page until it is what it was the time before, but for what came at its end: what is
// deleted meanwhile moves the rest up, and one of them over the edge of a page. It could be a comment of our own, which we
// would write again.
func steady[T any](id func(T) int64, read func(page api.ListOptions) ([]T, *api.Response, error)) ([]T, error) {
	var last []int64
	for range readings {
		asked := 0
		all, err := pages(func(page api.ListOptions) ([]T, *api.Response, error) {
			asked++
			return read(page)
		})
		if err != nil || asked < 2 {
			return all, err
		}
		ids := make([]int64, 0, len(all))
		for _, one := range all {
			ids = append(ids, id(one))
		}
		if last != nil && len(ids) >= len(last) && slices.Equal(ids[:len(last)], last) {
			return all, nil
		}
		last = ids
	}
	return nil, &forge.Later{Reason: "the list changes faster than it can be read"}
}
