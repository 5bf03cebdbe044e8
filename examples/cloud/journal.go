package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// The operations of the journal.
const (
	OpCreate = "create"
	OpUpdate = "update"
	OpDelete = "delete"
	OpEdit   = "edit" // out of band, by no engine: an object was changed or an image published
)

// Entry is one line of the journal: what was done, by whom, and what it changed. It is on disk before the answer is sent.
type Entry struct {
	Seq    int64          `json:"seq"` // 1, 2, 3, …
	Time   time.Time      `json:"time"`
	Op     string         `json:"op"`
	Kind   string         `json:"kind"`
	ID     string         `json:"id"`
	Name   string         `json:"name"`
	Run    string         `json:"run,omitempty"`    // the caller's X-Run header
	Before map[string]any `json:"before,omitempty"` // all attributes; absent for a create
	After  map[string]any `json:"after,omitempty"`  // absent for a delete
}

// masked is the entry without secrets.
func (e Entry) masked() Entry {
	e.Before, e.After = maskSecrets(e.Kind, e.Before), maskSecrets(e.Kind, e.After)
	return e
}

func maskSecrets(kindName string, attributes map[string]any) map[string]any {
	if attributes == nil {
		return nil
	}
	out := without(kindName, attributes, func(a attribute) bool { return a.secret })
	for name := range attributes {
		if _, kept := out[name]; !kept {
			out[name] = "(sensitive)"
		}
	}
	return out
}

// Journal returns everything that was ever done, oldest first, with secret attributes masked.
func (c *Cloud) Journal() []Entry {
	c.mu.Lock()
	entries := slices.Clone(c.state.journal) // entries are never changed
	c.mu.Unlock()
	for i := range entries {
		entries[i] = entries[i].masked()
	}
	return entries
}

// Await returns the first entry that matches, as soon as there is one; secrets are masked. It is how a test kills a runner
// in the middle: let a create be carried out and hang (Rule), await its entry, kill.
func (c *Cloud) Await(ctx context.Context, match func(Entry) bool) (Entry, error) {
	for next := 0; ; {
		c.mu.Lock()
		entries, grown := c.state.journal, c.grown
		c.mu.Unlock()
		for ; next < len(entries); next++ {
			if e := entries[next].masked(); match(e) {
				return e, nil
			}
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return Entry{}, fmt.Errorf("await an entry of the cloud's journal: %w", context.Cause(ctx))
		}
	}
}

// appendJournal writes one line and syncs it. What a failed write leaves is cut off, so that the next line begins well.
func appendJournal(path string, e Entry) (err error) {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err = f.Write(append(line, '\n')); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(info.Size()))
	}
	return nil
}

// readJournal reads all entries. A last line without its end was never answered: it is cut off.
func readJournal(path string) ([]Entry, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	if end < len(data) {
		if err := os.Truncate(path, int64(end)); err != nil {
			return nil, err
		}
	}
	entries, err := parseJournal(data[:end])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

func parseJournal(data []byte) ([]Entry, error) {
	var entries []Entry
	for line := range bytes.Lines(data) {
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(entries)+1, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
