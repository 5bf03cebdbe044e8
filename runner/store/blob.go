package store

import (
	"errors"

	"github.com/uptrace/bun"
)

type blobRow struct {
	bun.BaseModel `bun:"table:blobs"`
	Key           text   `bun:"key,pk"`
	Content       []byte `bun:"content"`
	SealedFor     string `bun:"sealed_for"`
	Size          int64  `bun:"size"`
}

// PutBlob implements runner.Tx.
func (t *tx) PutBlob(key string, data []byte) error {
	sealed, recipient, err := t.seal(data)
	if err == nil {
		err = t.patiently(int64(len(sealed)), func() error {
			_, err := t.exec("INSERT INTO blobs (key, content, sealed_for, size) VALUES",
				"ON CONFLICT (key) DO UPDATE SET content = EXCLUDED.content, sealed_for = EXCLUDED.sealed_for, size = EXCLUDED.size",
				text(key).kept(), sealed, recipient, len(sealed))
			return err
		})
	}
	return one("put blob", key, err)
}

// Blob implements runner.Tx.
func (t *tx) Blob(key string) ([]byte, error) {
	var row blobRow
	read := func(columns ...string) error {
		return t.bun.NewSelect().Model(&row).Column(columns...).Where("key = ?", text(key)).Scan(t.ctx)
	}
	err := read("size")
	if err == nil {
		err = t.patiently(row.Size, func() error { return read() })
	}
	if err != nil {
		return nil, one("blob", key, err)
	}
	data, err := t.db.sealer.unseal(row.Content)
	return data, one("blob", key, err)
}

// DeleteBlobs implements runner.Tx. An empty prefix is an error: nobody means all of them.
func (t *tx) DeleteBlobs(prefix string) error {
	if prefix == "" {
		return errors.New("delete blobs: no prefix given")
	}
	from, to := span(prefix)
	_, err := t.bun.NewDelete().Model((*blobRow)(nil)).Where("key >= ? AND key < ?", from, to).Exec(t.ctx)
	return one("delete blobs", prefix, err)
}
