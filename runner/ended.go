package runner

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// endedDrafts end what the head of a pull request that left still shows as under way, but for what lines say now: nothing is
// under way any more, and a status that waits would wait for ever. None of them turns green: another pull request may ask for
// the same commit. What was said of it before stands.
func endedDrafts(tx Tx, pull Pull, lines []report.Status) (drafts []draft, err error) {
	others, err := tx.Pulls(PullFilter{Repository: pull.Repository, Head: pull.Head, State: Open})
	if err != nil || len(others) > 0 {
		return nil, err // their word counts
	}
	posts, err := tx.Posts(PostFilter{Repository: pull.Repository, Kind: PostStatus, KeyPrefix: pull.Head + " "})
	if err != nil {
		return nil, err
	}
	for _, post := range posts {
		name := strings.TrimPrefix(post.Key, pull.Head+" ")
		var now statusWish
		if json.Unmarshal(post.Want, &now) != nil || now.Status.State != forge.Pending {
			continue
		}
		if slices.ContainsFunc(lines, func(l report.Status) bool { return l.Context == name }) {
			continue
		}
		drafts = append(drafts, statusDrafts(pull, pull.Head, []report.Status{report.Ended(name, pull.State == Merged)})...)
	}
	post, err := tx.Post(pull.Repository, PostCheck, pull.Head+" "+checkName)
	var check checkWish
	if errors.Is(err, ErrNotFound) || err == nil && json.Unmarshal(post.Want, &check) == nil && check.Check.State != forge.Pending {
		return drafts, nil
	}
	end := report.Ended(report.PlanContext, pull.State == Merged)
	check.Check.State, check.Check.Title = forge.StatusState(end.State), strings.ToUpper(end.Description[:1])+end.Description[1:]
	return append(drafts, newDraft(PostCheck, post.Key, check)), err
}
