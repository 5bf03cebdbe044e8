package github

import (
	"context"
	"net/http"
	"strings"
	"sync"

	api "github.com/google/go-github/v60/github"
)

// labelColour is that of the labels that driftless makes.
const labelColour = "5319e7"

// labels are the names of the repository's labels that are known to be there, in lower case: GitHub takes no notice of it.
type labels struct {
	mu    sync.Mutex
	known map[string]bool
}

// haveLabels makes the labels that are missing.
func (h *Host) haveLabels(ctx context.Context, names []string) error {
	l := &h.labels
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if l.known[strings.ToLower(name)] {
			continue
		}
		if l.known == nil {
			if err := h.listLabels(ctx); err != nil {
				return err
			}
		}
		if l.known[strings.ToLower(name)] {
			continue
		}
		_, _, err := h.api.Issues.CreateLabel(ctx, segment(h.owner), segment(h.name), &api.Label{Name: &name, Color: api.String(labelColour)})
		if err != nil && statusOf(err) != http.StatusUnprocessableEntity { // somebody else made it meanwhile
			return err
		}
		l.known[strings.ToLower(name)] = true
	}
	return nil
}

func (h *Host) listLabels(ctx context.Context) error {
	all, err := pages(func(page api.ListOptions) ([]*api.Label, *api.Response, error) {
		return h.api.Issues.ListLabels(ctx, segment(h.owner), segment(h.name), &page)
	})
	if err != nil {
		return err
	}
	h.labels.known = map[string]bool{}
	for _, one := range all {
		h.labels.known[strings.ToLower(one.GetName())] = true
	}
	return nil
}
