package github

import (
	api "github.com/google/go-github/v60/github"
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
