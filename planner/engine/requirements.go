package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
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
	if rel != "." {
		return local, nil
	}
	tests, err := m.readTests(root)
	return append(local, tests...), err
}

// testFile is what of a test file calls modules.
type testFile struct {
	Runs []struct {
		Name    string `hcl:"name,label"`
		Modules []struct {
			Source hcl.Expression `hcl:"source,optional"`
			Remain hcl.Body       `hcl:",remain"`
		} `hcl:"module,block"`
		Remain hcl.Body `hcl:",remain"`
	} `hcl:"run,block"`
	Remain hcl.Body `hcl:",remain"`
}

// readTests adds the root module's tests, whose providers and modules init installs too, and returns the local modules
// that they run. The hash of a file covers what else it asks for.
func (m *modules) readTests(root string) (local []string, err error) {
	names, err := testFiles(root)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := m.hash(root, name); err != nil {
			return nil, err
		}
		var file testFile
		if decodeConfig(filepath.Join(root, name), &file) != nil {
			continue // init says what is wrong with it
		}
		for _, run := range file.Runs {
			for _, module := range run.Modules {
				var source string
				if diags := gohcl.DecodeExpression(module.Source, nil, &source); !diags.HasErrors() && isLocal(source) {
					local = append(local, filepath.FromSlash(source)) // from the root module, not from the test
				}
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

// isTerraformFile tells what tfconfig reads from OpenTofu's own files.
func isTerraformFile(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json")
}

var (
	configSuffixes = []string{".tf.json", ".tf", ".tofu.json", ".tofu"}
	testSuffixes   = []string{".tftest.hcl", ".tftest.json", ".tofutest.hcl", ".tofutest.json"}
)

// configFiles are the names of the files of a module that init reads, without tests.
func configFiles(dir string) ([]string, error) { return filesIn(dir, configSuffixes) }

// testFiles are the names of the tests of a root module: "x.tftest.hcl", "tests/x.tftest.hcl".
func testFiles(dir string) ([]string, error) {
	names, err := filesIn(dir, testSuffixes)
	if err != nil {
		return nil, err
	}
	more, err := filesIn(filepath.Join(dir, "tests"), testSuffixes)
	for _, name := range more {
		names = append(names, filepath.Join("tests", name))
	}
	return names, err
}

// filesIn are the files with one of the suffixes; none when there is no directory: init says which is missing, and where.
func filesIn(dir string, suffixes []string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(e.Name(), s) }) {
			names = append(names, e.Name())
		}
	}
	return names, err
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
