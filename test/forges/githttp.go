package forges

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// backendPath is where git http-backend is.
var backendPath = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("git", "--exec-path").Output()
	return filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"), err
})

// gitRequest splits the path of a request of git: "/owner/name.git/info/refs" → "owner/name", "/info/refs".
func gitRequest(path string) (repo, rest string, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	if len(parts) < 3 {
		return "", "", false
	}
	switch parts[2] {
	case "info/refs", "git-upload-pack", "git-receive-pack":
		return parts[0] + "/" + strings.TrimSuffix(parts[1], ".git"), "/" + parts[2], true
	}
	return "", "", false
}

// serveGit serves a repository over smart HTTP; the password is a token, the name does not matter.
func (w *World) serveGit(rw http.ResponseWriter, req *http.Request) {
	path, rest, _ := gitRequest(req.URL.Path)
	w.noteGit(rest)
	_, password, given := req.BasicAuth()
	token, known := w.SignIn(password)
	r, moved := w.Repo(path)
	push := rest == "/git-receive-pack" || req.URL.Query().Get("service") == "git-receive-pack"
	if status := w.mayGit(r, token, given, known, push); status != 0 {
		rw.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(rw, "Repository not found, or not for you.", status)
		return
	}
	if moved {
		http.Redirect(rw, req, fmt.Sprintf("/%s.git%s?%s", r.Info().Path(), rest, req.URL.RawQuery), http.StatusMovedPermanently)
		return
	}
	r.backend(rw, req, rest, token.Login)
}

// mayGit is the status to refuse with, or 0.
func (w *World) mayGit(r *Repo, t Token, given, known, push bool) int {
	switch {
	case given && !known, !given && (push || r == nil || r.Info().Private):
		return http.StatusUnauthorized
	case r == nil, !w.Sees(t, r):
		return http.StatusNotFound
	case !t.Allows("contents", "read"), push && !t.Allows("contents", "write"),
		push && t.App == 0 && r.Permission(t.Login) < Write, push && r.Info().Archived:
		return http.StatusForbidden
	}
	return 0
}

func (r *Repo) backend(rw http.ResponseWriter, req *http.Request, rest, login string) {
	program, err := backendPath()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	req = req.Clone(req.Context())
	req.URL.Path = "/" + filepath.Base(r.dir) + rest
	if len(req.TransferEncoding) > 0 { // CGI wants a length
		data, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		req.Body, req.ContentLength, req.TransferEncoding = io.NopCloser(bytes.NewReader(data)), int64(len(data)), nil
	}
	h := cgi.Handler{Path: program, Env: append(gitEnv(), "GIT_PROJECT_ROOT="+filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER="+login), Stderr: io.Discard}
	h.ServeHTTP(rw, req)
}
