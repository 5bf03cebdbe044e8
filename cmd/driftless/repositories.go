package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/server"
)

func newRepositories(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "repositories",
		Short: "List repositories, and what does not work for them",
		Long: `repositories lists what driftless watches: the tracked branch and its head, when it was last looked at, and what does not work. That is
the last poll or the configuration when it failed, what the sign-in at the forge may not do, and comments and statuses that wait because
the forge took none. Those are made later by themselves.`,
		Example: `  driftless repositories
  driftless repositories -o json | jq '.[] | select(.error) | .name'`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listRepositories(cmd.Context()) },
	}
}

func (a *app) listRepositories(ctx context.Context) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	var all []server.RepositoryView
	if err := conn.Get(ctx, "/v1/repositories", nil, &all); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, all)
	}
	if len(all) == 0 {
		a.say("There are no repositories yet: `driftless serve` looks at them.")
		return nil
	}
	t := table{whole: true, header: []string{"REPOSITORY", "BRANCH", "HEAD", "LOOKED AT", "NOTE"}}
	for _, r := range all {
		t.add(r.Name, r.Branch, short(r.Head), ago(r.PolledAt), strings.Join(troubles(r), "; "))
	}
	return t.print(a, a.out)
}

// troubles are what does not work for a repository.
func troubles(r server.RepositoryView) (all []string) {
	if r.Error != "" {
		all = append(all, r.Error)
	}
	for _, problem := range r.Problems {
		all = append(all, "sign-in: "+problem)
	}
	if r.Posts.Error == "" {
		return all // what waits is on its way
	}
	wait := count(r.Posts.Count, "post waits", "posts wait")
	if r.Posts.NextAt.After(time.Now()) {
		wait += " until " + clock(r.Posts.NextAt)
	}
	return append(all, fmt.Sprintf("%s: %s", wait, r.Posts.Error))
}
