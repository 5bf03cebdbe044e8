package gitea

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

// Merge implements forge.Host.
func (h *Host) Merge(ctx context.Context, key, head string, method forge.MergeMethod) error {
	what := h.what("merge", "#"+key)
	in := map[string]string{"do": string(method), "head_commit_id": head}
	resp, err := h.account.send(ctx, http.MethodPost, h.path("/pulls/%d/merge", number(key)), in, nil)
	switch {
	case err == nil:
		return nil
	case resp == nil:
		return unsent(what, err)
	case resp.StatusCode < 400, resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return refused(what, resp.StatusCode, err.Error())
	}
	// Gitea has one status for many reasons; what the pull request is now tells most of them apart.
	p, asked := h.pull(ctx, key)
	if asked != nil {
		return asked
	}
	if err = unmerged(p, head, resp.StatusCode, err.Error()); err == nil {
		return nil
	}
	if later := new(forge.Later); errors.As(err, &later) {
		err = h.orNever(ctx, p, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// orNever is err, unless Git knows that asking again changes nothing: Gitea says "try again later" to conflicts, too.
func (h *Host) orNever(ctx context.Context, p *sdk.PullRequest, err error) error {
	answer, reason, asked := h.mergeable(ctx, p)
	if asked == nil && answer == forge.No {
		return &forge.Denied{Reason: reason}
	}
	return err
}

// unmerged says why a pull request was not merged; nil = it was, before.
func unmerged(p *sdk.PullRequest, head string, status int, message string) error {
	said, message := strings.ToLower(message), short(message)
	switch {
	case p.HasMerged:
		return nil
	case p.State != sdk.StateOpen:
		return &forge.Denied{Reason: "it is closed"}
	case p.Head.Sha != head, strings.Contains(said, "head out of date"):
		return &forge.Denied{Reason: fmt.Sprintf("its head is no longer %.12s", head)}
	case strings.Contains(said, "try again later"), strings.Contains(said, "push out of date"):
		return &forge.Later{Reason: message}
	case message != "":
		return &forge.Denied{Reason: message}
	case status == http.StatusConflict:
		return &forge.Denied{Reason: "it conflicts with " + p.Base.Ref}
	}
	return &forge.Denied{Reason: fmt.Sprintf("it cannot be merged as it is (%d %s)", status, http.StatusText(status))}
}
