package engine

import (
	"context"
	"os"
	"path/filepath"
)

// Apply applies a saved plan file. The data directory must be the one that the plan was made with.
func (r *Root) Apply(ctx context.Context, planFile string) error {
	args := append([]string{"apply", "-json", "-input=false"}, r.parallelism()...)
	return r.session.run(ctx, PhaseApply, r.selected(), nil, append(args, planFile)...)
}

// ErroredState is the file in which the engine left the state when a failed apply could not write it to the backend.
// It is the only copy of that state.
func (r *Root) ErroredState() (path string, ok bool) {
	path = filepath.Join(r.opts.Dir, "errored.tfstate")
	info, err := os.Lstat(path)
	return path, err == nil && info.Mode().IsRegular()
}
