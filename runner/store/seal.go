package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// maxContent limits what is unpacked, in bytes.
const maxContent = 2 << 30

// sealer compresses and encrypts contents. It may be used concurrently.
type sealer struct {
	keys *Keys
	pack *zstd.Encoder
	open *zstd.Decoder
}

func newSealer(keys *Keys) (*sealer, error) {
	pack, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	open, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxContent))
	if err != nil {
		return nil, err
	}
	return &sealer{keys: keys, pack: pack, open: open}, nil
}

func (s *sealer) close() { s.open.Close() }

func (s *sealer) seal(plain []byte) ([]byte, error) {
	return s.keys.Encrypt(s.pack.EncodeAll(plain, nil))
}

func (s *sealer) unseal(sealed []byte) ([]byte, error) {
	packed, err := s.keys.Decrypt(sealed)
	if err != nil {
		return nil, err
	}
	plain, err := s.open.DecodeAll(packed, []byte{})
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return plain, nil
}

// digest tells contents of states apart without telling what they are.
func (s *sealer) digest(content []byte) text {
	mac := hmac.New(sha256.New, s.keys.states)
	mac.Write(content)
	return text(hex.EncodeToString(mac.Sum(nil)))
}

// setting is a fact about the database itself.
type setting struct {
	bun.BaseModel `bun:"table:settings"`
	Name          string `bun:"name,pk"`
	Value         text   `bun:"value"`
}

// checkKey refuses a key that the database was not encrypted with: a lost key must never be replaced in silence. The first
// key that a database sees is its own.
func (db *DB) checkKey(ctx context.Context) error {
	var recipient string
	read := func(t runner.Tx) (err error) {
		recipient, err = t.(*tx).setting("recipient")
		return err
	}
	err := db.View(ctx, read)
	if isNotFound(err) {
		err = db.Update(ctx, func(t runner.Tx) error {
			own := setting{Name: "recipient", Value: text(db.keys.recipient())}
			if _, err := t.(*tx).bun.NewInsert().Model(&own).On("CONFLICT (name) DO NOTHING").Exec(ctx); err != nil {
				return err
			}
			return read(t) // another process may have been first
		})
	}
	if err == nil && !db.keys.opens(recipient) {
		err = fmt.Errorf("the key file %s is not the one this database was encrypted with (the file has %s, the database needs %s): "+
			"put the original key file back; without it the states, plans and logs in the database cannot be read", db.keys.path, db.keys.recipient(), recipient)
	}
	return err
}

func (t *tx) setting(name string) (string, error) {
	var row setting
	err := t.bun.NewSelect().Model(&row).Where("name = ?", name).Scan(t.ctx)
	return string(row.Value), one("setting", name, err)
}
