package test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/test/forges"
)

// The people of the stories at a forge. Their repositories belong to the organisation acme.
var people = map[string]forges.Permission{
	"ada": forges.Write, "ben": forges.Write, "cleo": forges.Admin, "dan": forges.Read, "driftless": forges.Admin,
}

// hosted is the forge of a story.
type hosted struct {
	world *forges.World
	kind  string
	url   string
	app   forges.App
	late  *atomic.Int64 // how far its clock is behind, a time.Duration
	all   bool          // the operator's file has a pattern for all repositories of acme
	hooks string        // file of the secret of webhooks; "" = none are taken
}

// TestForgeStories plays the scripts in stories/forges with each forge.
func TestForgeStories(t *testing.T) {
	t.Parallel()
	engine := engines(t)[0]
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Files: played(t, kind), TestWork: *keep, RequireUniqueNames: true, Cmds: commands,
				Setup: func(env *testscript.Env) error {
					if err := setup(env, engine); err != nil {
						return err
					}
					return env.Values[storyKey{}].(*story).host(env, kind)
				},
				Condition: func(name string) (bool, error) {
					if name != "github" && name != "gitea" {
						return false, errors.New("the conditions are github and gitea")
					}
					return name == kind, nil
				},
			})
		})
	}
}

// played are the stories that are played at a forge: all of them in CI. Otherwise those that need it, and every other one of the
// rest, so that each is played once: what tells the forges apart is tested in their drivers.
func played(t *testing.T, kind string) (files []string) {
	all, err := filepath.Glob(filepath.Join(*stories, "forges", "*.txtar"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for i, name := range all {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		some := bytes.Contains(text, []byte("] skip '"))
		if some || os.Getenv("CI") != "" || (i%2 == 0) == (kind == "github") {
			files = append(files, name)
		}
	}
	return files
}

// host gives the story of a script a forge.
func (s *story) host(env *testscript.Env, kind string) error {
	err := s.serveForge(kind)
	if err != nil {
		return err
	}
	env.Defer(func() {
		for _, problem := range s.hosted.world.Problems() {
			_, _ = fmt.Fprintln(os.Stderr, kind, problem)
			err = errors.New(problem)
		}
		if t, ok := env.T().(interface{ FailNow() }); ok && err != nil {
			t.FailNow()
		}
	})
	return nil
}

// serveForge starts the forge of a story.
func (s *story) serveForge(kind string) error {
	late := new(atomic.Int64)
	if text, err := os.ReadFile(s.path("late")); err == nil {
		by, err := time.ParseDuration(strings.TrimSpace(string(text)))
		if late.Store(int64(by)); err != nil {
			return err
		}
	}
	now := func() time.Time { return time.Now().Add(-time.Duration(late.Load())) }
	world, err := forges.New(forges.Options{Dir: filepath.Join(s.dir, ".forge"), Now: now})
	if err != nil {
		return err
	}
	world.AddOrg("acme", "driftless")
	for login := range people {
		world.AddUser(login)
	}
	world.AddTeam("acme", "sre", "ben")
	if kind == "gitea" { // who is in a team is told only to its members
		world.AddTeam("acme", "sre", "ben", "driftless")
	}
	world.AddBot("robot[bot]")
	s.hosted = &hosted{world: world, kind: kind, late: late}
	server := world.ServeGitHub
	if kind == "gitea" {
		server = world.ServeGitea
	}
	face := server()
	s.undo = append(s.undo, face.Close)
	s.hosted.url = face.URL
	token := forges.Token{Login: "driftless"}
	if kind == "gitea" {
		token.Scopes = []string{"write:repository", "write:issue", "read:user", "read:organization"}
	} else {
		token.Scopes = []string{"repo", "read:org"}
	}
	return os.WriteFile(s.path("token"), []byte(world.AddToken(token)), 0o600)
}

// signIn is the block of the operator's file that signs in at the forge.
func (h *hosted) signIn(dir string) string {
	by := fmt.Sprintf("  token { file = %q }\n", filepath.Join(dir, "token"))
	if h.app.ID != 0 {
		by = fmt.Sprintf("  app {\n    id = %d\n    private_key { file = %q }\n  }\n", h.app.ID, filepath.Join(dir, "app.pem"))
	}
	listen := ""
	if h.hooks != "" {
		by += fmt.Sprintf("  webhook_secret { file = %q }\n", h.hooks)
		listen = "\nhttp { listen = \"127.0.0.1:0\" }\n"
	}
	return fmt.Sprintf("\n%s \"hub\" {\n  url         = %q\n  write_pause = \"0s\"\n%s}\n%s", h.kind, h.url, by, listen)
}

// add makes a repository of acme at the forge, and returns the directory of its bare repository.
func (h *hosted) add(name string) (dir string, err error) {
	repo, err := h.world.AddRepo("acme/" + name)
	if err != nil {
		return "", err
	}
	for login, permission := range people {
		repo.Grant(login, permission)
	}
	repo.Grant("robot[bot]", forges.Write)
	return repo.Dir(), nil
}

func (s *story) repo() *forges.Repo {
	r, _ := s.hosted.world.Repo("acme/" + s.repos[0])
	return r
}

// atForge makes a command of a function that does something at the forge of a story.
func atForge(least, most int, text string, do func(ts *testscript.TestScript, s *story, r *forges.Repo, args []string) error) func(*testscript.TestScript, bool, []string) {
	return plain(func(ts *testscript.TestScript, s *story, args []string) error {
		if err := usage(args, least, most, text); err != nil {
			return err
		}
		if s.hosted == nil || len(s.repos) == 0 {
			return errors.New("this story has no repository at a forge")
		}
		return do(ts, s, s.repo(), args)
	})
}

// onPull is an argument that is the number of a pull request or issue.
func onPull(do func(r *forges.Repo, n int, args []string) error) func(*testscript.TestScript, *story, *forges.Repo, []string) error {
	return func(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		return do(r, n, args[1:])
	}
}

func init() {
	for name, do := range map[string]func(*testscript.TestScript, bool, []string){
		"app": plain(signInAsApp),
		"open": atForge(3, 5, "open LOGIN BRANCH TITLE [BASE [draft]]", func(ts *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
			o, base := forges.OpenOptions{Draft: len(args) == 5}, ""
			if len(args) > 3 {
				base = args[3]
			}
			n, err := r.Open(args[0], args[1], base, args[2], o)
			ts.Setenv("PR", strconv.Itoa(n))
			return err
		}),
		"issue": atForge(2, 2, "issue LOGIN TITLE", func(ts *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
			n, err := r.OpenIssue(args[0], args[1], "")
			ts.Setenv("ISSUE", strconv.Itoa(n))
			return err
		}),
		"say": atForge(3, 3, "say N LOGIN TEXT", func(ts *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return err
			}
			id, err := r.Comment(args[1], n, strings.ReplaceAll(expand(ts, args[2]), `\n`, "\n"))
			ts.Setenv("COMMENT", strconv.FormatInt(id, 10))
			return err
		}),
		"resay": atForge(3, 3, "resay COMMENT LOGIN TEXT", func(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			return errors.Join(err, r.EditComment(args[1], id, args[2]))
		}),
		"unsay": atForge(2, 2, "unsay COMMENT LOGIN", func(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			return errors.Join(err, r.DeleteComment(args[1], id))
		}),
		"review": atForge(3, 3, "review N LOGIN APPROVED|CHANGES_REQUESTED|COMMENTED", onPull(func(r *forges.Repo, n int, args []string) error {
			_, err := r.Review(args[0], n, args[1], "")
			return err
		})),
		"mergepull": atForge(3, 3, "mergepull N LOGIN merge|squash|rebase", onPull(func(r *forges.Repo, n int, args []string) error {
			_, err := r.MergePull(n, forges.Method(args[1]), args[0])
			return err
		})),
		"closepull": atForge(2, 2, "closepull N LOGIN", onPull(func(r *forges.Repo, n int, args []string) error { return r.Close(args[0], n) })),
		"reopen":    atForge(2, 2, "reopen N LOGIN", onPull(func(r *forges.Repo, n int, args []string) error { return r.Reopen(args[0], n) })),
		"retarget":  atForge(3, 3, "retarget N LOGIN BASE", onPull(func(r *forges.Repo, n int, args []string) error { return r.Retarget(args[0], n, args[1]) })),
		"undraft":   atForge(2, 2, "undraft N LOGIN", onPull(func(r *forges.Repo, n int, args []string) error { return r.SetDraft(args[0], n, false) })),
		"grant": atForge(2, 2, "grant LOGIN read|write|admin", func(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
			p, ok := map[string]forges.Permission{"read": forges.Read, "write": forges.Write, "admin": forges.Admin}[args[1]]
			if !ok {
				return fmt.Errorf("%q is no permission", args[1])
			}
			r.Grant(args[0], p)
			return nil
		}),
		"mute": atForge(1, 1, "mute N", func(_ *testscript.TestScript, s *story, _ *forges.Repo, args []string) error {
			n, err := strconv.Atoi(args[0])
			s.hosted.world.LimitWrites(n, 0)
			return err
		}),
		"comments":  atForge(1, 2, "comments N [COUNT]", showComments),
		"reaction":  atForge(2, 2, "reaction COMMENT CONTENT", checkReaction),
		"status":    atForge(3, 4, "status N|COMMIT CONTEXT STATE [RE]", checkStatus),
		"checkrun":  atForge(2, 3, "checkrun N CONCLUSION [RE]", checkCheckRun),
		"issues":    atForge(0, 1, "issues [COUNT]", showIssues),
		"pullstate": atForge(2, 2, "pullstate N open|closed|merged", checkPullState),
		"fork":      atForge(2, 2, "fork LOGIN BRANCH", forkBranch),
		"headof": atForge(1, 1, "headof N", func(ts *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
			head, err := headOf(r, args[0])
			ts.Setenv("HEAD", head)
			return err
		}),
		"late": plain(func(_ *testscript.TestScript, s *story, args []string) error {
			by, err := time.ParseDuration(strings.Join(args, ""))
			s.hosted.late.Store(int64(by))
			return err
		}),
		"protect": atForge(1, 5, "protect REVIEWS CONTEXT...", func(_ *testscript.TestScript, s *story, r *forges.Repo, args []string) error {
			reviews, err := strconv.Atoi(args[0])
			r.Protect("main", forges.Protection{Reviews: reviews, Contexts: args[1:], Bypass: s.hosted.login()})
			return err
		}),
		"pattern": plain(func(_ *testscript.TestScript, s *story, args []string) error {
			s.hosted.all, s.extra = true, strings.Join(args, "\n")+"\n"
			return s.writeConfig()
		}),
		"setstatus": atForge(3, 3, "setstatus N CONTEXT STATE", setStatus),
		"unknownmerges": atForge(1, 1, "unknownmerges N", func(_ *testscript.TestScript, s *story, _ *forges.Repo, args []string) error {
			n, err := strconv.Atoi(args[0])
			s.hosted.world.SetFaults(forges.Faults{UnknownMerges: n})
			return err
		}),
		"hosting": plain(func(_ *testscript.TestScript, s *story, args []string) error {
			s.extra = strings.Join(args, "\n") + "\n"
			return s.writeConfig()
		}),
		"await":   atForge(2, 2, "await N RE", onPull(awaitShown)),
		"answers": atForge(2, 2, "answers COMMENT RE", checkAnswer),
	} {
		commands[name] = do
	}
}

// signInAsApp replaces the token of the operator's file by a GitHub App that may do what driftless needs and merges need not.
func signInAsApp(_ *testscript.TestScript, s *story, _ []string) error {
	app, err := s.hosted.world.AddApp("driftless-app", map[string]string{
		"metadata": "read", "contents": "read", "pull_requests": "write", "issues": "write", "statuses": "write", "checks": "write", "members": "read",
	})
	if err != nil {
		return err
	}
	s.hosted.world.Install(app.ID, "acme")
	s.hosted.app = app
	return errors.Join(os.WriteFile(s.path("app.pem"), app.Key, 0o600), s.writeConfig())
}

// login is what driftless is called at the forge.
func (h *hosted) login() string {
	if h.app.ID != 0 {
		return h.app.Login()
	}
	return "driftless"
}

// ours are the comments of driftless.
func (s *story) ours(login string) bool {
	return login == "driftless" || login == s.hosted.login()
}

func showComments(ts *testscript.TestScript, s *story, r *forges.Repo, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	count := 0
	var text strings.Builder
	for _, c := range r.CommentsOf(n) {
		if s.ours(c.Author) {
			count++
			say(&text, "%s\n", c.Body)
		}
	}
	_, err = ts.Stdout().Write([]byte(text.String()))
	if len(args) == 2 && args[1] != strconv.Itoa(count) {
		return fmt.Errorf("there are %d comments of driftless on %d, not %s:\n%s", count, n, args[1], text.String())
	}
	return err
}

// awaitShown waits until a comment on a pull request matches, or a status of its head as CONTEXT STATE DESCRIPTION.
func awaitShown(r *forges.Repo, n int, args []string) error {
	re, err := regexp.Compile(args[0])
	if err != nil {
		return err
	}
	text := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		text = ""
		for _, c := range r.CommentsOf(n) {
			text += c.Body + "\n"
		}
		head, err := headOf(r, strconv.Itoa(n))
		if err != nil {
			return err
		}
		for _, s := range r.Statuses(head) {
			text += fmt.Sprintln(s.Context, s.State, s.Description)
		}
		if re.MatchString(text) {
			return nil
		}
	}
	return fmt.Errorf("nothing on %d ever matched %q; the last is:\n%s", n, args[0], text)
}

