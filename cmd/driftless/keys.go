package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/runner/store"
)

func newKeys(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "keys",
		Short: "Show and change the key that everything is encrypted with",
		Long: `keys is about the key file, secret.key in the data directory: a file of age identities, which decrypt the states, plans and logs in the
database. One of them is the current one: everything is encrypted for it.`,
		Example: `  driftless keys list
  driftless keys rotate && driftless keys retire`,
	})
	cmd.AddCommand(newKeysList(a), newKeysNew(a), newKeysRotate(a), newKeysRetire(a))
	return cmd
}

func newKeysNew(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "new FILE",
		Short: "Make a key file for encryption_key",
		Long: `new makes a key and writes it into a FILE that is not there yet, which only you can read: for encryption_key, before the first start on a
PostgreSQL database, as age-keygen would. Without encryption_key driftless makes secret.key in the data directory by itself.`,
		Example: "  driftless keys new /run/secrets/driftless-key",
		Args:    takes(1, 1, "a FILE that is not there yet"),
		RunE: func(_ *cobra.Command, args []string) error {
			recipient, err := store.NewKeyFile(args[0])
			if err != nil {
				return err
			}
			a.say("%s holds the key %s. Keep a copy in a safe place: without it the states, plans and logs in the database cannot be read.", args[0], recipient)
			return nil
		},
	}
}

func newKeysList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys, and what needs them",
		Long: `list shows the public half of each key of the key file and of each that the database needs: whether it is the current one, and how many
artifacts and states are encrypted for it. No secret is shown.`,
		Example: "  driftless keys list\n  driftless keys list -o json | jq -r '.[] | select(.current) | .recipient'",
		Args:    takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			var all []server.KeyView
			if err := conn.Get(cmd.Context(), "/v1/keys", nil, &all); err != nil {
				return err
			}
			if a.output == "json" {
				return printJSON(a.out, all)
			}
			t := table{whole: true, header: []string{"KEY", "ARTIFACTS", "STATES", "NOTE"}}
			for _, k := range all {
				t.add(k.Recipient, fmt.Sprint(k.Artifacts), fmt.Sprint(k.States), keyNote(k))
			}
			return t.print(a, a.out)
		},
	}
}

func keyNote(k server.KeyView) string {
	needed := k.Artifacts+k.States > 0
	switch {
	case k.Damaged:
		return "damaged: cannot be read with any key, and stays as it is"
	case k.Unknown:
		return "its key is missing from the key file, and not known by name: put it back, and `driftless keys rotate` finds it"
	case k.Recipient == "":
		return "not known which key: an earlier driftless encrypted it; `driftless keys rotate` settles that"
	case !k.InFile:
		return "missing from the key file: put it back"
	case k.Current:
		return "current"
	case needed:
		return "still needed: `driftless keys rotate` goes on"
	case k.Earlier:
		return "not needed any more: `driftless keys retire` removes it"
	}
	return "not used yet"
}

func newKeysRotate(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Change the key, and encrypt everything anew",
		Long: `rotate puts a new key in front of the key file, lets everything be encrypted for it from now on, and encrypts anew what is there: states,
plans and logs, a few at a time, while driftless works on. When the first key of the file was never used, as one that was put there
by hand, it is taken in place of a new one. Nothing changes in the database before every other replica that is alive has the key: which ones lack
it is said (docs/operations.md).

Interrupted, it goes on where it was when it is called again; what is encrypted for either key can be read all the time. What is damaged
and cannot be read is named, and stays as it is. The earlier key stays in
the file until ` + "`driftless keys retire`" + `. Digests do not change: what was reviewed stays reviewed.`,
		Example: "  driftless keys rotate\n  sudo -u driftless driftless keys rotate",
		Args:    takes(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.rotateKeys(cmd.Context()) },
	}
}

func (a *app) rotateKeys(ctx context.Context) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	var rotated server.RotationView
	if err := conn.Do(ctx, "/v1/keys/rotate", nil, &rotated); err != nil {
		return err
	}
	a.say("Everything is encrypted for %s from now on.", rotated.Recipient)
	if err := a.reseal(ctx, conn, &rotated); err != nil {
		return fmt.Errorf("%w. `driftless keys rotate` goes on where it was", err)
	}
	for _, name := range rotated.Damaged {
		a.say("%s is damaged and cannot be read: it stays as it is.", safe(name))
	}
	if rotated.Missing > 0 {
		a.say("%d artifacts and states were encrypted for a key that is missing from the key file: `driftless keys list` says what is known of it. They stay as they are; put the key back, and say this again.", rotated.Missing)
	}
	if a.output == "json" {
		return printJSON(a.out, rotated)
	}
	a.say("All that can be read is encrypted anew. Keep a copy of the key file, apart from the database's backups; then `driftless keys retire` removes the earlier key.")
	return nil
}

// sayPause is how often people are told how far it is.
const sayPause = 3 * time.Second

// reseal encrypts anew what is left, some contents at a time.
func (a *app) reseal(ctx context.Context, conn *connection, r *server.RotationView) error {
	for said := time.Now(); ; {
		var now server.RotationView
		if err := conn.Do(ctx, "/v1/keys/reseal", nil, &now); err != nil {
			return err
		}
		if now.Done == 0 {
			r.Left = 0
			return nil
		}
		r.Done, r.Left, r.Damaged = r.Done+now.Done, max(0, r.Left-now.Done), append(r.Damaged, now.Damaged...)
		r.Missing += now.Missing
		if time.Since(said) > sayPause {
			said = time.Now()
			a.say("%d artifacts and states are left.", r.Left)
		}
	}
}

func newKeysRetire(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "retire",
		Short: "Remove earlier keys from the key file",
		Long: `retire removes the keys from the key file that were the current one before and that nothing in the database needs any more. It refuses
while anything is still encrypted for another than the current key. A key that was not used yet stays.

Backups of the database that were made before need the key of their time: keep it with them, or throw both away.`,
		Example: "  driftless keys retire",
		Args:    takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			var done server.RotationView
			if err := conn.Do(cmd.Context(), "/v1/keys/retire", nil, &done); err != nil {
				return err
			}
			if a.output == "json" {
				return printJSON(a.out, done)
			}
			if len(done.Retired) == 0 {
				a.say("Nothing was removed: there is no earlier key in the key file. `driftless keys list` says which keys it has, and which it lacks.")
			}
			for _, key := range done.Retired {
				a.say("Removed from the key file: %s", key)
			}
			return nil
		},
	}
}
