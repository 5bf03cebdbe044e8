package test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/test/forges"
)

// TestADeletedCommentComesBackOnce lets somebody delete driftless's comment: nothing happens until there is something new to
// show, and that is shown in one new comment.
func TestADeletedCommentComesBackOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, kind, map[string]string{"app/main.tf": idle})
			h.pass()
			n := h.open("more", map[string]string{"app/more.tf": "resource \"terraform_data\" \"more\" {}\n"})
			h.pass()
			h.must(h.repo.DeleteComment("cleo", h.ours(n)[0].ID))
			h.pass()
			if ours := h.ours(n); len(ours) != 0 {
				t.Errorf("nothing is new, and it shows %+v", ours)
			}
			stop := h.serve()
			_, err := h.repo.Commit("ada", "more", "Two", map[string]string{"app/two.tf": "resource \"terraform_data\" \"two\" {}\n"})
			h.must(err)
			h.await(patience, func() string {
				if ours := h.ours(n); len(ours) == 1 && strings.Contains(ours[0].Body, "+2 create") && len(h.waiting()) == 0 {
					return ""
				}
				return "the comment is not back"
			})
			_, err = h.repo.MergePull(n, forges.Squash, "ben")
			h.must(err)
			h.await(patience, func() string {
				if ours := h.ours(n); len(ours) == 1 && strings.Contains(ours[0].Body, "applied") {
					return ""
				}
				return "the comment does not tell of the merge"
			})
			stop(syscall.SIGINT)
		})
	}
}
