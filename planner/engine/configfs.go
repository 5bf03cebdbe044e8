package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

// maxConfigFile bounds one configuration or lock file, in bytes.
const maxConfigFile = 16 << 20

// configFS is the file system as configuration is read from it: a link in somebody's repository to /dev/zero or to a
// pipe must not stop this process.
type configFS struct{}

var _ tfconfig.FS = configFS{}

func (configFS) Open(name string) (tfconfig.File, error) { return openConfig(name) }

func (configFS) ReadFile(name string) ([]byte, error) { return readConfig(name) }

func (configFS) ReadDir(name string) ([]os.FileInfo, error) {
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	var infos []os.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// decodeConfig reads a file of HCL or JSON into a struct with hcl tags.
func decodeConfig(name string, into any) error {
	content, err := readConfig(name)
	if err != nil {
		return err
	}
	parse := hclparse.NewParser().ParseHCL
	if strings.HasSuffix(name, ".json") {
		parse = hclparse.NewParser().ParseJSON
	}
	file, diags := parse(content, name)
	if diags.HasErrors() {
		return diags
	}
	if diags := gohcl.DecodeBody(file.Body, nil, into); diags.HasErrors() {
		return diags
	}
	return nil
}

func openConfig(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	if info.Size() > maxConfigFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, maxConfigFile>>20)
	}
	return os.Open(name)
}

func readConfig(name string) (content []byte, err error) {
	f, err := openConfig(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, maxConfigFile))
}
