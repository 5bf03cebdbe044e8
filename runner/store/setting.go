package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// Settings of the database that its keys are about.
const (
	settingRecipient = "recipient" // whom everything is encrypted for from now on
	settingEarlier   = "recipients before"
	settingMACs      = "hmac" // the HMAC keys, encrypted
)

// setting is a fact about the database itself.
type setting struct {
	bun.BaseModel `bun:"table:settings"`
	Name          string `bun:"name,pk"`
	Value         text   `bun:"value"`
}

func (t *tx) setting(name string) (string, error) {
	var row setting
	err := t.bun.NewSelect().Model(&row).Where("name = ?", name).Scan(t.ctx)
	return string(row.Value), one("setting", name, err)
}

func (t *tx) putSetting(name, value string) error {
	return one("put setting", name, t.upsert(&setting{Name: name, Value: text(value)}, "name"))
}

// recipient is whom contents are encrypted for.
func (t *tx) recipient() (to string, err error) {
	if t.sealFor == "" {
		t.sealFor, err = t.setting(settingRecipient)
	}
	return t.sealFor, err
}

// seal compresses and encrypts a content, and says for whom. Whether this process could decrypt it does not matter: what
// happened must be on record.
func (t *tx) seal(plain []byte) (sealed []byte, recipient string, err error) {
	if recipient, err = t.recipient(); err == nil {
		sealed, err = t.db.sealer.seal(plain, recipient)
	}
	return sealed, recipient, err
}

// checkKey refuses a key file that lacks what the database was encrypted with: a lost key must never be replaced in
// silence. The first key that a database sees is its own.
func (db *DB) checkKey(ctx context.Context) error {
	err := db.View(ctx, func(t runner.Tx) error { return db.readKeys(t.(*tx)) })
	if isNotFound(err) {
		err = db.Update(ctx, func(t runner.Tx) error { return db.writeKeys(t.(*tx)) })
	}
	return err
}

// readKeys checks the key file against the database, and takes up the HMAC keys.
func (db *DB) readKeys(t *tx) error {
	current, err := t.recipient()
	if err != nil {
		return err
	}
	needed, err := t.recipientsInUse()
	if err != nil {
		return err
	}
	for _, recipient := range append([]string{current}, needed...) {
		if recipient != "" && !db.keys.opens(recipient) {
			const next = "put the original key file back, with all its keys, or copy that of another driftless on this database; without it the states, plans and logs in the database cannot be read"
			if db.keys.made {
				_ = os.Remove(db.keys.path) // so that the right one is put there
				return fmt.Errorf("there is no %s, and this database was encrypted with the key %s: %s", db.keys.where(), recipient, next)
			}
			return fmt.Errorf("the %s is not the one this database was encrypted with (it has %s, the database needs %s): %s",
				db.keys.where(), strings.Join(db.keys.recipients(), ", "), recipient, next)
		}
	}
	sealed, err := t.setting(settingMACs)
	if err != nil {
		return err
	}
	macs, err := db.openMACs(sealed)
	if err == nil {
		db.keys.setMACs(macs)
	}
	return err
}

// writeKeys makes what readKeys misses, unless another process was first.
func (db *DB) writeKeys(t *tx) error {
	fresh := newMACs()
	switch _, err := t.recipient(); {
	case isNotFound(err):
		if err := t.putSetting(settingRecipient, db.keys.recipients()[0]); err != nil {
			return err
		}
	case err != nil:
		return err
	default: // an earlier driftless made the database
		if fresh, err = db.keys.derivedMACs(); err != nil {
			return err
		}
	}
	if _, err := t.setting(settingMACs); isNotFound(err) {
		if err := t.putMACs(fresh); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return db.readKeys(t)
}

func (t *tx) putMACs(m macs) error {
	sealed, _, err := t.seal(append(append([]byte{}, m.values...), m.states...))
	if err != nil {
		return err
	}
	return t.putSetting(settingMACs, base64.StdEncoding.EncodeToString(sealed))
}

func (db *DB) openMACs(value string) (macs, error) {
	sealed, err := base64.StdEncoding.DecodeString(value)
	if err == nil {
		sealed, err = db.sealer.unseal(sealed)
	}
	if err == nil && len(sealed) != 2*macSize {
		err = fmt.Errorf("%d bytes", len(sealed))
	}
	if err != nil {
		return macs{}, fmt.Errorf("setting %s: %w", settingMACs, err)
	}
	return macs{sealed[:macSize], sealed[macSize:]}, nil
}
