package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"filippo.io/age"
)

// lockFile keeps others from changing the key file. The file is replaced by every change, so what is locked must still be it.
func (k *Keys) lockFile() (unlock func(), err error) {
	for {
		file, err := os.Open(k.path)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		for errors.Is(err, syscall.EINTR) {
			err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		}
		held, failed := file.Stat()
		now, gone := os.Stat(k.path)
		if err = errors.Join(err, failed, gone); err == nil && os.SameFile(held, now) {
			return func() { _ = file.Close() }, nil
		}
		_ = file.Close()
		if err != nil {
			return nil, err
		}
	}
}

// edit changes the text of the key file: all of it or nothing, and on the disk when it returns.
func (k *Keys) edit(change func(text string) (string, error)) error {
	if k.read != nil {
		return k.editElsewhere(change)
	}
	unlock, err := k.lockFile()
	if err != nil {
		return fmt.Errorf("key file %s: %w", k.path, err)
	}
	defer unlock()
	if err := k.reload(); err != nil {
		return err
	}
	old, err := os.ReadFile(k.path)
	if err != nil {
		return err
	}
	next, err := change(string(old))
	if err != nil || next == string(old) {
		return err
	}
	if _, err := parseIdentities([]byte(next)); err != nil {
		return err
	}
	if err := replaceFile(k.path, next); err != nil {
		return fmt.Errorf("key file %s cannot be changed: %w. Where it is made by other means, change it there", k.path, err)
	}
	return k.reload()
}

// editElsewhere is for keys that are kept elsewhere: a change that is needed is a person's.
func (k *Keys) editElsewhere(change func(text string) (string, error)) error {
	if err := k.reload(); err != nil {
		return err
	}
	old, err := k.read()
	if err != nil {
		return err
	}
	next, err := change(string(old))
	if err == nil && next != string(old) {
		err = fmt.Errorf("%s is not driftless's to change: change it there, a new key (`driftless keys new FILE`) in front of the others, or those that are not needed any more away; then say this again", k.path)
	}
	return err
}

// replaceFile replaces a file, or the one that a link leads to. It stays its owner's, whoever does it.
func replaceFile(path, content string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(content)
	if err = errors.Join(err, keepOwner(path, tmp), tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// keepOwner gives a file to the owner of the one that it is to replace.
func keepOwner(path string, file *os.File) error {
	old, err := os.Stat(path)
	if err != nil {
		return err
	}
	made, err := file.Stat()
	if err != nil {
		return err
	}
	was, ok := old.Sys().(*syscall.Stat_t)
	is, known := made.Sys().(*syscall.Stat_t)
	if !ok || !known || was.Uid == is.Uid && was.Gid == is.Gid {
		return nil
	}
	return file.Chown(int(was.Uid), int(was.Gid))
}

// next returns whom to encrypt for after the current recipient: the first identity of the file, if it was never used
// before, or else a new one that is put in front.
func (k *Keys) next(used []string) (recipient string, err error) {
	err = k.edit(func(old string) (string, error) {
		if recipient = k.recipients()[0]; !slices.Contains(used, recipient) {
			return old, nil // made by hand, or by a rotation that was cut short
		}
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			return "", err
		}
		recipient = identity.Recipient().String()
		return fmt.Sprintf("# public key: %s\n%s\n", recipient, identity) + old, nil
	})
	return recipient, err
}

// drop removes identities from the file, with the comments that name them.
func (k *Keys) drop(recipients []string) error {
	return k.edit(func(old string) (string, error) {
		var kept strings.Builder
		for line := range strings.Lines(old) {
			gone := slices.ContainsFunc(k.all(), func(identity *age.X25519Identity) bool {
				to := identity.Recipient().String()
				return slices.Contains(recipients, to) && (strings.Contains(line, identity.String()) || strings.Contains(line, to))
			})
			if !gone {
				kept.WriteString(line)
			}
		}
		return kept.String(), nil
	})
}