// checkAnswer wants an answer to a comment that matches.
func checkAnswer(_ *testscript.TestScript, s *story, r *forges.Repo, args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	mark := report.Mark("", fmt.Sprintf("driftless reply=%d ", id))
	for _, c := range r.CommentsOf(0) {
		if s.ours(c.Author) && strings.HasSuffix(c.Body, mark) {
			return is("the answer", "given", c.Body, []string{"given", args[1]})
		}
	}
	return fmt.Errorf("comment %d was not answered", id)
}

func checkReaction(_ *testscript.TestScript, s *story, r *forges.Repo, args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	c, err := r.CommentByID(id)
	if err != nil {
		return err
	}
	var all []string
	for _, re := range c.Reactions {
		if s.ours(re.By) {
			all = append(all, re.Content)
		}
	}
	if got := strings.Join(all, " "); got != args[1] {
		return fmt.Errorf("the reactions to comment %d are %q, not %q", id, got, args[1])
	}
	return nil
}

// headOf is the head of a pull request by its number, or else a commit of a branch.
func headOf(r *forges.Repo, name string) (string, error) {
	if n, err := strconv.Atoi(name); err == nil {
		issue, err := r.Issue(n)
		if err != nil || issue.Pull == nil {
			return "", fmt.Errorf("pull request %d: %w", n, err)
		}
		return issue.Pull.HeadSHA, nil
	}
	if head := r.Head(name); head != "" {
		return head, nil
	}
	return name, nil
}

