package forges

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pushed is the directory with a file for each repository that was pushed to: by whom, if that is known.
const pushed = "pushed"

// init makes the bare repository. Its hook tells of pushes, whichever way they come.
func (r *Repo) init() error {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	if _, err := r.git("init", "--quiet", "--bare", "--initial-branch="+r.branch, "."); err != nil {
		return err
	}
	config := "[http]\n\treceivepack = true\n[receive]\n\thideRefs = refs/pull\n[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n[gc]\n\tauto = 0\n"
	f, err := os.OpenFile(filepath.Join(r.dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(config)
	hook := filepath.Join(r.dir, "hooks", "post-receive")
	return errors.Join(err, f.Close(), os.MkdirAll(filepath.Dir(hook), 0o700),
		os.WriteFile(hook, []byte("#!/bin/sh\necho \"$REMOTE_USER\" > '"+filepath.Join(r.w.o.Dir, pushed, strconv.FormatInt(r.id, 10))+"'\n"), 0o700))
}

// run runs git in dir as somebody, and returns its output without the last newline.
func (w *World) run(dir, by, stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	date := fmt.Sprintf("%d +0000", w.now().Unix())
	cmd.Env = append(gitEnv(), "GIT_AUTHOR_NAME="+by, "GIT_AUTHOR_EMAIL="+email(by), "GIT_COMMITTER_NAME="+by,
		"GIT_COMMITTER_EMAIL="+email(by), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return strings.TrimSuffix(out.String(), "\n"), fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(problem.String()))
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func gitEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}
}

func email(login string) string { return login + "@users.forge.example" }

func (r *Repo) git(args ...string) (string, error) { return r.w.run(r.dir, "forge", "", args...) }

// has reports whether a commit is there.
func (r *Repo) has(commit string) bool {
	_, err := r.git("cat-file", "-e", commit+"^{commit}")
	return err == nil && len(commit) == 40
}

// Commit commits files to a branch as a push would: path → content, "" removes it. A branch that does not exist begins at the
// default one.
func (r *Repo) Commit(by, branch, message string, files map[string]string) (commit string, err error) {
	defer r.w.lock()()
	from := r.heads[branch]
	if from == "" {
		from = r.heads[r.branch]
	}
	return r.commit(by, branch, from, message, files)
}

// Amend puts a commit in the place of a branch's last one, as a force-push would.
func (r *Repo) Amend(by, branch, message string, files map[string]string) (commit string, err error) {
	defer r.w.lock()()
	return r.commit(by, branch, r.heads[branch]+"^1", message, files)
}

func (r *Repo) commit(by, branch, from, message string, files map[string]string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "commit refs/heads/%s\nmark :1\ncommitter %s <%s> %d +0000\ndata %d\n%s\n", branch, by, email(by), r.w.now().Unix(), len(message), message)
	if from != "" {
		fmt.Fprintf(&b, "from %s\n", from)
	}
	for path, content := range files {
		if content == "" {
			fmt.Fprintf(&b, "D %s\n", path)
			continue
		}
		fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", path, len(content), content)
	}
	b.WriteString("get-mark :1\n")
	commit, err := r.w.run(r.dir, by, b.String(), "fast-import", "--quiet", "--force")
	if err != nil {
		return "", fmt.Errorf("commit to %s of %s: %w", branch, r.path(), err)
	}
	r.move(branch, commit, by)
	return commit, nil
}

// SetBranch puts a branch at a commit, whatever it was at; "" deletes it.
func (r *Repo) SetBranch(by, branch, commit string) error {
	defer r.w.lock()()
	args := []string{"update-ref", "refs/heads/" + branch, commit}
	if commit == "" {
		args = []string{"update-ref", "-d", "refs/heads/" + branch}
	}
	if _, err := r.git(args...); err != nil {
		return fmt.Errorf("set branch %s of %s: %w", branch, r.path(), err)
	}
	r.move(branch, commit, by)
	return nil
}

// DeleteBranch deletes a branch, which closes the pull requests from it and into it.
func (r *Repo) DeleteBranch(by, branch string) error { return r.SetBranch(by, branch, "") }

// Head returns the commit of a branch; "" = there is none.
func (r *Repo) Head(branch string) string {
	defer r.w.lock()()
	return r.heads[branch]
}

// Branches returns the names of the branches, sorted.
func (r *Repo) Branches() []string {
	defer r.w.lock()()
	return r.branches()
}

func (r *Repo) branches() []string {
	var names []string
	for name := range r.heads {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Git runs git in the bare repository and returns its output.
func (r *Repo) Git(args ...string) (string, error) {
	defer r.w.lock()()
	return r.git(args...)
}

// Fork makes a fork "owner/name" of the repository, public as it is or not.
func (r *Repo) Fork(owner string) (*Repo, error) {
	defer r.w.lock()()
	f, err := r.w.addRepo(owner + "/" + r.name)
	if err != nil {
		return nil, err
	}
	f.forkOf, f.private, f.branch = r, r.private, r.branch
	if _, err := f.git("fetch", "--quiet", "--no-write-fetch-head", r.dir, "+refs/heads/*:refs/heads/*"); err != nil {
		return nil, fmt.Errorf("fork %s: %w", r.path(), err)
	}
	f.scan(owner)
	return f, nil
}
