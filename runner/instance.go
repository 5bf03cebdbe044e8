package runner

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// instance is the id of the replica that a data directory belongs to; it is made at the first start. A restart goes on with
// what was its own.
func instance(dataDir string) (string, error) {
	path := filepath.Join(dataDir, "instance")
	data, err := os.ReadFile(path)
	if err == nil {
		if id := strings.TrimSpace(string(data)); id != "" {
			return id, nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read which replica this is: %w", err)
	}
	var random [6]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	id := hex.EncodeToString(random[:])
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return "", err
	}
	next := path + ".new"
	if err := errors.Join(os.WriteFile(next, []byte(id+"\n"), 0o600), os.Rename(next, path)); err != nil {
		return "", fmt.Errorf("write down which replica this is: %w", err)
	}
	return id, nil
}
