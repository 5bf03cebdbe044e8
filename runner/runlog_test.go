package runner

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// TestALogIsStoredOnce: to encrypt a log that is on record already takes as long as to plan something small.
func TestALogIsStoredOnce(t *testing.T) {
	t.Parallel()
	tx := &storing{}
	j := &job{run: Run{ID: 7}}
	for _, log := range []string{"planned", "planned", "planned, applied"} {
		if err := j.store(tx, []byte(log)); err != nil {
			t.Fatal(err)
		}
		j.stored = sha256.Sum256([]byte(log)) // as move does
	}
	if got := strings.Join(tx.stored, "; "); got != "planned; planned, applied" {
		t.Errorf("stored %q", got)
	}
}

// storing takes down what is stored.
type storing struct {
	Tx
	stored []string
}

func (s *storing) PutBlob(_ string, content []byte) error {
	s.stored = append(s.stored, string(content))
	return nil
}

// TestRunLog writes more than is kept, and finds the beginning, the end and what is missing.
func TestRunLog(t *testing.T) {
	t.Parallel()
	var l runLog
	const lines = 100_000
	filler, written := strings.Repeat("x", 200), 0
	for i := range lines {
		line := fmt.Sprintf("line %d %s", i, filler)
		l.line(line)
		written += len(line) + 1
	}
	text := l.text()
	if !strings.HasPrefix(text, "line 0 ") || !strings.HasSuffix(text, fmt.Sprintf("line %d %s\n", lines-1, filler)) {
		t.Error("the beginning or the end is missing")
	}
	cut, bytes := 0, 0
	_, notice, _ := strings.Cut(text, "… driftless left out ")
	if _, err := fmt.Sscanf(notice, "%d lines here, %d bytes", &cut, &bytes); err != nil {
		t.Fatalf("no notice: %v", err)
	}
	notice, _, _ = strings.Cut(notice, "\n")
	notice = "\n… driftless left out " + notice + "\n\n"
	if strings.Count(text, "line ")+cut != lines || len(text)-len(notice)+bytes != written || len(text) > 2*maxLogPart+300 {
		t.Errorf("%d lines and %d cut; %d bytes and %d cut, of %d", strings.Count(text, "line "), cut, len(text), bytes, written)
	}
	var short runLog
	short.line("one")
	short.line(strings.Repeat("é", maxLogPart))
	if text := short.text(); !strings.HasPrefix(text, "one\né") || !strings.HasSuffix(text, "bytes of this line)\n") || len(text) > maxLogPart+200 {
		t.Errorf("%d bytes that end %q", len(text), text[len(text)-100:])
	}
}
