package gitrepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

const holds = ours + "hold/"

// Hold keeps an object (commit or tree) from being pruned under a name; Keep lets it go. Holding a name again moves it.
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

// Keep holds these objects, as far as they are there, and lets go of all others, whatever holds them: a name, or a ref that was
// fetched. Fetch brings that again when it is wanted.
func (m *Mirror) Keep(ctx context.Context, objects []string) error {
	if m.local {
		return nil
	}
	if err := m.unlocking(ctx, func() error { return m.tryKeep(ctx, objects) }); err != nil {
		return fmt.Errorf("keep %d objects: %w", len(objects), err)
	}
	return nil
}

func (m *Mirror) tryKeep(ctx context.Context, objects []string) error {
	h, err := m.use.shared(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	there, err := m.gitIn(ctx, h, strings.Join(objects, "\n")+"\n", "cat-file", "--batch-check=%(objectname)")
	if err != nil {
		return err
	}
	lost := map[string]bool{} // by Git's word: it answers "ID missing"
	for line := range strings.Lines(there) {
		if id, missing := strings.CutSuffix(strings.TrimSpace(line), " missing"); missing {
			lost[id] = true
		}
	}
	have, err := m.git(ctx, h, "for-each-ref", "--format=%(objectname) %(refname)")
	if err != nil {
		return err
	}
	var commands strings.Builder
	kept := map[string]bool{}
	for line := range strings.Lines(have) {
		id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !slices.Contains(objects, id) {
			commands.WriteString("delete " + name + "\x00\x00")
		} else if name == holdRef(id) {
			kept[id] = true
		} else if strings.HasPrefix(name, holds) {
			commands.WriteString("delete " + name + "\x00\x00")
		}
	}
	for _, id := range objects {
		if isID(id) && !lost[id] && !kept[id] {
			commands.WriteString("update " + holdRef(id) + "\x00" + id + "\x00\x00")
			kept[id] = true
		}
	}
	if commands.Len() == 0 {
		return nil
	}
	_, err = m.gitIn(ctx, h, commands.String(), "update-ref", "-z", "--stdin")
	return err
}

func (m *Mirror) setHold(ctx context.Context, command, object string) error {
	return m.unlocking(ctx, func() error { return m.tryHold(ctx, command, object) })
}

// unlocking does something again when a git(1) that was killed has left its lock files in the way.
func (m *Mirror) unlocking(ctx context.Context, do func() error) error {
	err := do()
	if lockedOut(err) {
		if err := m.unlock(ctx); err != nil {
			return err
		}
		err = do()
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
		if _, err := m.ask(ctx, h, "cat-file", "-e", object); err != nil {
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
