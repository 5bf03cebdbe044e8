package engine

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"
)

// probeTimeout is generous: a version manager's shim may sit in the engine's place.
const probeTimeout = time.Minute

// probe asks a binary for its version.
func probe(ctx context.Context, path string) (*version.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	tf, err := tfexec.NewTerraform(os.TempDir(), path)
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	for _, entry := range cleanEnv(os.TempDir(), nil, map[string]string{"TF_CLI_CONFIG_FILE": os.DevNull}) {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	if err := errors.Join(tf.SetWaitDelay(time.Second), tf.SetEnv(tfexec.CleanEnv(env))); err != nil {
		return nil, err
	}
	v, _, err := tf.Version(ctx, true)
	return v, err
}
