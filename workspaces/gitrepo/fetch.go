package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Fetch brings the named refs (full names) of the remote into the mirror under the same names and removes branches that
// are gone from refs. Commits that were fetched stay until they are pruned by Maintain. A ref comes as it is in refs; where the remote
// does not give a commit any more that no ref leads to, as it is now, and one that has vanished is left out: ask Has. A mirror that
// is known to be damaged is made anew first, and one that turns out to be, then.
// What the remote is to blame for is of type *RemoteError.
func (m *Mirror) Fetch(ctx context.Context, refs Refs, want []string) error {
	if m.local {
		return fmt.Errorf("fetch into %s: %w", m.gitDir, errLocal)
	}
	turn, err := m.turn.exclusive(ctx)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", m.remote.display, err)
	}
	defer turn.release()
	err = m.fetchOnce(ctx, refs, want)
	if lockedOut(err) {
		if err := m.unlock(ctx); err != nil {
			return fmt.Errorf("fetch %s: remove lock files: %w", m.remote.display, err)
		}
		err = m.fetchOnce(ctx, refs, want)
	} else if err != nil && ctx.Err() == nil && m.toBlame(ctx) {
		err = m.fetchOnce(ctx, refs, want)
	}
	var remote *RemoteError
	if err == nil || errors.As(err, &remote) {
		return err
	}
	return fmt.Errorf("fetch %s: %w", m.remote.display, err)
}

// toBlame reports whether the mirror may be the reason why a fetch failed. That it is sound is not asked before each: that is a process.
func (m *Mirror) toBlame(ctx context.Context) bool {
	if m.Doubted() {
		return true
	}
	sound, err := m.sound(ctx)
	if err != nil || sound {
		return false
	}
	if m.marked() {
		m.doubt(errUnsound)
	}
	return true
}

var errUnsound = errors.New("git(1) does not take it for a repository")

func (m *Mirror) fetchOnce(ctx context.Context, refs Refs, want []string) error {
	if m.Doubted() || !m.marked() {
		if err := m.repair(ctx); err != nil {
			return fmt.Errorf("repair the mirror: %w", err)
		}
	}
	h, err := m.use.shared(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	have, err := m.refs(ctx, h)
	if err != nil {
		return err
	}
	// Before the fetch, so that "a" makes room for "a/b".
	if err := m.forget(ctx, h, gone(have, refs)); err != nil {
		return err
	}
	if want = needed(have, refs, want); len(want) == 0 {
		return nil
	}
	auth, err := m.auth(ctx)
	if err != nil {
		return err
	}
	return m.fetchRefs(ctx, h, auth, refs, want)
}

// fetchRefs runs git fetch, by the commits that the remote was seen to have, so that it is not asked for its refs once more: one
// request less for each push. What it does not give so it is asked for by name; when a ref has vanished meanwhile, it is asked again
// which are left.
func (m *Mirror) fetchRefs(ctx context.Context, h *held, auth Auth, refs Refs, want []string) error {
	ctx, cancel := context.WithTimeout(ctx, m.slow)
	defer cancel()
	err := m.fetchSpecs(ctx, h, auth, specs(want, func(name string) string { return refs.All[name] }))
	if err == nil {
		return nil
	}
	for range 3 {
		if exitCode(err) < 0 || ctx.Err() != nil || !fussy(err.Error()) {
			break
		}
		if err = m.fetchSpecs(ctx, h, auth, specs(want, func(name string) string { return name })); err == nil {
			return nil
		}
		if exitCode(err) < 0 || !strings.Contains(err.Error(), "couldn't find remote ref") {
			break
		}
		now, failed := m.remote.list(ctx, auth, patience)
		if failed != nil {
			return failed
		}
		if want = needed(nil, now.Refs, want); len(want) == 0 {
			return nil
		}
	}
	return m.remote.remoteError(ctx, err, auth)
}

// fussy reports whether a server that refused commits may give the same under the names of refs: what else keeps a fetch from its work
// does so again.
func fussy(text string) bool {
	kind := kindOfStderr(text)
	return refusedID(text) || kind != KindAuth && kind != KindUnreachable && !strings.Contains(text, ".lock': File exists") && !strings.Contains(text, "No space left")
}

// specs are refspecs that bring what source says under the same names.
func specs(names []string, source func(name string) string) string {
	var s strings.Builder
	for _, name := range names {
		fmt.Fprintf(&s, "+%s:%s\n", source(name), name)
	}
	return s.String()
}

// fetchSpecs runs git fetch once.
func (m *Mirror) fetchSpecs(ctx context.Context, h *held, auth Auth, specs string) error {
	env, done, err := m.remote.access(auth)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, m.slow)
	defer cancel()
	args := append([]string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
		"--no-recurse-submodules", "--update-shallow", "--refmap=", "--stdin"}, m.remote.transport()...)
	_, err = m.call(ctx, call{args: append(args, "--", m.remote.addr), stdin: specs, held: h, env: env})
	return err
}

// refs returns the mirror's own refs, by the object that they name and by the commit that a tag stands for.
func (m *Mirror) refs(ctx context.Context, h *held) (map[string][2]string, error) {
	out, err := m.git(ctx, h, "for-each-ref", "--format=%(objectname) %(*objectname) %(refname)")
	if err != nil {
		return nil, err
	}
	have := map[string][2]string{}
	for line := range strings.Lines(out) {
		if field := strings.Split(strings.TrimSuffix(line, "\n"), " "); len(field) == 3 {
			have[field[2]] = [2]string{field[0], field[1]}
		}
	}
	return have, nil
}

// gone returns the refs that the remote does not have any more. Those that we hold for ourselves are not meant.
func gone(have map[string][2]string, refs Refs) []string {
	var names []string
	for name := range have {
		if _, ok := refs.All[name]; !ok && !strings.HasPrefix(name, ours) {
			names = append(names, name)
		}
	}
	return names
}

// needed returns what of want the remote has and the mirror has not.
func needed(have map[string][2]string, refs Refs, want []string) []string {
	var names []string
	seen := map[string]bool{}
	for _, name := range want {
		id, ok := refs.All[name]
		if local := have[name]; !ok || seen[name] || !validRef(name) || local[0] == id || local[1] == id {
			continue
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}

// forget deletes refs of the mirror.
func (m *Mirror) forget(ctx context.Context, h *held, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var input strings.Builder
	for _, name := range names {
		input.WriteString("delete " + name + "\x00\x00")
	}
	_, err := m.gitIn(ctx, h, input.String(), "update-ref", "-z", "--stdin")
	return err
}

// Lacks reports whether a commit is to be fetched: it cannot be read here at once, or not all of its history is there.
func (m *Mirror) Lacks(commit string) bool {
	return m.objects.lacks(commit) || !m.Has(commit)
}

// Has reports whether the mirror holds the commit with all of its history.
func (m *Mirror) Has(commit string) bool {
	ctx := context.Background()
	h, err := m.use.shared(ctx)
	if err != nil {
		return false
	}
	defer h.release()
	return m.has(ctx, h, commit)
}

func (m *Mirror) has(ctx context.Context, h *held, commit string) bool {
	if !isID(commit) {
		return false
	}
	// What refs reach was checked when it was fetched; an interrupted fetch can leave a commit without its files.
	_, err := m.ask(ctx, h, "rev-list", "--objects", "--quiet", commit+"^{commit}", "--not", "--all", "--")
	return err == nil
}
