package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/runner/server"
)

// noPull says that there is no such pull request.
type noPull string

func (n noPull) Error() string { return string(n) }

// findPull finds a pull request by its key, or by REPOSITORY#KEY.
func findPull(ctx context.Context, client *server.Client, word string) (pull server.PullView, err error) {
	var found []server.PullView // newest first
	if err := client.Get(ctx, "/v1/pulls", url.Values{"key": {word}}, &found); err != nil {
		return pull, err
	}
	if at := strings.LastIndexByte(word, '#'); at >= 0 && len(found) == 0 {
		query := url.Values{"repository": {word[:at]}, "key": {word[at+1:]}}
		if err := client.Get(ctx, "/v1/pulls", query, &found); err != nil {
			return pull, err
		}
	}
	if len(found) == 0 {
		return pull, noPull(fmt.Sprintf("there is no pull request %q, and it is neither the number of a run nor a workspace: `driftless runs` and `driftless workspaces` list them", word))
	}
	for _, other := range found[1:] {
		if other.Repository != found[0].Repository {
			return pull, fmt.Errorf("%q is in several repositories: write %s#%s or %s#%[3]s", word, found[0].Repository, found[0].Key, other.Repository)
		}
	}
	return pull, client.Get(ctx, fmt.Sprintf("/v1/pulls/%d", found[0].ID), nil, &pull)
}

func (a *app) showPull(ctx context.Context, client *server.Client, word string) error {
	pull, err := findPull(ctx, client, word)
	if err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, pull)
	}
	known := pull.URL != "" // of a forge: on a plain Git server the report says all there is
	if known {
		a.printPull(pull)
	}
	switch {
	case len(pull.Report) > 0:
		if known {
			_, _ = fmt.Fprintln(a.out)
		}
		for i, page := range pull.Report {
			pull.Report[i] = report.Unmark(page)
		}
		a.printReport(strings.Join(pull.Report, "\n"))
	case pull.Aside == "":
		a.say("Pull request %s has no report yet.", pull.Key)
	}
	return nil
}

// printPull prints what the forge knows of a pull request, leaving out what is not known.
func (a *app) printPull(p server.PullView) {
	a.line("Pull request", fmt.Sprintf("%s#%s: %s", p.Repository, p.Key, p.Title))
	a.line("At", p.URL)
	a.line("Author", p.Author)
	state := []string{p.State}
	if p.Draft && p.State == string(runner.Open) {
		state = append(state, "draft")
	}
	if p.Fork {
		state = append(state, "from a fork")
	}
	if p.Target != "" {
		state = append(state, "into "+p.Target)
	}
	a.line("State", strings.Join(state, ", "))
	a.line("Left alone", p.Aside)
	if p.TrustedBy != "" {
		a.line("Allowed by", fmt.Sprintf("%s at %s", p.TrustedBy, short(p.TrustedHead)))
	}
	a.line("Merged by", p.MergedBy)
	a.line("Approved by", strings.Join(p.ReviewedBy, ", "))
}

// pullsText are pull requests in the order of their keys, with what the forge knows of them.
func pullsText(known []server.PullView, keys ...string) string {
	lines := make([]string, len(keys))
	for i, key := range keys {
		lines[i] = key
		for _, p := range known {
			if p.Key == key && p.URL != "" {
				lines[i] = pullText(p)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func pullText(p server.PullView) string {
	facts := []string{"by " + p.Author}
	if p.Fork {
		facts = append(facts, "from a fork")
	}
	if p.MergedBy != "" {
		facts = append(facts, "merged by "+p.MergedBy)
	}
	if len(p.ReviewedBy) > 0 {
		facts = append(facts, "approved by "+strings.Join(p.ReviewedBy, " and "))
	}
	return fmt.Sprintf("%s: %s (%s)\n%s", p.Key, oneLine(p.Title), strings.Join(facts, ", "), p.URL)
}
