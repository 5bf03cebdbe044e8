package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner"
)

// Keys implements runner.Keyring.
func (db *DB) Keys(ctx context.Context) (all []runner.Key, err error) {
	if err := db.keys.reload(); err != nil {
		return nil, err
	}
	err = db.View(ctx, func(rt runner.Tx) error {
		t := rt.(*tx)
		current, err := t.recipient()
		if err != nil {
			return err
		}
		blobs, err := t.sealedCounts("blobs")
		if err != nil {
			return err
		}
		states, err := t.sealedCounts("states")
		if err != nil {
			return err
		}
		earlier, err := t.earlier()
		if err != nil {
			return err
		}
		names := append(db.keys.recipients(), current)
		for _, counts := range []map[string]int{blobs, states} {
			for name := range counts {
				names = append(names, name)
			}
		}
		all = nil
		for _, name := range names {
			if slices.ContainsFunc(all, func(k runner.Key) bool { return k.Recipient == name }) {
				continue
			}
			all = append(all, runner.Key{
				Recipient: name, Current: name == current, InFile: db.keys.opens(name), Earlier: slices.Contains(earlier, name),
				Artifacts: blobs[name], States: states[name],
			})
		}
		return nil
	})
	return all, err
}

// Rotate implements runner.Keyring. The file has the identity before the database needs it.
func (db *DB) Rotate(ctx context.Context, actor string) (to string, err error) {
	var current string
	var earlier []string
	left := 0
	err = db.View(ctx, func(rt runner.Tx) (err error) {
		t := rt.(*tx)
		if current, err = t.recipient(); err == nil {
			earlier, err = t.earlier()
		}
		if err == nil && len(earlier) > 0 {
			left, err = t.unsealed(current)
		}
		return err
	})
	if err != nil || left > 0 {
		return current, err // an earlier rotation goes on
	}
	if to, err = db.keys.next(append(earlier, current)); err != nil {
		return "", err
	}
	err = db.Update(ctx, func(rt runner.Tx) error { return db.switchTo(rt.(*tx), current, to, actor) })
	return to, err
}

// switchTo lets everything be encrypted for another recipient from now on.
func (db *DB) switchTo(t *tx, from, to, actor string) error {
	current, err := t.recipient()
	if err != nil {
		return err
	}
	if current != from {
		return fmt.Errorf("rotate the key: somebody else did at the same time: look at `driftless keys list`: %w", runner.ErrConflict)
	}
	earlier, err := t.earlier()
	if err != nil {
		return err
	}
	t.sealFor = to
	return errors.Join(
		t.putSetting(settingRecipient, to),
		t.putSetting(settingEarlier, strings.Join(append(earlier, from), "\n")),
		t.putMACs(db.keys.heldMACs()),
		t.Append(&runner.Event{Kind: "key rotated", Actor: actor, Message: "everything is encrypted for " + to + " from now on, in place of " + from}),
	)
}

// earlier are the recipients that were encrypted for before.
func (t *tx) earlier() ([]string, error) {
	value, err := t.setting(settingEarlier)
	if isNotFound(err) {
		return nil, nil
	}
	return strings.Split(value, "\n"), err
}

// Retire implements runner.Keyring.
func (db *DB) Retire(ctx context.Context, actor string) (gone []string, err error) {
	all, err := db.Keys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		switch {
		case !k.Current && k.Artifacts+k.States > 0:
			return nil, runner.UserError(fmt.Sprintf("%d artifacts and %d states are still encrypted for an earlier key: `driftless keys rotate` encrypts them anew", k.Artifacts, k.States))
		case !k.Current && k.InFile && k.Earlier:
			gone = append(gone, k.Recipient)
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	if err := db.keys.drop(gone); err != nil {
		return nil, err
	}
	return gone, db.Update(ctx, func(t runner.Tx) error {
		return t.Append(&runner.Event{Kind: "keys retired", Actor: actor, Message: "the key file on this machine holds no more: " + strings.Join(gone, ", ")})
	})
}
