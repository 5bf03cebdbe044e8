package github

import (
	"context"
	"net/http"
	"net/url"

	api "github.com/google/go-github/v60/github"
)

// ifChanged reads something of the repository unless its ETag is still the given one: the answer is 304 then, which costs
// nothing of the rate limit, and into is left as it is. (A new token gives everything a new ETag.)
func (h *Host) ifChanged(ctx context.Context, path, etag string, into any) (*api.Response, error) {
	req, err := h.api.NewRequest(http.MethodGet, "repos/"+segment(h.owner)+"/"+segment(h.name)+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := h.api.Do(ctx, req, into)
	if resp != nil && resp.StatusCode == http.StatusNotModified {
		return resp, nil
	}
	return resp, err
}

// segment makes a name one segment of a path: go-github puts it there as it is.
func segment(name string) string { return url.PathEscape(name) }
