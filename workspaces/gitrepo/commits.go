package gitrepo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Commit is what a commit says of itself.
type Commit struct {
	ID, Tree      string
	Parents       []string
	Author, Email string
	When          time.Time // commit date
	Subject       string
}

// logFormat has a NUL after every field, and -z one after every commit: no field can hold one.
const (
	logFormat = "--format=tformat:%H%x00%T%x00%P%x00%an%x00%ae%x00%ct%x00%s"
	logFields = 7
)

// Commit returns the commit that rev names.
func (m *Mirror) Commit(ctx context.Context, rev string) (Commit, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return Commit{}, err
	}
	defer h.release()
	id, err := m.resolve(ctx, h, rev, "commit")
	if err != nil {
		return Commit{}, fmt.Errorf("read commit %s: %w", rev, err)
	}
	list, err := m.log(ctx, h, "--max-count=1", id)
	if err != nil {
		return Commit{}, fmt.Errorf("read commit %s: %w", rev, err)
	}
	if len(list) != 1 {
		return Commit{}, fmt.Errorf("read commit %s: %w", rev, ErrMissing)
	}
	return list[0], nil
}

// Commits returns the commits reachable from to and not from from ("" = all, at most limit), newest first: no commit comes
// before its descendants. A limit of 0 is none.
func (m *Mirror) Commits(ctx context.Context, from, to string, limit int) ([]Commit, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return nil, err
	}
	defer h.release()
	list, err := m.commitRange(ctx, h, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("list commits of %s..%s: %w", from, to, err)
	}
	return list, nil
}

func (m *Mirror) commitRange(ctx context.Context, h *held, from, to string, limit int, more ...string) ([]Commit, error) {
	tip, err := m.commit(ctx, h, to)
	if err != nil {
		return nil, err
	}
	args := append(more, tip)
	if limit > 0 {
		args = append([]string{"--max-count=" + strconv.Itoa(limit)}, args...)
	}
	if from != "" {
		start, err := m.commit(ctx, h, from)
		if err != nil {
			return nil, err
		}
		args = append(args, "^"+start)
	}
	return m.log(ctx, h, args...)
}

// log lists commits by full object ids.
func (m *Mirror) log(ctx context.Context, h *held, args ...string) ([]Commit, error) {
	args = append([]string{"log", "-z", "--topo-order", "--no-mailmap", "--encoding=UTF-8", logFormat}, args...)
	out, err := m.ask(ctx, h, append(args, "--")...)
	if err != nil {
		return nil, missing(err)
	}
	return parseLog(out)
}

// missing marks the error of a command that was given an unknown object.
func missing(err error) error {
	if exitCode(err) == 128 && (strings.Contains(err.Error(), "bad object") || strings.Contains(err.Error(), "Not a valid")) {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return err
}

// parseLog reads what git log -z prints with logFormat. Texts are made valid UTF-8, which commits need not be.
func parseLog(out string) ([]Commit, error) {
	if out == "" {
		return nil, nil
	}
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	if len(fields)%logFields != 0 {
		return nil, fmt.Errorf("git log printed %d fields, which is no multiple of %d", len(fields), logFields)
	}
	commits := make([]Commit, 0, len(fields)/logFields)
	for ; len(fields) > 0; fields = fields[logFields:] {
		seconds, err := strconv.ParseInt(fields[5], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the date of commit %q: %w", fields[0], err)
		}
		if !isID(fields[0]) || !isID(fields[1]) {
			return nil, fmt.Errorf("git log printed the ids %q and %q", fields[0], fields[1])
		}
		commits = append(commits, Commit{
			ID: fields[0], Tree: fields[1], Parents: strings.Fields(fields[2]),
			Author: valid(fields[3]), Email: valid(fields[4]), When: time.Unix(seconds, 0).UTC(), Subject: valid(fields[6]),
		})
	}
	return commits, nil
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
