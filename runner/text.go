package runner

import (
	"errors"
	"reflect"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// UserError is a mistake of the user's, or a fact that a user must act on: it is shown in full, with the next step.
type UserError string

func (e UserError) Error() string { return string(e) }

func userError(text string) error { return UserError(text) }

// userText is what a reader is told of an error: everything that the engine printed, every diagnostic with its place.
func userText(err error) string {
	var failed *engine.Error
	if errors.As(err, &failed) && strings.TrimSpace(failed.Output) != "" {
		return failed.Text()
	}
	var diags hcl.Diagnostics
	if errors.As(err, &diags) {
		return strings.TrimSpace(workspaces.FormatDiagnostics(nil, diags, 0, false))
	}
	return err.Error()
}

// configText is userText with the lines that a configuration's errors point at.
func configText(set *workspaces.Set, err error) string {
	var diags hcl.Diagnostics
	if set == nil || !errors.As(err, &diags) {
		return userText(err)
	}
	return strings.TrimSpace(workspaces.FormatDiagnostics(set.Sources, diags, 0, false))
}

// readable makes an error of a configuration say all of it.
func readable(set *workspaces.Set, err error) error {
	var diags hcl.Diagnostics
	if !errors.As(err, &diags) {
		return err
	}
	return userError(configText(set, err))
}

func firstLine(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "╷│╵"))
		if line != "" {
			return line
		}
	}
	return ""
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// joined says one thing, and then another if there is one.
func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + "; " + b
}

// afterRepository is an identity without its repository.
func afterRepository(id workspaces.ID) string {
	_, rest, _ := strings.Cut(string(id), "//")
	return rest
}

func redactURL(url string) string { return gitrepo.RedactURL(url) }

func equalRecords(a, b Workspace) bool { return reflect.DeepEqual(a, b) }
