package github

import (
	"context"
	"maps"
	"slices"
	"strings"

	api "github.com/google/go-github/v60/github"
)

// reviews are all reviews of a pull request, oldest first.
func (h *Host) reviews(ctx context.Context, n int) ([]*api.PullRequestReview, error) {
	return pages(func(page api.ListOptions) ([]*api.PullRequestReview, *api.Response, error) {
		return h.api.PullRequests.ListReviews(ctx, segment(h.owner), segment(h.name), n, &page)
	})
}

// opinions are the logins of reviewers by their last word, sorted.
type opinions struct {
	approved []string // of this head
	outdated []string // of an earlier one
	rejected []string
}

// judge finds the last word of each reviewer. The author's own does not count; nor does that of a deleted account, which nobody
// could ask what it may do. A comment leaves an earlier word as it is, a dismissal takes it back.
func judge(reviews []*api.PullRequestReview, pr *api.PullRequest) opinions {
	last := map[string]*api.PullRequestReview{}
	slices.SortStableFunc(reviews, func(a, b *api.PullRequestReview) int { return a.GetSubmittedAt().Compare(b.GetSubmittedAt().Time) })
	for _, review := range reviews {
		login := review.GetUser().GetLogin()
		if login == "" || strings.EqualFold(login, pr.GetUser().GetLogin()) {
			continue
		}
		switch strings.ToUpper(review.GetState()) {
		case "APPROVED", "CHANGES_REQUESTED", "DISMISSED":
			last[login] = review
		}
	}
	var o opinions
	for _, login := range slices.Sorted(maps.Keys(last)) {
		switch review := last[login]; strings.ToUpper(review.GetState()) {
		case "APPROVED":
			if review.GetCommitID() == pr.GetHead().GetSHA() {
				o.approved = append(o.approved, login)
			} else {
				o.outdated = append(o.outdated, login)
			}
		case "CHANGES_REQUESTED":
			o.rejected = append(o.rejected, login)
		}
	}
	return o
}