func checkStatus(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
	head, err := headOf(r, args[0])
	if err != nil {
		return err
	}
	for _, s := range r.Statuses(head) {
		if s.Context == args[1] {
			return is("status "+args[1], s.State, s.Description, args[2:])
		}
	}
	return is("status "+args[1], "missing", "", args[2:])
}

// setStatus is the status of some other program than driftless.
func setStatus(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
	head, err := headOf(r, args[0])
	if err == nil {
		_, err = r.SetStatus("cleo", forges.Status{Commit: head, Context: args[1], State: args[2]})
	}
	return err
}

func checkCheckRun(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
	head, err := headOf(r, args[0])
	if err != nil {
		return err
	}
	for _, c := range r.Checks(head) {
		if c.Name == "driftless" {
			text := c.Title + "\n" + c.Summary
			for _, a := range c.Annotations {
				text += fmt.Sprintf("\n%s:%d: %s: %s", a.Path, a.Start, a.Level, a.Message)
			}
			return is("the check run", c.Conclusion, text, args[1:])
		}
	}
	return errors.New("there is no check run of driftless")
}

func showIssues(ts *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
	open := 0
	for _, issue := range r.Issues() {
		if issue.Pull != nil {
			continue
		}
		state := "closed"
		if issue.Open {
			state = "open"
			open++
		}
		say(ts.Stdout(), "#%d %s [%s] %s\n%s\n", issue.Number, state, strings.Join(issue.Labels, " "), issue.Title, issue.Body)
		for _, c := range r.CommentsOf(issue.Number) {
			say(ts.Stdout(), "comment by %s: %s\n", c.Author, c.Body)
		}
		if issue.Open {
			ts.Setenv("ISSUE", strconv.Itoa(issue.Number))
		}
	}
	if len(args) == 1 && args[0] != strconv.Itoa(open) {
		return fmt.Errorf("%d issues are open, not %s", open, args[0])
	}
	return nil
}

func checkPullState(_ *testscript.TestScript, _ *story, r *forges.Repo, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	issue, err := r.Issue(n)
	if err != nil {
		return err
	}
	state := "closed"
	switch {
	case !issue.Pull.Merged.IsZero():
		state = "merged"
	case issue.Open:
		state = "open"
	}
	return is("pull request "+args[0], state, "", args[1:])
}

// forkBranch moves a pushed branch into somebody's fork.
func forkBranch(ts *testscript.TestScript, s *story, r *forges.Repo, args []string) error {
	forked, _ := s.hosted.world.Repo(args[0] + "/" + s.repos[0])
	if forked == nil {
		var err error
		if forked, err = r.Fork(args[0]); err != nil {
			return err
		}
	}
	return gits(ts, []string{"push", "--quiet", "--force", forked.Dir(), args[1]}, []string{"push", "--quiet", "origin", ":" + args[1]})
}
