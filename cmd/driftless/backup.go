package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/store"
)

func newBackup(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the SQLite database while driftless works",
		Long: `backup writes the SQLite database into a new file, as it is at one moment, while driftless works on; the file is checked from one end to
the other before it is there, and only you can read it. It holds runs, reports and the history, and states, plans and logs encrypted.

secret.key is not in it, and without that key the states, plans and logs in it cannot be read: keep a copy of the key apart from the backups.

PostgreSQL has backups of its own: pg_dump, or those of the service that runs it.`,
		Example: "  driftless backup /backup/driftless-$(date +%F).db",
		Args:    takes(1, 1, "a FILE that is not there yet"),
		RunE: func(cmd *cobra.Command, args []string) error {
			place, err := a.place()
			switch {
			case err != nil:
				return err
			case place.URL != "":
				return errors.New("driftless's database is PostgreSQL: back it up with pg_dump, and keep the key apart (docs/operations.md)")
			}
			if err := store.Backup(cmd.Context(), place.Path(), args[0]); err != nil {
				return err
			}
			a.say("%s is a copy of the database. The key is not in it: keep a copy of %s somewhere else.", args[0], filepath.Join(place.DataDir, "secret.key"))
			return nil
		},
	}
}

func newRestore(a *app) *cobra.Command {
	var noted bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup of the SQLite database back",
		Long: `restore puts a file that backup wrote in the place of the SQLite database, while driftless is stopped. The database that was there stays
beside it. It refuses a file that is damaged, that a newer driftless wrote, or that another key encrypted; and as long as an apply goes on that
outlived driftless, or the end of one is not on record yet: the database that is there is the only one to take it.

A backup knows less than was done since, and states in it are older than the world. So nothing is applied by itself afterwards: each
workspace is planned at the tracked branch, and where the plan changes anything, it is held until somebody approves it (driftless approve).
docs/operations.md says what to look at first. What was queued is asked for again, open pull requests are planned and shown anew,
and comments that were written before are not carried out.

With --noted there is no FILE: the database was put back by other means, such as pg_restore or a snapshot, and restore sees to
the same. Say it before any driftless is started on it.`,
		Example: "  driftless restore /backup/driftless-2026-03-01.db\n  pg_restore -d driftless driftless.dump && driftless restore --noted",
		Args:    takes(0, 1, "one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			place, err := a.place()
			switch {
			case err != nil:
				return err
			case noted == (len(args) == 1):
				return errors.New("name the FILE to put back, or say --noted when it was put back already")
			case !noted && place.URL != "":
				return errors.New("driftless's database is PostgreSQL: put the dump back with pg_restore, then say `driftless restore --noted`")
			}
			file := ""
			if !noted {
				file = args[0]
			}
			return a.restore(cmd, place, file)
		},
	}
	cmd.Flags().BoolVar(&noted, "noted", false, "the database was put back by other means")
	onlyOnCommandLine(cmd.Flags(), "noted")
	return cmd
}

func (a *app) restore(cmd *cobra.Command, place daemon.Place, file string) error {
	replaced, err := daemon.Restore(cmd.Context(), place, file, a.logger())
	if errors.Is(err, daemon.ErrBusy) {
		return fmt.Errorf("%w: stop it first", err)
	} else if err != nil {
		return err
	}
	if replaced != "" {
		a.say("The database that was there is %s.", replaced)
	}
	a.say("Nothing is applied by itself until somebody has looked: start driftless, then `driftless workspaces`, and `driftless runs --status held --status interrupted` once it has planned.")
	return nil
}
