package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-version"
)

// probeTimeout is generous: a version manager's shim may sit in the engine's place.
const probeTimeout = time.Minute

// probe asks a binary for its version.
func probe(ctx context.Context, path string) (*version.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var out, errs bytes.Buffer
	p := process{
		path: path, args: []string{"version", "-json"}, dir: "/",
		env:    cleanEnv(os.TempDir(), nil, map[string]string{"TF_CLI_CONFIG_FILE": os.DevNull}),
		stdout: &out, stderr: &errs, interruptWait: time.Second,
	}
	if err := p.run(ctx); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(append(errs.Bytes(), out.Bytes()...)))
	}
	return parseVersion(out.Bytes())
}

// parseVersion reads the output of version -json, which may begin with warnings. OpenTofu uses Terraform's key.
func parseVersion(out []byte) (*version.Version, error) {
	for rest := out; ; rest = rest[1:] {
		i := bytes.IndexByte(rest, '{')
		if i < 0 {
			return nil, errors.New("its version -json holds no version")
		}
		rest = rest[i:]
		var said struct {
			Version string `json:"terraform_version"`
		}
		if json.NewDecoder(bytes.NewReader(rest)).Decode(&said) == nil && said.Version != "" {
			return version.NewVersion(said.Version)
		}
	}
}
