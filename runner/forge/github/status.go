package github

import (
	"context"
	"fmt"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// descriptionLimit is the most characters that GitHub takes in the description of a status.
const descriptionLimit = 140

// SetStatus implements forge.Host.
func (h *Host) SetStatus(ctx context.Context, commit string, s forge.Status) error {
	status := &api.RepoStatus{Context: &s.Context, State: api.String(string(s.State)), Description: api.String(cut(s.Description, descriptionLimit))}
	if s.URL != "" {
		status.TargetURL = &s.URL
	}
	_, _, err := h.api.Repositories.CreateStatus(ctx, segment(h.owner), segment(h.name), commit, status)
	return explain(fmt.Sprintf("set status %s of %s at %s", s.Context, commit, h.path()), "commit statuses: write", err)
}

// cut shortens a text to so many characters.
func cut(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}

// cutBytes shortens a text to so many bytes.
func cutBytes(text string, limit int) string {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ToValidUTF8(text[:limit-len("…")], "") + "…"
}
