package forges

import (
	"fmt"
	"strconv"
)

// giteaReviewStates are the names that Gitea has for what the world calls as GitHub does. A dismissed review keeps its state
// there and is marked; the world forgets what it was, so it is shown as the approval that a careless reader would count.
var giteaReviewStates = map[string]string{
	"APPROVED": "APPROVED", "CHANGES_REQUESTED": "REQUEST_CHANGES", "COMMENTED": "COMMENT", "DISMISSED": "APPROVED",
}

// giteaListReviews is paged, but without links. Reviews that others have not sent yet are counted and not shown.
func giteaListReviews(c *giteaCall) reply {
	i, err := c.pulled()
	if err != nil {
		return c.failed(err)
	}
	home, list := c.home(i), []giteaReview{}
	for _, v := range i.Pull.Reviews {
		list = append(list, giteaReview{
			ID: v.ID, User: c.user(v.By), State: giteaReviewStates[v.State], Body: v.Body, CommitID: v.Commit,
			Stale: v.Commit != i.Pull.HeadSHA, Official: c.repo.Permission(v.By) >= Write, Dismissed: v.State == "DISMISSED",
			SubmittedAt: v.Submitted, UpdatedAt: v.Submitted, HTMLURL: fmt.Sprintf("%s#issuecomment-%d", home, v.ID), PullRequestURL: home,
		})
	}
	for at, login := range i.Pull.Asked {
		list = append(list, giteaReview{
			ID: int64(1_000_000 + at), User: c.user(login), State: "REQUEST_REVIEW", Official: c.repo.Permission(login) >= Write,
			SubmittedAt: i.Updated, UpdatedAt: i.Updated, HTMLURL: home, PullRequestURL: home,
		})
	}
	a := giteaList(c, list, false)
	a.header.Set("X-Total-Count", strconv.Itoa(len(list)+len(i.Pull.Pending)))
	return a
}
