package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestALogIsCalm: what fails each moment is said now and then, and counted; other things are said at once, and each time.
func TestALogIsCalm(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	handler := newCalm(slog.NewTextHandler(&out, nil))
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	say := func(at time.Duration, h slog.Handler, level slog.Level, message string, args ...any) {
		r := slog.NewRecord(begin.Add(at), level, message, 0)
		r.Add(args...)
		if err := h.Handle(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
	for i := range 100 {
		at := time.Duration(i) * 500 * time.Millisecond
		say(at, handler, slog.LevelError, "claim", "error", fmt.Errorf("attempt %d: away", i))
		say(at, handler, slog.LevelWarn, "applied", "run", i)
		say(at, handler.WithAttrs([]slog.Attr{slog.Int("run", i%2)}), slog.LevelWarn, "run", "error", errors.New("away"))
		say(at, handler, slog.LevelInfo, "polled", "error", errors.New("none"))
	}
	for text, want := range map[string]int{
		"msg=claim": 2, "msg=claim error=\"attempt 60: away\" met_again=59": 1, // at 0 and 30 s of 50
		"msg=applied": 100, "msg=run run=0": 2, "msg=run run=1": 2, "msg=polled": 100,
	} {
		if got := strings.Count(out.String(), text); got != want {
			t.Errorf("%d × %q, want %d", got, text, want)
		}
	}
	if len(handler.said.last) != 3 {
		t.Errorf("%d are remembered", len(handler.said.last))
	}
	say(time.Hour, handler, slog.LevelError, "claim", "error", errors.New("away"))
	if len(handler.said.last) != 1 {
		t.Errorf("%d are remembered after an hour", len(handler.said.last))
	}
}
