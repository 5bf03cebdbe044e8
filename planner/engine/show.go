package engine

import (
	"bytes"
	"context"
)

// Show returns the JSON of a plan file. It holds sensitive values in clear.
func (r *Root) Show(ctx context.Context, planFile string) ([]byte, error) {
	var out bytes.Buffer
	if err := r.session.run(ctx, PhaseShow, r.selected(), &out, "show", "-json", "-no-color", planFile); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
