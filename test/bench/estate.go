package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/driftlessops/driftless/examples/cloud/provider"
)

// estate is a generated repository: root modules r000, r001, …, which call shared modules where there are any.
type estate struct {
	roots  int
	cloud  bool   // resources of the simulated cloud; otherwise terraform_data, which needs no provider
	lock   string // the dependency lock file of those
	shared int
	broken bool // there is no engine for it: its plans fail at once
}

// files are those of the repository.
func (e estate) files() map[string]string {
	all := map[string]string{}
	for i := range e.roots {
		all[e.root(i)+"/main.tf"] = e.main(i, "one")
		if e.lock != "" {
			all[e.root(i)+"/.terraform.lock.hcl"] = e.lock
		}
	}
	for m := range e.shared {
		all[fmt.Sprintf("modules/m%02d/main.tf", m)] = fmt.Sprintf("variable \"name\" {\n  type = string\n}\n\nresource \"terraform_data\" \"m%02d\" {\n  input = var.name\n}\n", m)
	}
	return all
}

func (e estate) root(i int) string { return fmt.Sprintf("r%03d", i) }

// main is the main.tf of a root module, with a value that a change changes.
func (e estate) main(i int, value string) string {
	text := ""
	if e.cloud {
		text = fmt.Sprintf("terraform {\n  required_providers {\n    cloud = { source = %q }\n  }\n}\n\nresource \"cloud_network\" \"net\" {\n  name = \"net-%d\"\n  cidr = \"10.0.0.0/16\"\n  tags = { value = %q }\n}\n", provider.Source, i, value)
	} else {
		text = fmt.Sprintf("resource \"terraform_data\" \"net\" {\n  input = %q\n}\n", value)
	}
	if e.broken {
		text += "\nterraform {\n  required_version = \"> 999\"\n}\n"
	}
	if e.shared > 0 {
		text += fmt.Sprintf("\nmodule \"shared\" {\n  source = \"../modules/m%02d\"\n  name   = \"r%d\"\n}\n", i%e.shared, i)
	}
	return text
}

// changed are the files of a change to the first n root modules.
func (e estate) changed(n int, value string) map[string]string {
	all := map[string]string{}
	for i := range n {
		all[e.root(i)+"/main.tf"] = e.main(i, value)
	}
	return all
}

// write writes files below a directory.
func write(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
