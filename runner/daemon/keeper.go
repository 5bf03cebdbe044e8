package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/retention"
	"github.com/driftlessops/driftless/workspaces"
)

// NewKeeper returns what removes what is old from a store and a data directory.
func NewKeeper(store runner.Store, dataDir string, config *workspaces.Config, logger *slog.Logger) (*retention.Keeper, error) {
	keep := config.Retention
	if keep == (workspaces.Retention{}) {
		keep = workspaces.DefaultRetention // a configuration that was not read from a file
	}
	host, _ := os.Hostname()
	return retention.New(retention.Options{
		Store: store, Keep: keep, Owner: fmt.Sprintf("%s/%d %s", host, os.Getpid(), dataDir), Logger: logger,
		Disk: &retention.Disk{
			Dir: dataDir, Temp: os.TempDir(),
			Mirrored: func(mirror string) bool { return mirrored(config.Repositories, mirror) },
			Unused:   func(since time.Time) []string { return engine.Unused(dataDir, since) },
		},
	})
}

// mirrored reports whether a mirror's directory is of a repository under watch. Those that a pattern may find again count.
func mirrored(repositories []workspaces.Repository, mirror string) bool {
	for _, conf := range repositories {
		prefix := strings.TrimSuffix(runner.MirrorName(conf.Name+"."), ".git")
		if mirror == runner.MirrorName(conf.Name) || conf.Pattern != "" && strings.HasPrefix(mirror, prefix) {
			return true
		}
	}
	return false
}

// Once makes one full pass, and removes what is old once a day.
func (d *Daemon) Once(ctx context.Context) error {
	err := d.Runner.Once(ctx)
	if ctx.Err() == nil {
		d.keeper.SweepIfDue(ctx)
	}
	return err
}
