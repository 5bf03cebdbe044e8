package gitea

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	sdk "code.gitea.io/sdk/gitea"
	"github.com/gobwas/glob"

	"github.com/driftlessops/driftless/runner/forge"
)

const (
	ownContexts    = "driftless/"
	maxDescription = 140 // GitHub's; longer ones are cut off in Gitea's pages, too
)

// SetStatus implements forge.Host. Gitea keeps every status and shows the newest of a context.
func (h *Host) SetStatus(ctx context.Context, commit string, s forge.Status) error {
	if r := []rune(s.Description); len(r) > maxDescription {
		s.Description = string(r[:maxDescription-1]) + "…"
	}
	_, err := ask(ctx, h.account, h.what("set the status "+s.Context+" in", "@"+commit), func(c *sdk.Client) (*sdk.Status, *sdk.Response, error) {
		return c.CreateStatus(h.owner, h.name, commit, sdk.CreateStatusOption{
			State: sdk.StatusState(s.State), TargetURL: s.URL, Description: s.Description, Context: s.Context,
		})
	})
	return err
}

// statuses returns the newest status of each context of a commit.
func (h *Host) statuses(ctx context.Context, commit string) ([]*sdk.Status, error) {
	return all(ctx, h.account, h.what("list the statuses in", "@"+commit), func(s *sdk.Status) int64 { return s.ID },
		func(_ *sdk.Client, o sdk.ListOptions) ([]*sdk.Status, *sdk.Response, error) {
			var got sdk.CombinedStatus
			resp, err := h.account.send(ctx, http.MethodGet, h.path("/commits/%s/status?page=%d&limit=%d", url.PathEscape(commit), o.Page, o.PageSize), nil, &got)
			return got.Statuses, resp, err
		})
}

// failing returns the contexts of others whose status is bad, sorted.
func failing(statuses []*sdk.Status) (contexts []string) {
	for _, s := range statuses {
		if !strings.HasPrefix(s.Context, ownContexts) && (s.State == sdk.StatusFailure || s.State == sdk.StatusError) {
			contexts = append(contexts, s.Context)
		}
	}
	slices.Sort(contexts)
	return contexts
}

// green reports whether a context that a branch requires, which may be a pattern, is there and nothing of it is other than
// successful.
func green(statuses []*sdk.Status, pattern string) bool {
	match, err := glob.Compile(pattern)
	if err != nil {
		match = glob.MustCompile(glob.QuoteMeta(pattern))
	}
	found := false
	for _, s := range statuses {
		if s.Context != pattern && !match.Match(s.Context) {
			continue
		}
		if found = true; s.State != sdk.StatusSuccess {
			return false
		}
	}
	return found
}
