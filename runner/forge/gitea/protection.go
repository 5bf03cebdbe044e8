package gitea

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// protection is a rule that protects branches, as far as it is about pull requests. The SDK does not know all of it.
type protection struct {
	Approvals      int      `json:"required_approvals"`
	IgnoreStale    bool     `json:"ignore_stale_approvals"`
	Statuses       bool     `json:"enable_status_check"`
	Contexts       []string `json:"status_check_contexts"`
	BlockRejected  bool     `json:"block_on_rejected_reviews"`
	BlockRequested bool     `json:"block_on_official_review_requests"`
	BlockOutdated  bool     `json:"block_on_outdated_branch"`
}

// allowed applies what the protection of the base branch asks for. Our own statuses are left out: they wait for the apply.
func (h *Host) allowed(ctx context.Context, p *sdk.PullRequest, o opinions, statuses []*sdk.Status) (forge.Answer, string, error) {
	b, err := ask(ctx, h.account, h.what("ask for the branch "+p.Base.Ref+" of", ""), func(c *sdk.Client) (*sdk.Branch, *sdk.Response, error) {
		return c.GetRepoBranch(h.owner, h.name, p.Base.Ref)
	})
	switch {
	case err != nil:
		return forge.NotYet, "", err
	case !b.Protected:
		return forge.Yes, "", nil
	case b.EffectiveBranchProtectionName == "": // told to administrators only
		return forge.No, p.Base.Ref + " is protected, and by what is not for driftless's account to see: make it an administrator of the repository", nil
	}
	rule, err := h.protection(ctx, b.EffectiveBranchProtectionName)
	if err != nil {
		return forge.NotYet, "", err
	}
	if reason := rule.lacks(o, statuses); reason != "" {
		return forge.No, p.Base.Ref + " " + reason, nil
	}
	if !rule.BlockOutdated {
		return forge.Yes, "", nil
	}
	return h.upToDate(ctx, p)
}

// protection asks for a rule by its name.
func (h *Host) protection(ctx context.Context, name string) (protection, error) {
	return ask(ctx, h.account, h.what("ask for the protection "+name+" of", ""), func(*sdk.Client) (rule protection, resp *sdk.Response, err error) {
		resp, err = h.account.send(ctx, http.MethodGet, h.path("/branch_protections/%s", url.PathEscape(name)), nil, &rule)
		return rule, resp, err
	})
}

// lacks says what a pull request lacks that the rule asks for; "" = nothing.
func (r protection) lacks(o opinions, statuses []*sdk.Status) string {
	given := len(o.approved)
	if !r.IgnoreStale {
		given += len(o.outdated)
	}
	switch {
	case given < r.Approvals:
		return fmt.Sprintf("requires %d approvals and it has %d", r.Approvals, given)
	case r.BlockRejected && len(o.rejected) > 0:
		return "lets nothing in while changes are requested, by " + strings.Join(o.rejected, ", ")
	case r.BlockRequested && len(o.requested) > 0:
		return "lets nothing in while a review is asked for, of " + strings.Join(o.requested, ", ")
	case !r.Statuses:
		return ""
	}
	for _, context := range r.Contexts {
		if !strings.HasPrefix(context, ownContexts) && !green(statuses, context) {
			return "requires the status " + context
		}
	}
	return ""
}

// upToDate wants all of the base branch in a pull request.
func (h *Host) upToDate(ctx context.Context, p *sdk.PullRequest) (forge.Answer, string, error) {
	has, err := h.mirror.IsAncestor(ctx, p.Base.Sha, p.Head.Sha)
	switch {
	case errors.Is(err, gitrepo.ErrMissing): // not fetched yet
		return forge.NotYet, "", nil
	case err != nil:
		return forge.NotYet, "", fmt.Errorf("%s: %w", h.what("look for the base of", fmt.Sprintf("#%d", p.Index)), err)
	case !has:
		return forge.No, "it is behind " + p.Base.Ref + ", whose protection asks for it to be up to date: update its branch", nil
	}
	return forge.Yes, "", nil
}
