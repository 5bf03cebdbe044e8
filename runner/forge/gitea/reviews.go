package gitea

import (
	"cmp"
	"context"
	"slices"
	"strings"

	sdk "code.gitea.io/sdk/gitea"
)

// opinions are what the last decisive reviews say: logins, sorted. requested are people and teams of whom a review is asked for
// that would count.
type opinions struct {
	approved, outdated, rejected, requested []string
}

// reviews asks for all reviews of a pull request.
func (h *Host) reviews(ctx context.Context, key string) ([]*sdk.PullReview, error) {
	return all(ctx, h.account, h.what("list the reviews of", "#"+key), func(r *sdk.PullReview) int64 { return r.ID },
		func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.PullReview, *sdk.Response, error) {
			return c.ListPullReviews(h.owner, h.name, int64(number(key)), sdk.ListPullReviewsOptions{ListOptions: o})
		})
}

// judge counts reviews as Gitea does: the last that approves or asks for changes, unless it was dismissed or is not official
// (the reviewer may not write here, or is not among those whom the branch wants). A review that is asked for anew takes an
// approval back. Nobody approves what they made.
func judge(reviews []*sdk.PullReview, author, head string) opinions {
	reviews = slices.SortedFunc(slices.Values(reviews), func(a, b *sdk.PullReview) int { return cmp.Compare(a.ID, b.ID) })
	var o opinions
	last := map[string]*sdk.PullReview{}
	for _, r := range reviews {
		who := login(r.Reviewer)
		if r.State == sdk.ReviewStateRequestReview && r.Official && !r.Dismissed {
			o.requested = append(o.requested, whom(r))
		}
		switch {
		case who == "" || strings.EqualFold(who, author):
		case r.State == sdk.ReviewStateApproved, r.State == sdk.ReviewStateRequestChanges:
			last[who] = r
		case r.State == sdk.ReviewStateRequestReview && last[who] != nil && last[who].State == sdk.ReviewStateApproved:
			delete(last, who)
		}
	}
	for who, r := range last {
		switch {
		case r.Dismissed || !r.Official:
		case r.State == sdk.ReviewStateRequestChanges:
			o.rejected = append(o.rejected, who)
		case r.Stale || r.CommitID != head:
			o.outdated = append(o.outdated, who)
		default:
			o.approved = append(o.approved, who)
		}
	}
	slices.Sort(o.approved)
	slices.Sort(o.outdated)
	slices.Sort(o.rejected)
	slices.Sort(o.requested)
	return o
}

// whom names of whom a review is asked for.
func whom(r *sdk.PullReview) string {
	if r.ReviewerTeam != nil {
		return "team " + r.ReviewerTeam.Name
	}
	return cmp.Or(login(r.Reviewer), "somebody")
}
