package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/runner/store"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "dir")
	one, again := keys(t, dir), keys(t, dir)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "secret.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if open(t, dir); one.HMAC() != nil {
		t.Error("an HMAC key before the database was opened")
	}
	for _, k := range []*store.Keys{one, again} {
		openKeyed(t, dir, k)
	}
	if len(one.HMAC()) != 32 || !bytes.Equal(one.HMAC(), again.HMAC()) || bytes.Equal(one.HMAC(), make([]byte, 32)) {
		t.Error("the HMAC key is not the same 32 bytes")
	}
	elsewhere := t.TempDir()
	other := keys(t, elsewhere)
	if openKeyed(t, elsewhere, other); bytes.Equal(one.HMAC(), other.HMAC()) {
		t.Error("two installations have one HMAC key")
	}
	to := recipient(t, dir)
	for _, plain := range [][]byte{{}, []byte("x"), bytes.Repeat([]byte("state"), 1<<18)} {
		sealed, err := store.Encrypt(plain, to)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.Decrypt(sealed); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes came back as %d, %v", len(plain), len(got), err)
		}
		if _, err := other.Decrypt(sealed); err == nil || !strings.Contains(err.Error(), "put the original key file back") {
			t.Errorf("decrypted with another key: %v", err)
		}
		sealed[len(sealed)-1] ^= 1
		if _, err := one.Decrypt(sealed); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("decrypted what was changed: %v", err)
		}
	}
}

func TestKeysMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "secret.key")
	var group sync.WaitGroup
	all := make([]*store.Keys, 16)
	for i := range all {
		group.Go(func() {
			var err error
			if all[i], err = store.LoadKeys(path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	sealed, err := store.Encrypt([]byte("x"), recipient(t, filepath.Dir(path)))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if _, err := k.Decrypt(sealed); err != nil {
			t.Fatal("two keys were made")
		}
	}
}

func TestKeysRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"readable by the group": {"", 0o640, "chmod 600"},
		"readable by all":       {"", 0o604, "chmod 600"},
		"empty":                 {"", 0o600, "cannot be read as keys"},
		"no key":                {"# nothing\n", 0o600, "cannot be read as keys"},
		"damaged":               {"AGE-SECRET-KEY-1SECRET\n", 0o600, "cannot be read as keys"},
		"foreign":               {"-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n", 0o600, "cannot be read as keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "secret.key")
			if err := os.WriteFile(path, []byte(test.content), test.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := store.LoadKeys(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "SECRET\n") {
				t.Errorf("got: %v", err)
			}
			if data, err := os.ReadFile(path); err != nil || string(data) != test.content {
				t.Errorf("the file was changed to %q, %v", data, err)
			}
		})
	}
}
