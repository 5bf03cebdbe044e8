package engine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
)

// Error is a failed engine command, with everything that it printed, masked.
type Error struct {
	Phase     Phase
	Output    string // diagnostics as the engine's human output shows them: severity, summary, detail, file:line, snippet
	Canceled  bool
	Stale     bool  // apply: "Saved plan is stale": plan again
	Lock      *Lock // who holds the state, when that is why
	Temporary bool  // init: the network or a server failed, as far as the output tells: try later
	Err       error

	summary string // the first problem, in one line
	reinit  bool   // the engine asks for init
}

// Error is one line; Output says everything.
func (e *Error) Error() string {
	switch {
	case e.Canceled:
		return fmt.Sprintf("%s: canceled", e.Phase)
	case e.Stale:
		return fmt.Sprintf("%s: the saved plan is stale: the state changed since; plan again", e.Phase)
	case e.Lock != nil:
		return fmt.Sprintf("%s: the state is locked by %s; wait for it, or unlock it if its owner is gone", e.Phase, e.Lock)
	case e.summary != "":
		return fmt.Sprintf("%s: %s", e.Phase, e.summary)
	}
	return fmt.Sprintf("%s: %v", e.Phase, e.Err)
}

// Text is Output. Where that does not begin with what went wrong, a line that does comes first: lists show no more.
func (e *Error) Text() string {
	text := strings.TrimSpace(e.Output)
	first, _, _ := strings.Cut(strings.TrimLeft(text, "╷│ \n"), "\n")
	if e.summary == "" || strings.HasPrefix(first, "Error: ") || strings.Contains(first, e.summary) {
		return text
	}
	return e.Error() + "\n\n" + text
}

// Unwrap is the reason, such as an *exec.ExitError or context.Canceled.
func (e *Error) Unwrap() error { return e.Err }

// LimitError is why a command was interrupted that took too long.
type LimitError struct {
	Phase Phase
	Limit time.Duration
}

func (e *LimitError) Error() string {
	setting := e.Phase
	if setting == PhaseShow {
		setting = PhasePlan
	}
	return fmt.Sprintf("%s took longer than its limit of %s (`%s` of `timeouts`) and was interrupted", e.Phase, e.Limit, setting)
}

// failure explains a command that ended with err by what it printed.
func (s *stream) failure(ctx context.Context, err error) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text()
	e := &Error{
		Phase:     s.phase,
		Output:    s.mask.String(strings.Trim(strings.Join(s.output, "\n"), "\n")),
		Stale:     s.hasDiagnostic("Saved plan is stale"),
		Lock:      lockIn(text).masked(s.mask.String),
		Temporary: s.phase == PhaseInit && networkFailure.MatchString(text),
		Err:       err,
		summary:   s.mask.String(s.summary()),
		reinit:    asksForInit(text),
	}
	if limit := (*LimitError)(nil); errors.As(context.Cause(ctx), &limit) {
		e.Err = fmt.Errorf("%w: %w", limit, err)
		e.Output = strings.TrimSpace(limit.Error() + "\n" + e.Output)
		e.summary = limit.Error()
	} else if cause := ctx.Err(); cause != nil {
		e.Canceled = true
		e.Err = fmt.Errorf("%w: %w", cause, err)
	}
	return e
}

func (s *stream) hasDiagnostic(summary string) bool {
	return slices.ContainsFunc(s.diags, func(d diagnostic) bool { return d.Summary == summary })
}

// summary is the first error and how many follow it.
func (s *stream) summary() string {
	first, count := "", 0
	for _, d := range s.diags {
		if d.Severity != tfjson.DiagnosticSeverityError {
			continue
		}
		if count++; count == 1 {
			first = d.Summary
			if place := d.place(); place != "" {
				first += " (" + place + ")"
			}
		}
	}
	for _, line := range s.plain {
		summary, ok := strings.CutPrefix(strings.TrimLeft(line, "│ "), "Error: ")
		if ok && !strings.Contains(summary, "encountered problems during initiali") { // a heading for the errors that follow
			if count++; count == 1 {
				first = summary
			}
		}
	}
	if count > 1 {
		return fmt.Sprintf("%s, and %d more", first, count-1)
	}
	return first
}

// initMessages are how Terraform and OpenTofu say that a data directory does not fit the configuration any more.
var initMessages = []string{
	"Module not installed",
	"Module source has changed",
	"Module version requirements have changed",
	"Unable to read module directory",
	"Unreadable module directory",
	"Backend initialization required",
	"Backend configuration changed",
	"Backend configuration block has changed",
	"Initialization required",
	"initialization required",
	"Inconsistent dependency lock file",
	"Required plugins are not installed",
	"Missing required provider",
	"does not match any of the checksums",
	"there is no package for",
	"Failed to load plugin schemas",
}

func asksForInit(text string) bool {
	for _, m := range initMessages {
		if strings.Contains(text, m) {
			return true
		}
	}
	return false
}

// networkFailure is how Go's net, git and HTTP servers say that trying again may help. Engines wrap lines anywhere.
var networkFailure = regexp.MustCompile(`(?i)` + strings.ReplaceAll(strings.Join([]string{
	`connection refused`, `connection reset`, `connection timed out`, `no such host`, `could not resolve host`,
	`server misbehaving`, `temporary failure in name resolution`, `network is unreachable`, `no route to host`,
	`i/o timeout`, `tls handshake timeout`, `timeout awaiting response`, `timeout exceeded`, `context deadline exceeded`,
	`unexpected eof`, `operation timed out`, `429 too many requests`, `500 internal server error`, `502 bad gateway`,
	`503 service unavailable`, `504 gateway time-?out`, `(bad response code|returned error): (429|50[0234])`,
}, "|"), " ", `[\s│]+`))
