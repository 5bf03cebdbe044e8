package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// shelf is a store with nothing but one post.
type shelf struct {
	Store
	Tx
	post *Post
}

func (s *shelf) Update(_ context.Context, f func(Tx) error) error { return f(s) }

func (s *shelf) Post(string, PostKind, string) (Post, error) {
	if s.post == nil {
		return Post{}, ErrNotFound
	}
	return *s.post, nil
}

func (s *shelf) PutPost(p *Post) error {
	kept := *p
	s.post = &kept
	return nil
}

func (s *shelf) Append(*Event) error { return nil }

func (s *shelf) DeletePost(int64) error {
	s.post = nil
	return nil
}

// publishes is a publisher to a forge, with one post on record.
func publishes(host forge.Host, post Post) (*publisher, *shelf) {
	s := &shelf{post: &post}
	r := &Runner{opts: Options{Store: s, Config: &workspaces.Config{}}}
	r.members = &membership{r: r}
	return newPublisher(&watcher{host: host, r: r}), s
}

func (s *shelf) Clock() (time.Time, error) { return now(), nil }
func (s *shelf) Leases() ([]Lease, error)  { return nil, nil }

// TestWhoLeadsNoMoreHasItShownAgain: a replica that hung while it showed a version may have written over that of the next leader.
func TestWhoLeadsNoMoreHasItShownAgain(t *testing.T) {
	t.Parallel()
	for kind, again := range map[PostKind]bool{PostReport: true, PostStatus: true, PostIssue: true, PostMerge: false, PostReaction: false} {
		byLeader := Post{ID: 1, Repository: "r", Kind: kind, Key: "1", Version: 2, Shown: 2, Remote: []string{"8"}}
		tried := byLeader
		tried.Version, tried.Shown, tried.Remote = 1, 0, []string{"7"}
		for name, end := range map[string]func(p *publisher) error{
			"it was done": func(p *publisher) error {
				_, err := p.shown(t.Context(), tried, nil)
				return err
			},
			"it was broken off": func(p *publisher) error {
				p.doubt(t.Context(), tried)
				return errNotLeading
			},
		} {
			p, s := publishes(nil, byLeader)
			p.w.r.members.shared = true
			if err := end(p); !errors.Is(err, errNotLeading) {
				t.Errorf("%s: %s: %v", kind, name, err)
			}
			if s.post.Waiting() != again || !slices.Equal(s.post.Remote, byLeader.Remote) || s.post.Version != 2 {
				t.Errorf("%s: %s: %+v", kind, name, s.post)
			}
		}
	}
}

// TestNothingIsTakenForShownThatWasRefused: a token that expired, or an App that was suspended, is mended after the weekend, and
// what was merged meanwhile was not reviewed.
func TestNothingIsTakenForShownThatWasRefused(t *testing.T) {
	t.Parallel()
	denied, gone, later := error(&forge.Denied{Reason: "Bad credentials"}), fmt.Errorf("edit: %w", forge.ErrGone), error(&forge.Later{Reason: "502"})
	for name, c := range map[string]struct {
		kind     PostKind
		failure  error
		age      time.Duration
		attempts int
		dropped  bool
	}{
		"refused first after a long outage":    {PostReport, denied, 30 * 24 * time.Hour, 0, false},
		"refused over a long weekend":          {PostReport, denied, 100 * time.Hour, 110, false},
		"a status, over a long weekend":        {PostStatus, denied, 100 * time.Hour, 110, false},
		"gone, over a long weekend":            {PostReport, gone, 100 * time.Hour, 110, false},
		"gone for good":                        {PostReport, gone, 8 * 24 * time.Hour, 180, true},
		"refused for good":                     {PostReply, denied, 8 * 24 * time.Hour, 180, true},
		"an issue keeps count":                 {PostIssue, denied, 8 * 24 * time.Hour, 180, false},
		"a forge that does not answer so long": {PostReport, later, 30 * 24 * time.Hour, 8000, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			post := Post{ID: 1, Repository: "r", Kind: c.kind, Key: "1", Version: 3, Shown: 2, Attempts: c.attempts, UpdatedAt: now().Add(-c.age)}
			p, s := publishes(nil, post)
			_, err := p.shown(t.Context(), post, c.failure)
			if err != nil || (s.post == nil) != c.dropped {
				t.Fatalf("%+v, %v", s.post, err)
			}
			if s.post != nil && (!s.post.Waiting() || s.post.NextAt.After(now().Add(2*lastRetry))) {
				t.Errorf("it does not wait for the next attempt: %+v", s.post)
			}
			if _, err := s.Post("", "", ""); c.dropped && !errors.Is(err, ErrNotFound) {
				t.Errorf("taken for shown: %v", err)
			}
		})
	}
}

