package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
)

// Restore puts a backup in the place of the SQLite database of a place, and returns where the database is that was there, ""
// if there was none. Without a file it only takes note that the database was put back by other means.
func Restore(ctx context.Context, p Place, file string, logger *slog.Logger) (replaced string, err error) {
	unlock, err := lock(ctx, filepath.Join(p.DataDir, "lock"))
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", p.DataDir, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := nothingApplies(p.DataDir); err != nil {
		return "", err
	}
	if file == "" {
		db, err := OpenExisting(ctx, p, logger)
		if err != nil {
			return "", err
		}
		return "", errors.Join(db.Restored(ctx, Actor()), db.Close())
	}
	if err := allRecorded(ctx, p, logger); err != nil {
		return "", err
	}
	keys, err := p.keys(ctx)
	if err != nil {
		return "", err
	}
	aside := "before-restore-" + time.Now().UTC().Format("20060102T150405Z")
	return store.Restore(ctx, store.Options{Path: p.Path(), Keys: keys, Logger: logger}, file, Actor(), aside)
}

// nothingApplies is an error while an apply that outlived driftless goes on: its result belongs into the database that is there.
func nothingApplies(dataDir string) error {
	if runs := runner.GoingOn(dataDir); len(runs) > 0 {
		return fmt.Errorf("the apply of run %s goes on, which outlived driftless: start driftless, let it end, and stop driftless again", strings.Trim(fmt.Sprint(runs), "[]"))
	}
	return nil
}

// allRecorded is an error while the result of an apply that ended waits to be recorded in the database that is there: the one that
// takes its place would not get it. It is none where there is no database, or none that can be read: nothing is recorded there any more.
func allRecorded(ctx context.Context, p Place, logger *slog.Logger) error {
	db, err := OpenExisting(ctx, p, logger)
	if err != nil {
		return nil
	}
	var runs []int64
	err = db.View(ctx, func(tx runner.Tx) (err error) {
		runs, err = runner.Unrecorded(tx, p.DataDir)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		logger.Warn("the database that is there does not say whether the end of every apply is on record", "error", err)
		return nil
	}
	if len(runs) == 0 {
		return nil
	}
	return fmt.Errorf("how the apply of run %s ended is not on record yet, and the database that is there would be the only one to know it: start driftless, which records it, and stop driftless again. If it cannot start on that database, move %[2]s/RUN/apply to %[3]s/RUN-apply: `driftless state rescued` lists what is there",
		strings.Trim(fmt.Sprint(runs), "[]"), filepath.Join(p.DataDir, "runs"), filepath.Join(p.DataDir, "rescued"))
}
