package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

// modules is what a root module and the local modules that it reaches ask of an init without a backend.
type modules struct {
	Providers []string // "local name|source|constraints"
	Remote    []string // "source|version" of modules that are elsewhere
	Files     []string // hashes of files whose requirements are not understood here
	dirs      []string // the directories, relative to the root module's
}

// external reports whether an init would have to install anything.
func (m modules) external() bool {
	return len(m.Remote) > 0 || len(m.Files) > 0 || slices.ContainsFunc(m.Providers, func(p string) bool {
		return p != "terraform||" && !strings.HasPrefix(p, "terraform|terraform.io/builtin/terraform|")
	})
}

// readModules reads the root module at a real path.
func readModules(root string) (modules, error) {
	var m modules
	todo := []string{"."}
	for len(todo) > 0 {
		rel, err := filepath.Rel(root, filepath.Join(root, todo[0])) // "../root/x" is "x"
		if err != nil {
			return modules{}, err
		}
		todo = todo[1:]
		if slices.Contains(m.dirs, rel) {
			continue
		}
		m.dirs = append(m.dirs, rel)
		more, err := m.read(root, rel)
		if err != nil {
			return modules{}, err
		}
		todo = append(todo, more...)
	}
	for _, list := range []*[]string{&m.Providers, &m.Remote, &m.Files} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return m, nil
}

// read adds one module, and returns the local modules that it calls.
func (m *modules) read(root, rel string) (local []string, err error) {
	dir := filepath.Join(root, rel)
	module, diags := tfconfig.LoadModuleFromFilesystem(configFS{}, dir)
	for name, p := range module.RequiredProviders {
		m.Providers = append(m.Providers, name+"|"+p.Source+"|"+strings.Join(p.VersionConstraints, ","))
	}
	for _, call := range module.ModuleCalls {
		if isLocal(call.Source) {
			local = append(local, filepath.Join(rel, call.Source))
		} else {
			m.Remote = append(m.Remote, call.Source+"|"+call.Version)
		}
	}
	files, err := configFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if diags.HasErrors() || !isTerraformFile(name) {
			if err := m.hash(root, filepath.Join(rel, name)); err != nil {
				return nil, err
			}
		}
	}
	return local, nil
}

func (m *modules) hash(root, rel string) error {
	content, err := readConfig(filepath.Join(root, rel))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	m.Files = append(m.Files, rel+"|"+hex.EncodeToString(sum[:]))
	return nil
}

func isLocal(source string) bool {
	return strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") || source == "." || source == ".."
}

// isTerraformFile tells what tfconfig reads from OpenTofu's files and from tests, whose providers init installs too.
func isTerraformFile(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json")
}

var configSuffixes = []string{
	".tf", ".tf.json", ".tofu", ".tofu.json",
	".tftest.hcl", ".tftest.json", ".tofutest.hcl", ".tofutest.json",
}

// configFiles are the names of the files of a module that init reads, tests included ("tests/x.tftest.hcl").
func configFiles(dir string) ([]string, error) {
	var names []string
	for _, sub := range []string{"", "tests"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			if os.IsNotExist(err) {
				continue // init says which module is missing, and where
			}
			return nil, err
		}
		for _, e := range entries {
			isTest := strings.Contains(e.Name(), "test.")
			if e.IsDir() || (sub != "" && !isTest) || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if slices.ContainsFunc(configSuffixes, func(s string) bool { return strings.HasSuffix(e.Name(), s) }) {
				names = append(names, filepath.Join(sub, e.Name()))
			}
		}
	}
	return names, nil
}

// key names the completed lock file for these requirements.
func (m modules) key(e Engine, mirrors []string, lock []byte) (string, error) {
	text, err := json.Marshal([]any{1, e.Kind, e.Version, platform, mirrors, lock, m})
	if err != nil {
		return "", fmt.Errorf("key of the provider requirements: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
