package runner

import "log/slog"

// loud is the level of the log for events that are not as they should be.
var loud = map[string]slog.Level{
	"failed": slog.LevelError, "apply failed": slog.LevelError, "apply interrupted": slog.LevelError, "state rescued": slog.LevelError, "late result": slog.LevelError,
	"poll failed": slog.LevelWarn, "replica lost": slog.LevelWarn, "branch rewritten": slog.LevelWarn, runPutOff: slog.LevelWarn, runNoRoom: slog.LevelWarn,
	"drift found": slog.LevelWarn,
}

// wrong says under the key that all lines use what went wrong with a run, if anything did.
func wrong(e Event) []any {
	switch e.Kind {
	case "failed", "apply failed", "apply interrupted":
		return []any{"error", e.Message}
	}
	return nil
}

// loudness is how loud the log is about an event: a warning asks for attention or is tried again, an error is what failed.
// Whoever is notified needs no such line.
func (r *Runner) loudness(e Event) slog.Level {
	if r.opts.Notify != nil {
		return slog.LevelInfo
	}
	return loud[e.Kind]
}
