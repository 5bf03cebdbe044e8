package gitrepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const holds = ours + "hold/"

// Hold keeps an object (commit or tree) from being pruned under a name; Release lets it go. Holding a name again moves it.
// In a local repository it does nothing: there, Git itself keeps what is younger than two weeks.
func (m *Mirror) Hold(ctx context.Context, name, object string) error {
	if m.local {
		return nil
	}
	err := m.setHold(ctx, "update "+holdRef(name)+"\x00"+object+"\x00\x00", object)
	if err != nil {
		return fmt.Errorf("hold %s as %q: %w", object, name, err)
	}
	return nil
}

// Release undoes Hold. A name that holds nothing is no error.
func (m *Mirror) Release(ctx context.Context, name string) error {
	if m.local {
		return nil
	}
	if err := m.setHold(ctx, "delete "+holdRef(name)+"\x00\x00", ""); err != nil {
		return fmt.Errorf("release %q: %w", name, err)
	}
	return nil
}

func (m *Mirror) setHold(ctx context.Context, command, object string) error {
	err := m.tryHold(ctx, command, object)
	if lockedOut(err) {
		if err := m.unlock(ctx); err != nil {
			return err
		}
		err = m.tryHold(ctx, command, object)
	}
	return err
}

func (m *Mirror) tryHold(ctx context.Context, command, object string) error {
	h, err := m.use.shared(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	if object != "" {
		if !isID(object) {
			return fmt.Errorf("%q is no full object id", object)
		}
		if _, err := m.git(ctx, h, "cat-file", "-e", object); err != nil {
			if exitCode(err) > 0 {
				return ErrMissing
			}
			return err
		}
	}
	_, err = m.gitIn(ctx, h, command, "update-ref", "-z", "--stdin")
	return err
}

// holdRef turns any name into that of a ref: what could mean something to Git is escaped, long names are hashed.
func holdRef(name string) string {
	const limit = 200 // a ref is a file, whose name has at most 255 bytes with ".lock"
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() == 0 || b.Len() > limit {
		sum := sha256.Sum256([]byte(name))
		return holds + "%%" + hex.EncodeToString(sum[:])
	}
	return holds + b.String()
}
