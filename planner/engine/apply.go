package engine

import "context"

// Apply applies a saved plan file. The data directory must be the one that the plan was made with.
func (r *Root) Apply(ctx context.Context, planFile string) error {
	args := append([]string{"apply", "-json", "-input=false"}, r.parallelism()...)
	return r.session.run(ctx, PhaseApply, r.selected(), nil, append(args, planFile)...)
}
