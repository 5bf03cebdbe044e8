package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"filippo.io/age"
)

// maxKeyFile is far more than any key file needs, in bytes.
const maxKeyFile = 64 << 10

// LoadKeys reads the key file, and makes it (mode 0600) when it is missing. A file that others than its owner can read is
// an error. Whether the key fits an existing database is checked by Open.
func LoadKeys(path string) (*Keys, error) {
	keys, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKeys(path); err == nil {
			keys, err = readKeys(path)
		}
		if err == nil {
			keys.made = true
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

// NewKeyFile makes a key file (mode 0600) that is not there yet, and returns whom its key is for.
func NewKeyFile(path string) (recipient string, err error) {
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("key file %s: it is there already, and may be the only copy of a key: name another", path)
	}
	keys, err := LoadKeys(path)
	if err != nil {
		return "", err
	}
	return keys.recipients()[0], nil
}

// KeysFrom are keys that are kept elsewhere: read returns what a key file holds, and from says where, for messages. They are
// changed only there.
func KeysFrom(from string, read func() ([]byte, error)) (*Keys, error) {
	keys := &Keys{path: from, read: read}
	err := keys.reload()
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w. Put the key of this database there; for a new one `driftless keys new FILE` makes it", err)
	}
	return keys, err
}

func readKeys(path string) (*Keys, error) {
	identities, err := readIdentities(path)
	if err != nil {
		return nil, err
	}
	return &Keys{path: path, identities: identities}, nil
}

// reload reads the key file again. What it held before is kept when that fails.
func (k *Keys) reload() error {
	identities, err := k.identitiesNow()
	if err != nil {
		return fmt.Errorf("%s: %w", k.where(), err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.identities = identities
	return nil
}

// where says where the keys are kept, for people.
func (k *Keys) where() string {
	if k.read != nil {
		return k.path
	}
	return "key file " + k.path
}

func (k *Keys) identitiesNow() ([]*age.X25519Identity, error) {
	if k.read == nil {
		return readIdentities(k.path)
	}
	data, err := k.read()
	if err != nil {
		return nil, err
	}
	return parseIdentities(data)
}

func readIdentities(path string) ([]*age.X25519Identity, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("others than its owner can use it (mode %04o): `chmod 600 %s`, and if somebody may have read it, all states, plans and logs must count as read", mode, path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return nil, err
	}
	return parseIdentities(data)
}

// parseIdentities reads a file of age identities. Its errors never show any of the content.
func parseIdentities(data []byte) ([]*age.X25519Identity, error) {
	const next = ": it must hold age identities (AGE-SECRET-KEY-1…), one per line; put the original file back, for nothing else decrypts what the database holds"
	parsed, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		return nil, errors.New("cannot be read as keys" + next)
	}
	identities := make([]*age.X25519Identity, len(parsed))
	for i, identity := range parsed {
		x25519, ok := identity.(*age.X25519Identity)
		if !ok {
			return nil, errors.New("holds a key of another kind than X25519" + next)
		}
		identities[i] = x25519
	}
	if len(identities) == 0 {
		return nil, errors.New("holds no key" + next)
	}
	return identities, nil
}

// makeKeys makes the key file with its whole content or not at all. When another process makes it at the same time, the
// first one wins and nobody notices.
func makeKeys(path string) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = fmt.Fprintf(tmp, "# The key of a driftless installation. Keep a copy in a safe place: without it the states, plans and logs in the\n"+
		"# database cannot be read. Never commit it.\n# public key: %s\n%s\n", identity.Recipient(), identity)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new name in a directory survive a loss of power. Not every system can, and then it does by itself.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
