package server

import (
	"time"

	"github.com/driftlessops/driftless/runner"
)

// RepositoryView is a repository as the API shows it.
type RepositoryView struct {
	Name     string    `json:"name"`
	URL      string    `json:"url"`
	Branch   string    `json:"branch"`
	Head     string    `json:"head"`
	Diverged string    `json:"diverged,omitempty"`
	Error    string    `json:"error,omitempty"`
	Problems []string  `json:"problems,omitempty"` // of the sign-in at the forge
	Posts    PostsView `json:"waiting_posts,omitzero"`
	PolledAt time.Time `json:"polled_at,omitzero"`
}

// PostsView is what the forge of a repository does not show yet: comments, statuses, checks and issues.
type PostsView struct {
	Count  int       `json:"count"`
	Error  string    `json:"error,omitempty"` // of the last attempt at the oldest one that failed; "" = none did
	NextAt time.Time `json:"next_at,omitzero"`
}

// repositoryView shows a repository with the posts of it that wait, oldest first.
func repositoryView(r runner.Repository, waiting []runner.Post) RepositoryView {
	v := RepositoryView{
		Name: r.Name, URL: r.URL, Branch: r.Branch, Head: r.Head, Diverged: r.Diverged, Error: r.Error, Problems: r.Problems,
		PolledAt: r.PolledAt,
	}
	for _, p := range waiting {
		v.Posts.Count++
		if v.Posts.Error == "" && p.Error != "" {
			v.Posts.Error, v.Posts.NextAt = p.Error, p.NextAt
		}
	}
	return v
}

// repositoryViews shows all repositories.
func repositoryViews(tx runner.Tx) ([]RepositoryView, error) {
	all, err := tx.Repositories()
	if err != nil {
		return nil, err
	}
	waiting, err := tx.Posts(runner.PostFilter{Waiting: true})
	if err != nil {
		return nil, err
	}
	of := map[string][]runner.Post{}
	for _, p := range waiting {
		of[p.Repository] = append(of[p.Repository], p)
	}
	return views(all, func(r runner.Repository) RepositoryView { return repositoryView(r, of[r.Name]) }), nil
}
