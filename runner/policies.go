package runner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/workspaces"
)

// policyCache keeps compiled policies by what they were made of.
type policyCache struct {
	mu  sync.Mutex
	all map[string]*policy.Set
}

func newPolicyCache() *policyCache { return &policyCache{all: map[string]*policy.Set{}} }

// compile compiles sources, once for the same files.
func (c *policyCache) compile(sources []policy.Source) *policy.Set {
	key := sourceKey(sources)
	c.mu.Lock()
	defer c.mu.Unlock()
	if set := c.all[key]; set != nil {
		return set
	}
	if len(c.all) > 32 {
		clear(c.all)
	}
	set := policy.Compile(sources)
	c.all[key] = set
	return set
}

// sourceKey is equal for sources with the same files, or the same failures.
func sourceKey(sources []policy.Source) string {
	h := sha256.New()
	for _, s := range sources {
		_, _ = fmt.Fprintf(h, "%q %v %d\n", s.Name, s.Err, len(s.Files))
		for _, f := range s.Files {
			_, _ = fmt.Fprintf(h, "%q %d\n", f.Path, len(f.Data))
			_, _ = h.Write(f.Data)
		}
	}
	return string(h.Sum(nil))
}

// policySet returns the policies as a commit of the tracked branch has them, with the operator's.
func (w *watcher) policySet(ctx context.Context, commit string) (*policy.Set, error) {
	blocks, err := w.policyBlocks(ctx, commit)
	if err != nil {
		return nil, err
	}
	sources := make([]policy.Source, len(blocks))
	for i, b := range blocks {
		if sources[i] = b.source; b.Dir != "" {
			sources[i] = policy.ReadDir(b.Name, b.Dir)
		}
	}
	return w.r.policies.compile(sources), nil
}

// policyBlock is a policy block, and what its path holds at one commit.
type policyBlock struct {
	workspaces.Policy
	source policy.Source
}

// blockMemory remembers the policy blocks of commits and trees, which never change.
type blockMemory struct {
	mu  sync.Mutex
	all map[string][]policyBlock
}

func (m *blockMemory) get(commit string) ([]policyBlock, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	blocks, ok := m.all[commit]
	return blocks, ok
}

func (m *blockMemory) put(commit string, blocks []policyBlock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil || len(m.all) > 256 {
		m.all = map[string][]policyBlock{}
	}
	m.all[commit] = blocks
}

// brokenPolicies says what is wrong with the policies that a merge would bring: after it nothing could be judged.
func (w *watcher) brokenPolicies(ctx context.Context, tree string) (notices []string, err error) {
	set, err := w.policySet(ctx, tree)
	if err != nil {
		return nil, err
	}
	for _, p := range set.Problems() {
		notices = append(notices, fmt.Sprintf("after this merge the policies of %q could not judge, and would block every plan: %s", p.Policy, p.Message))
	}
	return notices, nil
}

// policyBlocks returns the policy blocks that hold at a commit, or in a tree.
func (w *watcher) policyBlocks(ctx context.Context, commit string) ([]policyBlock, error) {
	if known, ok := w.blocks.get(commit); ok {
		return known, nil
	}
	set, err := w.resolve(ctx, commit, "")
	if err != nil {
		return nil, err
	}
	blocks := []policyBlock{}
	for _, p := range set.Policies {
		b := policyBlock{Policy: p}
		if p.Dir == "" {
			b.source = readPolicies(set.Tree, p)
		}
		blocks = append(blocks, b)
	}
	w.blocks.put(commit, blocks)
	return blocks, nil
}

// policyPair returns the policies before and after a move of the tracked branch. The ones before are nil when they are
// the same, or when the configuration of that commit could not be read: nothing was judged by it then either.
func (w *watcher) policyPair(ctx context.Context, before, after string) (was, is *policy.Set, err error) {
	if is, err = w.policySet(ctx, after); err != nil {
		return nil, nil, err
	}
	if before == "" || before == after {
		return nil, is, nil
	}
	was, err = w.policySet(ctx, before)
	var broken hcl.Diagnostics
	switch {
	case errors.As(err, &broken):
		return nil, is, nil
	case err != nil:
		return nil, nil, fmt.Errorf("the policies from before the merge, at %.8s: %w", before, err)
	case revision(was) == revision(is):
		return nil, is, nil
	}
	return was, is, nil
}

// pairRevision names the policies of a pair.
func pairRevision(was, is *policy.Set) string {
	if was == nil {
		return revision(is)
	}
	return revision(was) + " " + revision(is)
}

// revision names policies: by their files, and by what keeps them from judging, such as a directory that is missing.
func revision(set *policy.Set) string {
	name := set.Revision()
	for _, p := range set.Problems() {
		name = fmt.Sprintf("%x", sha256.Sum256([]byte(name+"\n"+p.Policy+"\n"+p.Message)))
	}
	return name
}

// readPolicies reads a policy block's files from a tree.
func readPolicies(tree workspaces.Tree, p workspaces.Policy) policy.Source {
	source := policy.Source{Name: p.Name, Root: path.Clean(p.Path)}
	source.Err = walkTree(tree, path.Clean(p.Path), func(file string) error {
		switch path.Ext(file) {
		case ".rego", ".json", ".yaml", ".yml":
		default:
			return nil
		}
		data, err := tree.Read(file)
		if err == nil {
			source.Files = append(source.Files, policy.File{Path: file, Data: data})
		}
		return err
	})
	if errors.Is(source.Err, fs.ErrNotExist) {
		source.Err = fmt.Errorf("policy %q: path %q does not exist on the tracked branch: add it, or remove the policy block", p.Name, p.Path)
	}
	return source
}

// walkTree calls f for every file below dir; hidden directories are left out.
func walkTree(tree workspaces.Tree, dir string, f func(file string) error) error {
	entries, err := tree.List(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name)
		switch e.Mode {
		case workspaces.Dir:
			if !strings.HasPrefix(e.Name, ".") {
				err = walkTree(tree, name, f)
			}
		case workspaces.File, workspaces.Executable:
			err = f(name)
		case workspaces.Symlink, workspaces.Submodule:
			err = fmt.Errorf("%s is a symbolic link or a submodule: put the file itself there", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
