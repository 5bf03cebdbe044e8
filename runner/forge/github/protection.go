package github

import (
	"context"
	"errors"
	"slices"
	"strconv"

	api "github.com/google/go-github/v60/github"
)

// rule is a rule of a ruleset. go-github's own fails on types that are newer than it.
type rule struct {
	Type       string `json:"type"`
	Parameters struct {
		Checks []struct {
			Context string `json:"context"`
		} `json:"required_status_checks"`
		Approvals  int  `json:"required_approving_review_count"`
		CodeOwners bool `json:"require_code_owner_review"`
		LastPush   bool `json:"require_last_push_approval"`
		Threads    bool `json:"required_review_thread_resolution"`
	} `json:"parameters"`
}

// rules asks for the rulesets of a branch and for its older protection, of which all but administrators see the statuses only.
func (h *Host) rules(ctx context.Context, branch string) (rules, error) {
	var r rules
	all, err := pages(func(page api.ListOptions) (some []rule, resp *api.Response, err error) {
		resp, err = h.ifChanged(ctx, "rules/branches/"+segment(branch)+"?per_page="+strconv.Itoa(page.PerPage)+"&page="+strconv.Itoa(page.Page), "", &some)
		return some, resp, err
	})
	if err != nil && !isGone(err) { // a server that is too old for them
		return r, err
	}
	for _, one := range all {
		r.add(one)
	}
	var old struct {
		Protection struct {
			Enabled  bool `json:"enabled"`
			Required struct {
				Contexts []string `json:"contexts"`
			} `json:"required_status_checks"`
		} `json:"protection"`
	}
	if _, err := h.ifChanged(ctx, "branches/"+segment(branch), "", &old); err != nil || !old.Protection.Enabled {
		return r, err
	}
	r.contexts = append(r.contexts, old.Protection.Required.Contexts...)
	return h.protection(ctx, branch, r)
}

// harmless are rules that no pull request breaks by itself.
var harmless = []string{"creation", "deletion", "non_fast_forward", "required_linear_history", "merge_queue", "required_status_checks", "pull_request"}

func (r *rules) add(one rule) {
	p := one.Parameters
	for _, check := range p.Checks {
		r.contexts = append(r.contexts, check.Context)
	}
	r.approvals = max(r.approvals, p.Approvals)
	r.ask(p.CodeOwners, "a review of code owners")
	r.ask(p.LastPush, "a review of the last push")
	r.ask(p.Threads, "resolved conversations")
	r.ask(!slices.Contains(harmless, one.Type), "the rule "+one.Type)
}

func (r *rules) ask(asked bool, what string) {
	if asked && !slices.Contains(r.others, what) {
		r.others = append(r.others, what)
	}
}

// protection adds what only administrators see of a protected branch. One that is protected by a ruleset alone has none.
func (h *Host) protection(ctx context.Context, branch string, r rules) (rules, error) {
	full, _, err := h.api.Repositories.GetBranchProtection(ctx, segment(h.owner), segment(h.name), branch)
	switch {
	case errors.Is(err, api.ErrBranchNotProtected):
		return r, nil
	case isGone(err), isDenied(err):
		r.hidden = true
		return r, nil
	case err != nil:
		return r, err
	}
	if reviews := full.RequiredPullRequestReviews; reviews != nil {
		r.approvals = max(r.approvals, reviews.RequiredApprovingReviewCount)
		r.ask(reviews.RequireCodeOwnerReviews, "a review of code owners")
		r.ask(reviews.RequireLastPushApproval, "a review of the last push")
	}
	r.ask(full.RequiredConversationResolution != nil && full.RequiredConversationResolution.Enabled, "resolved conversations")
	r.ask(full.GetLockBranch().GetEnabled(), "a branch that is not locked")
	return r, nil
}
