package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// monorepo writes a bare repository with root modules that call two of the shared modules each, and other files. A second commit
// changes one shared module, a third one root module.
func monorepo(ctx context.Context, dir string, roots, shared, files int) error {
	var in bytes.Buffer
	put := func(name, content string) {
		fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", name, len(content), content)
	}
	commit := func(branch, mark, from string) {
		fmt.Fprintf(&in, "commit refs/heads/%s\n%scommitter a <a@b> 1700000000 +0000\ndata 1\nx\n%s", branch, mark, from)
	}
	commit("main", "mark :1\n", "")
	var body strings.Builder
	for i := range 12 {
		fmt.Fprintf(&body, "resource \"terraform_data\" \"x%d\" {\n  input = merge(var.tags, { Name = \"x-${var.env}-%d\" })\n}\n", i, i)
	}
	for m := range shared {
		put(fmt.Sprintf("modules/m%02d/main.tf", m), fmt.Sprintf("# %d\n", m)+body.String())
	}
	for r := range roots {
		call := ""
		for i, m := range []int{r % shared, r * 7 % shared} {
			call += fmt.Sprintf("module \"m%d\" {\n  source = \"../../../modules/m%02d\"\n}\n", i, m)
		}
		dir := fmt.Sprintf("live/env%d/root%04d/", r%10, r)
		put(dir+"main.tf", fmt.Sprintf("# %d\n", r)+body.String()+call)
		put(dir+"backend.tf", fmt.Sprintf("terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key    = \"%d\"\n  }\n}\n", r))
	}
	for f := range max(0, files-2*roots-shared) {
		put(fmt.Sprintf("docs/d%02d/f%04d.md", f%50, f), fmt.Sprintln(f))
	}
	commit("module", "", "from :1\n")
	put("modules/m01/main.tf", body.String())
	commit("root", "", "from :1\n")
	put("live/env0/root0000/main.tf", body.String())
	for _, args := range [][]string{{"init", "--quiet", "--bare", "--initial-branch=main", dir}, {"-C", dir, "fast-import", "--quiet"}} {
		cmd := exec.CommandContext(ctx, "git", args...)
		if args[0] == "-C" {
			cmd.Stdin = &in
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

// affected measures which workspaces changes touch: cold by a program that has just been started, warm by one that looked before.
func affected(b *bench) (figure, verdict string, err error) {
	dir := filepath.Join(b.dir, "monorepo.git")
	if err := monorepo(b.ctx, dir, 1000, 60, 5000); err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	mirror, _, err := gitrepo.OpenLocal(b.ctx, dir)
	if err != nil {
		return "", "", err
	}
	var cold, warm sample
	for range b.rounds {
		took, err := timed(func() error {
			cmd := exec.CommandContext(b.ctx, b.built.program, "workspaces", "--repo", dir, "--base", "main", "--head", "module", "-o", "json")
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir}
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w\n%s", err, out)
			}
			return nil
		})
		if err != nil {
			return "", "", err
		}
		cold = append(cold, took)
	}
	base, err := resolve(b.ctx, mirror, "refs/heads/main")
	if err != nil {
		return "", "", err
	}
	for range b.rounds + 1 {
		for _, branch := range []string{"module", "root"} {
			took, err := timed(func() error { return compare(b.ctx, mirror, base, branch) })
			if err != nil {
				return "", "", err
			}
			warm = append(warm, took)
		}
	}
	warm = warm[2:] // the first of each is cold
	return fmt.Sprintf("cold %s, warm %s", cold.text(seconds), warm.text(seconds)), said(cold.median() <= 2 && warm.median() <= 0.1), nil
}

// resolve finds the workspaces of a commit.
func resolve(ctx context.Context, mirror *gitrepo.Mirror, rev string) (*workspaces.Set, error) {
	tree, err := mirror.Tree(ctx, rev)
	if err != nil {
		return nil, err
	}
	return workspaces.Resolve(workspaces.Source{Repository: workspaces.Repository{Name: "infra"}, Tree: tree})
}

// compare finds what a branch affects, as a look at a pull request does: the tracked branch was looked at before it.
func compare(ctx context.Context, mirror *gitrepo.Mirror, base *workspaces.Set, branch string) error {
	head, err := resolve(ctx, mirror, "refs/heads/"+branch)
	if err != nil {
		return err
	}
	effects, err := workspaces.NewDigester(nil, nil).Affected(ctx, base, head)
	n := 0
	for _, e := range effects {
		if e.Affected {
			n++
		}
	}
	if err == nil && (n == 0 || n > 100) {
		err = fmt.Errorf("%s affects %d workspaces", branch, n)
	}
	return err
}

// discovery measures how long it takes to find root modules, as their number grows.
func discovery(b *bench) (figure, verdict string, err error) {
	var parts []string
	var per []float64
	last := 0.0
	for _, n := range []int{2500, 5000, 10000} {
		dir := filepath.Join(b.dir, fmt.Sprintf("roots-%d.git", n))
		if err := monorepo(b.ctx, dir, n, 60, 2*n); err != nil {
			return "", "", err
		}
		var took sample
		for range min(b.rounds, 3) {
			one, err := timed(func() error {
				cmd := exec.CommandContext(b.ctx, b.built.program, "workspaces", "--repo", dir, "--head", "main", "-o", "json")
				cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir}
				out, err := cmd.Output()
				if found := bytes.Count(out, []byte(`"id"`)); err == nil && found < n {
					err = fmt.Errorf("%d of %d were found", found, n)
				}
				return err
			})
			if err != nil {
				return "", "", err
			}
			took = append(took, one)
		}
		last = took.median()
		per = append(per, last/float64(n))
		parts = append(parts, fmt.Sprintf("%d: %s", n, took.text(seconds)))
		if err := os.RemoveAll(dir); err != nil {
			return "", "", err
		}
	}
	linear := per[2] <= 1.5*per[0]
	return strings.Join(parts, "; "), said(last <= 20 && linear), nil
}
