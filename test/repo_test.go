package test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/driftlessops/driftless/examples"
)

// makeRepo makes a bare repository and a clone with what the script has for it in it.
func makeRepo(ts *testscript.TestScript, s *story, args []string) error {
	if err := usage(args, 1, 2, "repo NAME [EXAMPLE]"); err != nil {
		return err
	}
	name := args[0]
	clone, bare := filepath.Join(s.dir, name), filepath.Join(s.dir, name+".git")
	start := []string{"init", "--quiet", "--bare", bare}
	if s.hosted != nil {
		dir, err := s.hosted.add(name)
		if err != nil {
			return err
		}
		start, bare = []string{"version"}, dir
	}
	if err := os.MkdirAll(clone, 0o755); err != nil {
		return err
	}
	if len(args) == 2 {
		if err := examples.Write(clone, args[1]); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(clone, "README.md"), []byte("# "+name+"\n"), 0o644); err != nil {
		return err
	}
	ts.Check(ts.Chdir(clone))
	for _, cmd := range [][]string{
		start, {"init", "--quiet"}, {"remote", "add", "origin", bare},
		{"add", "--all"}, {"commit", "--quiet", "-m", "Begin"}, {"push", "--quiet", "-u", "origin", "main"},
	} {
		if err := ts.Exec("git", cmd...); err != nil {
			return fmt.Errorf("git %s: %w", strings.Join(cmd, " "), err)
		}
	}
	s.repos = append(s.repos, name)
	return s.writeConfig()
}

// writeConfig writes the operator's file. No engine is ever downloaded: what a story needs is on PATH or missing.
func (s *story) writeConfig() error {
	var b strings.Builder
	if s.cloud != nil {
		say(&b, "provider_mirrors = [%q]\n", built.mirror)
	}
	say(&b, "data_dir = %q\n\nengine %q { releases = \"http://127.0.0.1:1\" }\n\ndefaults { engine = %[2]q }\n", s.dataDir(), s.engine)
	if s.database != "" {
		say(&b, "\ndatabase = %q\n", s.database)
	}
	if s.hosted != nil {
		b.WriteString(s.hosted.signIn(s.dir))
	}
	poll := cmp.Or(s.poll, "1s")
	for _, name := range s.repos {
		url := filepath.Join(s.dir, name+".git")
		if s.hosted != nil {
			url = s.hosted.url + "/acme/" + name
		}
		if s.hosted != nil && s.hosted.all {
			continue
		}
		say(&b, "\nrepository %q {\n  url           = %q\n  poll_interval = %q\n  poll_jitter   = \"0s\"\n%s}\n", name, url, poll, s.extra)
	}
	if s.hosted != nil && s.hosted.all {
		say(&b, "\nrepository \"acme\" {\n  url           = %q\n  poll_interval = %q\n  poll_jitter   = \"0s\"\n%s}\n", s.hosted.url+"/acme/*", poll, s.extra)
	}
	if s.cloud != nil {
		say(&b, "\nidentity \"cloud\" {\n  plan {\n    env \"CLOUD_ENDPOINT\" { file = %q }\n    env \"GORACE\" { file = %q }\n  }\n}\n", s.path("endpoint"), s.path("gorace"))
	}
	return os.WriteFile(s.config(), []byte(b.String()), 0o600)
}

func (s *story) path(name string) string { return filepath.Join(s.dir, name) }

// addConfig appends files to the operator's file.
func addConfig(ts *testscript.TestScript, s *story, args []string) error {
	f, err := os.OpenFile(s.config(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for _, name := range args {
		_, writing := f.WriteString("\n" + expand(ts, ts.ReadFile(name)))
		err = errors.Join(err, writing)
	}
	return errors.Join(err, f.Close())
}

func gitCommand(ts *testscript.TestScript, neg bool, args []string) { program(ts, neg, "git", args...) }

// edit replaces a text that must be in a file.
func edit(ts *testscript.TestScript, _ *story, args []string) error {
	if err := usage(args, 3, 3, "edit FILE OLD NEW"); err != nil {
		return err
	}
	name := ts.MkAbs(args[0])
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Contains(old, []byte(args[1])) {
		return fmt.Errorf("%s does not contain %q:\n%s", args[0], args[1], old)
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, bytes.ReplaceAll(old, []byte(args[1]), []byte(args[2])), info.Mode()&fs.ModePerm)
}

// gits runs git commands one after the other.
func gits(ts *testscript.TestScript, all ...[]string) error {
	for _, args := range all {
		if err := ts.Exec("git", args...); err != nil {
			return fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
		}
	}
	return nil
}

func push(ts *testscript.TestScript, _ *story, args []string) error {
	if err := usage(args, 1, 1, "push MESSAGE"); err != nil {
		return err
	}
	return gits(ts, []string{"add", "--all"}, []string{"commit", "--quiet", "-m", args[0]}, []string{"push", "--quiet"})
}

func propose(ts *testscript.TestScript, _ *story, args []string) error {
	if err := usage(args, 2, 2, "propose BRANCH MESSAGE"); err != nil {
		return err
	}
	return gits(ts, []string{"switch", "--quiet", "-c", args[0]}, []string{"add", "--all"}, []string{"commit", "--quiet", "-m", args[1]},
		[]string{"push", "--quiet", "-u", "origin", "HEAD"}, []string{"switch", "--quiet", "main"})
}

// merge merges a branch as a forge would, and pushes the outcome.
func merge(ts *testscript.TestScript, _ *story, args []string) error {
	if err := usage(args, 1, 2, "merge [-squash|-rebase] BRANCH"); err != nil {
		return err
	}
	branch := args[len(args)-1]
	if err := gits(ts, []string{"switch", "--quiet", "main"}, []string{"pull", "--quiet", "--ff-only"}); err != nil {
		return err
	}
	how := [][]string{{"merge", "--quiet", "--no-ff", "-m", "Merge " + branch, branch}}
	switch {
	case len(args) == 1:
	case args[0] == "-squash":
		how = [][]string{{"merge", "--quiet", "--squash", branch}, {"commit", "--quiet", "-m", "Squash " + branch}}
	case args[0] == "-rebase":
		how = [][]string{{"cherry-pick", "main.." + branch}}
	default:
		return fmt.Errorf("merge %s: unknown way", args[0])
	}
	return gits(ts, append(how, []string{"push", "--quiet", "origin", "main"})...)
}
