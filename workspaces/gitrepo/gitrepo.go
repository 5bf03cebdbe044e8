// Package gitrepo keeps bare mirrors of Git repositories and answers questions about them: refs, trees, merges, checkouts.
// It is the only user of go-git (ls-remote over HTTP, and reading single objects) and of git(1) (everything else).
package gitrepo

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Auth is how a Git server is asked, with secrets resolved.
type Auth struct {
	Username, Password string
	SSHKey             []byte // PEM
	KnownHosts         string // path; "" = the user's
}

// Options of a Mirror.
type Options struct {
	Dir    string                                  // of the bare mirror; made when missing. Lock files are kept beside it
	URL    string                                  // https, ssh (also host:path), file or a path
	Auth   func(ctx context.Context) (Auth, error) // asked again at each use, so that changed secrets are seen; may be nil
	Logger *slog.Logger
}

// ErrMissing is a revision or an object that the repository does not hold.
var ErrMissing = errors.New("no such object in this repository")

// ErrUnrelated is a merge of two histories that have no commit in common.
var ErrUnrelated = errors.New("the histories have no commit in common")

// Mirror is a bare mirror of one remote repository. Goroutines may share it, and so may processes that open the same
// directory.
type Mirror struct {
	opts    Options
	remote  location
	gitDir  string // absolute
	top     string // of the work tree of a local repository, else ""
	local   bool   // somebody else's repository: only read
	use     *lock  // shared by every use, exclusive for Maintain and for rebuilding
	turn    *lock  // fetches of one mirror take turns
	objects *objects
	indexes *lru.Cache[string, []byte] // by the id of the tree; what they hold is content
	slow    time.Duration              // how long a fetch may take
	made    atomic.Int64               // how often it was made
	answers answers
}

// fetchLimit is how long a fetch may take: more than the first one of the largest repositories does. A server that stalls is
// given up earlier, unless it sends a byte now and then; all that its repository has to do would wait for it.
const fetchLimit = time.Hour

func newMirror(opts Options, gitDir, common string) *Mirror {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	indexes, err := lru.New[string, []byte](mostIndexes)
	if err != nil {
		panic(err)
	}
	return &Mirror{opts: opts, gitDir: gitDir, use: &lock{}, turn: &lock{}, objects: newObjects(common), indexes: indexes, slow: fetchLimit}
}
