package gitrepo

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const holds = ours + "hold/"

// Hold keeps objects (commits, trees) from being pruned until Keep lets them go; those that are not there are left out. In a local
// repository it does nothing: there, Git itself keeps what is younger than two weeks.
func (m *Mirror) Hold(ctx context.Context, objects []string) error {
	if m.local || len(objects) == 0 {
		return nil
	}
	if err := m.unlocking(ctx, func() error { return m.tryHold(ctx, objects) }); err != nil {
		return fmt.Errorf("hold %d objects: %w", len(objects), err)
	}
	return nil
}

func (m *Mirror) tryHold(ctx context.Context, objects []string) error {
	h, err := m.use.shared(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	var asked, there []string
	for _, id := range objects {
		if m.objects.has(id) {
			there = append(there, id)
		} else if isID(id) {
			asked = append(asked, id)
		}
	}
	if len(asked) > 0 {
		lost, err := m.lost(ctx, h, asked)
		if err != nil {
			return err
		}
		there = append(there, slices.DeleteFunc(asked, func(id string) bool { return lost[id] })...)
	}
	var commands strings.Builder
	slices.Sort(there)
	for _, id := range slices.Compact(there) {
		commands.WriteString("update " + holdRef(id) + "\x00" + id + "\x00\x00")
	}
	if commands.Len() == 0 {
		return nil
	}
	_, err = m.gitIn(ctx, h, commands.String(), "update-ref", "-z", "--stdin")
	return err
}

// lost returns those of some objects that Git says are not there.
func (m *Mirror) lost(ctx context.Context, h *held, objects []string) (map[string]bool, error) {
	said, err := m.gitIn(ctx, h, strings.Join(objects, "\n")+"\n", "cat-file", "--batch-check=%(objectname)")
	lost := map[string]bool{}
	for line := range strings.Lines(said) {
		if id, missing := strings.CutSuffix(strings.TrimSpace(line), " missing"); missing {
			lost[id] = true
		}
	}
	return lost, err
}

// Keep holds these objects, as far as they are there, and lets go of all others, also by a ref that was
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
	lost, err := m.lost(ctx, h, objects)
	if err != nil {
		return err
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

func holdRef(id string) string { return holds + id }
