package gitrepo

import (
	"context"
	"fmt"
	"strings"
)

const holds = ours + "hold/"

// Keep holds these objects (commits, trees) for Maintain, as far as they are there, and lets go of all others, also of what was
// fetched. Fetch brings that again when it is wanted. In a local repository it does nothing: there, Git itself keeps what is younger
// than two weeks.
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
	wanted, kept := map[string]bool{}, map[string]bool{}
	for _, id := range objects {
		wanted[id] = true
	}
	for line := range strings.Lines(have) {
		id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !wanted[id] {
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

// holdRef is the ref by which an object is held.
func holdRef(id string) string { return holds + id }
