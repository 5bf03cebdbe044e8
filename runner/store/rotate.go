package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner"
)

// Recipients implements runner.Keyring.
func (db *DB) Recipients() []string {
	db.keys.refresh()
	return db.keys.recipients()
}

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
			names = slices.AppendSeq(names, maps.Keys(counts))
		}
		all = nil
		for i, name := range names {
			if slices.Contains(names[:i], name) {
				continue
			}
			key := runner.Key{Current: name == current, Earlier: slices.Contains(earlier, name), Artifacts: blobs[name], States: states[name]}
			key.Recipient, key.Damaged = strings.CutPrefix(name, damaged)
			if unnamed(name) {
				key.Recipient, key.Unknown = "", !db.reads(name)
			}
			key.InFile = db.keys.opens(key.Recipient)
			all = append(all, key)
		}
		return nil
	})
	return all, err
}

// Rotate implements runner.Keyring. The file has the identity before the database needs it.
func (db *DB) Rotate(ctx context.Context, actor, self string) (did runner.Rotation, err error) {
	if err := db.keys.reload(); err != nil {
		return did, err
	}
	var earlier []string
	look := func(rt runner.Tx) (err error) {
		t := rt.(*tx)
		if did, err = t.rotation(); err == nil {
			earlier, err = t.earlier()
		}
		return err
	}
	if err = db.View(ctx, look); err != nil || len(earlier) > 0 && did.Left > 0 {
		return did, err // an earlier rotation goes on
	}
	from := did.Recipient
	to, err := db.keys.next(append(earlier, from))
	if err != nil {
		return did, err
	}
	err = db.Update(ctx, func(rt runner.Tx) error {
		t := rt.(*tx)
		if err := t.everybodyHas(to, self); err != nil {
			return err
		}
		return db.switchTo(t, from, to, actor)
	})
	if err == nil {
		err = db.View(ctx, look)
	}
	return did, err
}

// everybodyHas refuses what would leave a replica that is alive without the key of what it must read. self has it.
func (t *tx) everybodyHas(recipient, self string) error {
	at, err := t.Clock()
	if err != nil {
		return err
	}
	all, err := t.Replicas()
	if err != nil {
		return err
	}
	var lack []string
	for _, r := range all {
		if r.ID != self && r.LeaseUntil.After(at) && !slices.Contains(r.Keys, recipient) {
			lack = append(lack, fmt.Sprintf("%s on %s", r.ID, r.Host))
		}
	}
	if len(lack) == 0 {
		return nil
	}
	return runner.UserError(fmt.Sprintf("the database is as it was: %s does not stand in the key file of %s, which could not read what is encrypted for it. "+
		"Put its line from %s in front of each of theirs, and say this again after some seconds, or a minute where a command gives the key",
		recipient, strings.Join(lack, ", of "), t.db.keys.path))
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

// Retire implements runner.Keyring. What it is about to do is on record before it does it.
func (db *DB) Retire(ctx context.Context, actor, self string) (gone []string, err error) {
	all, err := db.Keys(ctx)
	if err != nil {
		return nil, err
	}
	current, artifacts, states := "", 0, 0
	for _, k := range all {
		switch {
		case k.Current:
			current = k.Recipient
			continue
		case k.Damaged || k.Unknown || !k.InFile && k.Recipient != "": // no key of this file reads them
			continue
		case k.Earlier:
			gone = append(gone, k.Recipient)
		}
		artifacts, states = artifacts+k.Artifacts, states+k.States
	}
	if len(gone) == 0 {
		return nil, nil
	}
	if artifacts+states > 0 {
		return nil, runner.UserError(fmt.Sprintf("%d artifacts and %d states are still encrypted for an earlier key: `driftless keys rotate` encrypts them anew", artifacts, states))
	}
	record := func(kind, message string) error {
		return db.Update(ctx, func(rt runner.Tx) error {
			return errors.Join(rt.(*tx).everybodyHas(current, self), rt.Append(&runner.Event{Kind: kind, Actor: actor, Message: message + strings.Join(gone, ", ")}))
		})
	}
	if err := record("keys are retired", "the key file on this machine is to lose: "); err != nil {
		return nil, err
	}
	if err := db.keys.drop(gone); err != nil {
		return nil, err
	}
	return gone, record("keys retired", "the key file on this machine holds no more: ")
}
