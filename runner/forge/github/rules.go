package github

import (
	"context"
	"fmt"
	"slices"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// mergeable says whether GitHub would merge a pull request, but for what waits for driftless itself: where a branch requires the
// status of the apply, GitHub calls every pull request blocked until it was applied.
func (h *Host) mergeable(ctx context.Context, pr *api.PullRequest, last opinions, now signals) (forge.Answer, string, error) {
	switch {
	case pr.GetState() != "open":
		return forge.No, "it is not open", nil
	case pr.Mergeable == nil:
		return forge.NotYet, "", nil
	case !pr.GetMergeable():
		return forge.No, "it has conflicts with " + pr.GetBase().GetRef(), nil
	}
	switch pr.GetMergeableState() {
	case "dirty":
		return forge.No, "it has conflicts with " + pr.GetBase().GetRef(), nil
	case "draft":
		return forge.No, "it is a draft", nil
	case "behind":
		return forge.No, "it is behind " + pr.GetBase().GetRef() + ", whose rules ask for it to be up to date: update its branch", nil
	case "unknown":
		return forge.NotYet, "", nil
	case "blocked":
		rules, err := h.rules(ctx, pr.GetBase().GetRef())
		if err == nil && rules.approvals > 0 {
			var given []string
			given, err = h.writers(ctx, slices.Concat(last.approved, last.outdated))
			rules.given = len(given)
		}
		if err != nil {
			return forge.NotYet, "", err
		}
		if reason := rules.block(last, now); reason != "" {
			return forge.No, reason, nil
		}
	}
	return forge.Yes, "", nil
}

// writers are those of the logins that may write: whose approvals GitHub counts. Anybody who may read can write a review.
func (h *Host) writers(ctx context.Context, logins []string) (writers []string, err error) {
	for _, login := range logins {
		may, err := h.Permission(ctx, login)
		if err != nil {
			return nil, err
		}
		if may >= forge.Write {
			writers = append(writers, login)
		}
	}
	return writers, nil
}

// binding are those of the logins whose request for changes counts: people who may write, and Apps, which only those let in who
// administer the repository.
func (h *Host) binding(ctx context.Context, logins []string) (binding []string, err error) {
	for _, login := range logins {
		if one := []string{login}; strings.HasSuffix(login, "[bot]") {
			binding = append(binding, login)
		} else if one, err = h.writers(ctx, one); err != nil {
			return nil, err
		} else {
			binding = append(binding, one...)
		}
	}
	return binding, nil
}

// rules are what a branch asks of a pull request, as far as they can be seen.
type rules struct {
	contexts  []string // statuses and checks that must succeed
	approvals int      // reviews that are asked for
	given     int      // and that there are
	others    []string // what only GitHub can judge
	hidden    bool     // the branch is protected and how is not for us to see
}

// block is what is in the way besides statuses of driftless's own; "" = nothing.
func (r rules) block(last opinions, now signals) string {
	waits := false
	var missing []string
	for _, context := range r.contexts {
		switch {
		case now[context] == "success":
		case own(context):
			waits = true
		default:
			missing = append(missing, context)
		}
	}
	switch {
	case len(missing) > 0:
		return "required checks have not succeeded: " + strings.Join(missing, ", ")
	case r.approvals > 0 && len(last.rejected) > 0:
		return "changes were requested by " + strings.Join(last.rejected, ", ")
	case r.approvals > r.given:
		return fmt.Sprintf("it has %d of the %d approving reviews that are required", r.given, r.approvals)
	case !waits:
		return "a rule of the branch is in the way: GitHub does not say which"
	case len(r.others) > 0:
		return "the branch also asks for " + strings.Join(r.others, ", ") + ", and GitHub does not say whether it has that while a status of driftless is required as well"
	case r.hidden:
		return "the branch is protected, and whether it lacks more than the status of driftless cannot be seen: give driftless the permission administration: read, or protect the branch by a ruleset"
	}
	return ""
}
