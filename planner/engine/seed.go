package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// seeded fills the data directory with a copy of the seed, when the last init of that read what init would read now. Whatever does
// not fit leads to an init.
func (r *Root) seeded(key string) bool {
	if r.opts.Seed == "" {
		return false
	}
	want, err := r.initKey(r.opts.Seed)
	if err != nil || recorded(r.opts.Seed) != want {
		return false
	}
	if err := r.copySeed(); err == nil && writeFile(record(r.opts.DataDir), []byte(key)) == nil {
		return true
	}
	_ = os.RemoveAll(r.opts.DataDir)
	_ = os.MkdirAll(r.opts.DataDir, 0o700)
	return false
}

// seedNames are what an init leaves. What else is there is of programs that the engine started for others, and none of this run's business.
var seedNames = []string{"modules", "providers", "environment", "terraform.tfstate"}

// copyOf copies one of them, if it is there.
func (r *Root) copyOf(name string) error {
	from, to := filepath.Join(r.opts.Seed, name), filepath.Join(r.opts.DataDir, name)
	info, err := os.Lstat(from)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return os.CopyFS(to, os.DirFS(from))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", from)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, content)
}

// copySeed copies it. Another run may be at work there: an init takes the record away before it changes anything, and
// writes a new one at its end.
func (r *Root) copySeed() error {
	before, err := os.Stat(record(r.opts.Seed))
	if err != nil {
		return err
	}
	for _, name := range seedNames {
		if err := r.copyOf(name); err != nil {
			return err
		}
	}
	after, err := os.Stat(record(r.opts.Seed))
	if err != nil {
		return err
	}
	if !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		return errors.New("an init changed it meanwhile")
	}
	return r.moveModules()
}

// moveModules makes the list of installed modules name those of this directory: the engine writes absolute paths of what it
// downloaded.
func (r *Root) moveModules() error {
	name := filepath.Join(r.opts.DataDir, "modules", "modules.json")
	content, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	var list struct {
		Modules []map[string]any
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return err
	}
	for _, m := range list.Modules {
		dir, ok := m["Dir"].(string)
		if below, within := strings.CutPrefix(dir, r.opts.Seed+"/"); ok && within {
			m["Dir"] = r.opts.DataDir + "/" + below
		}
	}
	if content, err = json.Marshal(list); err != nil {
		return err
	}
	return writeFile(name, content)
}
