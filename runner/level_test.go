package runner

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestTheLogIsLoudAboutFailures: who watches for errors and warnings misses none; who is notified reads them once.
func TestTheLogIsLoudAboutFailures(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := &Runner{opts: Options{Meter: unmetered{}}, log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})), members: &membership{}}
	events := []Event{{Kind: "planned"}, {Kind: "apply interrupted", Message: "its engine died"}, {Kind: "replica lost"}}
	r.told(t.Context(), events)
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `level=ERROR msg="apply interrupted" message="its engine died" error="its engine died"`) || !strings.Contains(got, `level=WARN msg="replica lost"`) {
		t.Errorf("%s", got)
	}
	log.Reset()
	r.opts.Notify = func(Event) {}
	r.told(t.Context(), events)
	if log.Len() > 0 {
		t.Errorf("told twice: %s", &log)
	}
}
