package engine

import (
	"strings"
	"testing"
	"time"
)

const lockedText = `Error acquiring the state lock
HTTP remote state already locked: ID=4f2c
Lock Info:
  ID:        4f2c
  Path:      
  Operation: OperationTypeApply
  Who:       ann@laptop
  Version:   1.11.4
  Created:   2026-01-02 03:04:05.6 +0000 UTC
  Info:      


Terraform acquires a state lock`

func TestLock(t *testing.T) {
	t.Parallel()
	got := lockIn(lockedText)
	want := Lock{ID: "4f2c", Operation: "OperationTypeApply", Who: "ann@laptop", Version: "1.11.4", Created: time.Date(2026, 1, 2, 3, 4, 5, 6e8, time.UTC)}
	if got == nil || *got != want || got.String() != "ann@laptop for OperationTypeApply since 2026-01-02 03:04:05.6 +0000 UTC, lock ID 4f2c" {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, text := range []string{
		"", "Lock Info:\n  Who: x", "Error acquiring the state lock",
		"Error acquiring the state lock: Error message: Unsupported state file format: The state file could not be parsed as JSON: syntax error at byte offset 61440.\n\nTerraform acquires a state lock to protect the state",
		"Error acquiring the state lock: Error message: operation error S3: PutObject, StatusCode: 403, AccessDenied",
	} {
		if got := lockIn(text); got != nil {
			t.Errorf("%q: there is a lock: %v", text, got)
		}
	}
	for text, want := range map[string]string{
		"Error acquiring the state lock: resource temporarily unavailable": "an unknown holder",
		"Error acquiring the state lock: the blob is already locked":       "an unknown holder",
		"Error acquiring the state lock Lock Info:\n ID:\n Who: x":         "x",
		strings.ReplaceAll(lockedText, "\n", "\n│ "):                       "ann@laptop for OperationTypeApply since 2026-01-02 03:04:05.6 +0000 UTC, lock ID 4f2c",
		strings.Replace(lockedText, "ID=4f2c", "ID=other", 1):              "an unknown holder, lock ID other",
		strings.Replace(lockedText, "2026-01-02 03", "yesterday at", 1):    "ann@laptop for OperationTypeApply, lock ID 4f2c",
	} {
		if got := lockIn(text); got == nil || got.String() != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzLock(f *testing.F) {
	f.Add(lockedText)
	f.Add(strings.Replace(lockedText, "ID=4f2c", "ID=other", 1))
	f.Fuzz(func(t *testing.T, text string) {
		if l := lockIn(text); l != nil && (strings.ContainsAny(l.ID+l.Who+l.Path+l.Operation+l.Version, "\n") || l.String() == "") {
			t.Errorf("%+v", l)
		}
	})
}