// issues is a forge whose issues are not there yet, or not any more.
type issues struct {
	forge.Host
	opened int
}

func (i *issues) Issues(context.Context, string) ([]forge.Issue, error) { return nil, nil }

func (i *issues) PutIssue(_ context.Context, issue forge.Issue) (string, error) {
	if issue.Key != "" {
		return "", forge.ErrGone
	}
	i.opened++
	return "8", nil
}

// TestAnIssueThatCannotBeFoundIsNotOpenedTwice: it may be too new to be seen.
func TestAnIssueThatCannotBeFoundIsNotOpenedTwice(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{true, false} {
		host := &issues{}
		p, s := publishes(host, Post{Repository: "r", Kind: PostIssue, Key: "r//app", Remote: []string{"7"}})
		wish := issueWish{Issue: forge.Issue{Open: open, Labels: []string{labelOurs}}}
		for ; s.post.Attempts < patience; s.post.Attempts++ {
			post := *s.post
			if err := p.issue(t.Context(), &post, wish); !errors.Is(err, errTooNew) || len(post.Remote) != 1 {
				t.Fatalf("open %t, after %d attempts: %v, issue %v", open, post.Attempts, err, post.Remote)
			}
		}
		post := *s.post
		if err := p.issue(t.Context(), &post, wish); err != nil || len(post.Remote) > 0 || host.opened > 0 {
			t.Errorf("open %t: it is not taken for deleted: %v, issue %v, %d opened", open, err, post.Remote, host.opened)
		}
	}
}

// lagging is a forge that lists comments late, and says of the first one made that it was not.
type lagging struct {
	forge.Host
	made    []forge.Comment
	removed []int64
}

func (l *lagging) Thread(context.Context, string) ([]forge.Comment, error) {
	if len(l.made) < 2 {
		return nil, nil
	}
	return l.made, nil
}

func (l *lagging) AddComment(_ context.Context, _, body string) (forge.Comment, error) {
	c := forge.Comment{ID: int64(len(l.made) + 1), Own: true, Body: body}
	if l.made = append(l.made, c); len(l.made) == 1 {
		return forge.Comment{}, &forge.Later{Reason: "502"}
	}
	return c, nil
}

func (l *lagging) EditComment(context.Context, int64, string) (forge.Comment, error) {
	return forge.Comment{}, nil
}

func (l *lagging) DeleteComment(_ context.Context, id int64) error {
	l.removed = append(l.removed, id)
	return nil
}

// TestACommentThatWasMadeTwiceIsRemoved: one that seemed to fail had worked, and the forge did not list it yet.
func TestACommentThatWasMadeTwiceIsRemoved(t *testing.T) {
	t.Parallel()
	host, mark := &lagging{}, pullMark("r", "1")
	p, s := publishes(host, Post{Repository: "r", Kind: PostReport, Key: "1"})
	page := []string{report.Mark("text", mark+"head=h")}
	for attempts, fails := range []bool{true, false} {
		post := *s.post
		post.Attempts = attempts
		if err := p.comments(t.Context(), &post, "1", mark, page); (err != nil) != fails {
			t.Fatal(err)
		} else if !fails && !slices.Equal(post.Remote, []string{"2"}) {
			t.Errorf("%v shows it", post.Remote)
		}
	}
	if !slices.Equal(host.removed, []int64{1}) {
		t.Errorf("%v were removed", host.removed)
	}
}
