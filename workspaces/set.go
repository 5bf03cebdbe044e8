package workspaces

import (
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// Set is every workspace of one repository at one tree.
type Set struct {
	Tree        Tree
	Workspaces  []*Workspace      // sorted by ID, invalid ones included
	Directories []Directory       // every directory that holds engine files, sorted by path, with why it is a workspace or not
	Policies    []Policy          // of the operator and of the trusted tree
	Notices     []string          // edits of the planned tree that take effect only after the merge, rules of CODEOWNERS that are left out
	Diagnostics hcl.Diagnostics   // errors and warnings that name a place
	Sources     map[string][]byte // files that Diagnostics points into

	once    sync.Once
	view    *view
	outside outside
	digests sync.Map // of workspaces that others are compared with, by digestKey

	naming    sync.Once
	nameIndex *nameIndex
}

// Directory explains one directory with *.tf, *.tofu, *.tf.json or *.tofu.json files.
type Directory struct {
	Path     string   `json:"dir"`
	Root     bool     `json:"workspace"`
	Reason   string   `json:"reason"`
	CalledBy []string `json:"called_by,omitempty"` // directories that call it as a module
}

// Source is what Resolve reads.
type Source struct {
	Repository Repository // the operator's block; only Name, Kind and Settings matter
	Operator   Settings   // the top level of the operator's file
	Tree       Tree       // what is planned: says what each workspace is
	Trusted    Tree       // the tracked branch: says what each may do; nil means Tree itself is trusted
}

// Workspace returns the workspace with the given identity, or nil.
func (s *Set) Workspace(id ID) *Workspace {
	if at := s.names().ids[id]; len(at) > 0 {
		return s.Workspaces[at[0]]
	}
	return nil
}

// Find returns the workspaces that a person's word names: an identity, "dir", "dir@name", a name, or a glob of those.
func (s *Set) Find(word string) []*Workspace {
	if found := s.named(word); len(found) > 0 {
		return found
	}
	var found []*Workspace
	for _, w := range s.Workspaces {
		for _, name := range []string{string(w.ID), w.target().String(), w.Dir, w.Name} {
			if _, ok := matchAny([]string{word}, name); ok && name != "" {
				found = append(found, w)
				break
			}
		}
	}
	return found
}

// files returns the view of the set's tree.
func (s *Set) files() *view {
	s.once.Do(func() {
		if s.view == nil {
			s.view = newView(s.Tree)
		}
	})
	return s.view
}
