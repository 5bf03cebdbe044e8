package daemon

import (
	"fmt"
	"os"
	"runtime"

	"github.com/driftlessops/driftless/workspaces"
)

// warnOfExposed says which files of secrets anybody on this machine can read or change. That of a group is left to the operator.
func (d *Daemon) warnOfExposed() {
	seen := map[string]bool{}
	for _, s := range Secrets(d.opts.Config) {
		if s.File == "" || seen[s.File] || runtime.GOOS == "windows" {
			continue
		}
		seen[s.File] = true
		info, err := os.Stat(s.File)
		if err != nil || info.Mode().Perm()&0o006 == 0 {
			continue // one that is missing is said where it is needed
		}
		d.opts.Logger.Warn("everybody on this machine can get at a secret", "file", s.File,
			"mode", fmt.Sprintf("%04o", info.Mode().Perm()), "next", "chmod o= "+s.File)
	}
}

// Secrets are all that a configuration names.
func Secrets(config *workspaces.Config) (all []workspaces.Secret) {
	add := func(some ...*workspaces.Secret) {
		for _, s := range some {
			if s != nil {
				all = append(all, *s)
			}
		}
	}
	add(config.DatabasePassword, config.EncryptionKey)
	for _, f := range config.Forges {
		add(f.Token, f.Webhook)
		if f.App != nil {
			add(&f.App.PrivateKey)
		}
	}
	for _, r := range config.Repositories {
		if r.Credentials != nil {
			add(r.Credentials.Password, r.Credentials.SSHKey)
		}
	}
	for _, id := range config.Identities {
		for _, refs := range []map[string]workspaces.Secret{id.Plan, id.Apply} {
			for _, s := range refs {
				add(&s)
			}
		}
	}
	return all
}
