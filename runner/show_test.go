package runner

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// unwritable is a forge that shows a comment of ours and has none when it is to be edited, as one answers whose token lost a
// permission.
type unwritable struct {
	forge.Host
	asked int
}

func (u *unwritable) Thread(context.Context, string) ([]forge.Comment, error) {
	return []forge.Comment{{ID: 7, Own: true, Body: report.Mark("text", pullMark("r", "1")+"head=h")}}, nil
}

func (u *unwritable) EditComment(ctx context.Context, _ int64, _ string) (forge.Comment, error) {
	u.asked++
	return forge.Comment{}, errors.Join(forge.ErrGone, ctx.Err())
}

func TestCommentThatCannotBeEdited(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	host := &unwritable{}
	p := newPublisher(&watcher{host: host})
	for attempts, asks := range []int{1, 1, 1, 2} {
		host.asked = 0
		post := &Post{Repository: "r", Kind: PostReport, Key: "1", Remote: []string{"7"}, Attempts: attempts}
		err := p.comments(ctx, post, "1", pullMark("r", "1"), []string{"page"})
		if err == nil || host.asked != asks {
			t.Errorf("after %d attempts: asked %d times, %v", attempts, host.asked, err)
		}
	}
}
