package gitea

import (
	"testing"

	sdk "code.gitea.io/sdk/gitea"
	"github.com/google/go-cmp/cmp"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const (
		approved = sdk.ReviewStateApproved
		rejected = sdk.ReviewStateRequestChanges
	)
	id := int64(0)
	by := func(login string, state sdk.ReviewStateType, change ...func(*sdk.PullReview)) *sdk.PullReview {
		id++
		r := &sdk.PullReview{ID: id, Reviewer: &sdk.User{UserName: login}, State: state, CommitID: "head", Official: true}
		for _, f := range change {
			f(r)
		}
		return r
	}
	dismissed := func(r *sdk.PullReview) { r.Dismissed = true }
	unofficial := func(r *sdk.PullReview) { r.Official = false }
	stale := func(r *sdk.PullReview) { r.Stale = true }
	earlier := func(r *sdk.PullReview) { r.CommitID = "earlier" }
	for name, c := range map[string]struct {
		reviews []*sdk.PullReview
		want    opinions
	}{
		"none":                  {nil, opinions{}},
		"approved":              {[]*sdk.PullReview{by("b", approved), by("a", approved)}, opinions{approved: []string{"a", "b"}}},
		"of an earlier head":    {[]*sdk.PullReview{by("a", approved, earlier), by("b", approved, stale)}, opinions{outdated: []string{"a", "b"}}},
		"by the author":         {[]*sdk.PullReview{by("Author", approved), by("author", rejected)}, opinions{}},
		"by nobody":             {[]*sdk.PullReview{{State: approved, CommitID: "head", Official: true}}, opinions{}},
		"changed":               {[]*sdk.PullReview{by("a", approved), by("a", rejected)}, opinions{rejected: []string{"a"}}},
		"rejected at first":     {[]*sdk.PullReview{by("a", rejected, dismissed), by("a", approved)}, opinions{approved: []string{"a"}}},
		"commented afterwards":  {[]*sdk.PullReview{by("a", approved), by("a", sdk.ReviewStateComment)}, opinions{approved: []string{"a"}}},
		"dismissed":             {[]*sdk.PullReview{by("a", approved, dismissed), by("b", rejected, dismissed)}, opinions{}},
		"not official":          {[]*sdk.PullReview{by("a", approved, unofficial), by("b", rejected, unofficial)}, opinions{}},
		"asked anew":            {[]*sdk.PullReview{by("a", approved), by("a", sdk.ReviewStateRequestReview)}, opinions{requested: []string{"a"}}},
		"asked anew, and no":    {[]*sdk.PullReview{by("a", rejected), by("a", sdk.ReviewStateRequestReview)}, opinions{rejected: []string{"a"}, requested: []string{"a"}}},
		"asked, and then a yes": {[]*sdk.PullReview{by("a", sdk.ReviewStateRequestReview, unofficial), by("a", approved)}, opinions{approved: []string{"a"}}},
		"not sent":              {[]*sdk.PullReview{by("a", sdk.ReviewStatePending)}, opinions{}},
		"in any order":          {[]*sdk.PullReview{{ID: 9, Reviewer: &sdk.User{UserName: "a"}, State: rejected, Official: true}, {ID: 8, Reviewer: &sdk.User{UserName: "a"}, State: approved, Official: true}}, opinions{rejected: []string{"a"}}},
	} {
		if d := cmp.Diff(c.want, judge(c.reviews, "author", "head"), cmp.AllowUnexported(opinions{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestGreen(t *testing.T) {
	t.Parallel()
	statuses := []*sdk.Status{
		{Context: "ci/build", State: sdk.StatusSuccess}, {Context: "ci/test", State: sdk.StatusPending}, {Context: "lint [a]", State: sdk.StatusSuccess},
	}
	for pattern, want := range map[string]bool{
		"ci/build": true, "ci/test": false, "ci/*": false, "ci/b*": true, "*build": true, "absent": false, "lint [a]": true, "[": false,
	} {
		if got := green(statuses, pattern); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}
