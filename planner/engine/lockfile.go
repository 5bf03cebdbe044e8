package engine

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// depLock is what a dependency lock file says about providers.
type depLock struct {
	Providers []lockedProvider `hcl:"provider,block"`
	Remain    hcl.Body         `hcl:",remain"`
}

type lockedProvider struct {
	Address string   `hcl:"address,label"` // "registry.terraform.io/hashicorp/aws"
	Version string   `hcl:"version,optional"`
	Hashes  []string `hcl:"hashes,optional"`
	Remain  hcl.Body `hcl:",remain"`
}

func parseLock(lock []byte) (depLock, error) {
	file, diags := hclsyntax.ParseConfig(lock, lockName, hcl.InitialPos)
	if diags.HasErrors() {
		return depLock{}, fmt.Errorf("read the lock file: %w", diags)
	}
	var parsed depLock
	if diags := gohcl.DecodeBody(file.Body, nil, &parsed); diags.HasErrors() {
		return depLock{}, fmt.Errorf("read the lock file: %w", diags)
	}
	return parsed, nil
}

// addHashes adds hashes to the provider blocks of a lock file, by address.
func addHashes(lock []byte, more map[string][]string) ([]byte, error) {
	parsed, err := parseLock(lock)
	if err != nil || len(more) == 0 {
		return lock, err
	}
	file, diags := hclwrite.ParseConfig(lock, lockName, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("read the lock file: %w", diags)
	}
	for _, p := range parsed.Providers {
		block := file.Body().FirstMatchingBlock("provider", []string{p.Address})
		if block == nil || len(more[p.Address]) == 0 {
			continue
		}
		hashes := slices.Concat(p.Hashes, more[p.Address])
		slices.Sort(hashes)
		var values []cty.Value
		for _, h := range slices.Compact(hashes) {
			values = append(values, cty.StringVal(h))
		}
		block.Body().SetAttributeValue("hashes", cty.ListVal(values))
	}
	out := file.Bytes()
	if _, err := parseLock(out); err != nil {
		return lock, nil // a block in one line, which no engine writes: without the hashes it costs a download
	}
	return out, nil
}
