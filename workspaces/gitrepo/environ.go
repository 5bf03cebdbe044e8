package gitrepo

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// setting is one entry of Git configuration: key and value.
type setting [2]string

// passed are the variables that git(1) may see: where to find programs, files and agents, and how to reach the network.
var passed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "LD_LIBRARY_PATH", "GIT_EXEC_PATH", "SSH_AUTH_SOCK",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "CURL_CA_BUNDLE",
}

// always holds for every repository, also one that we do not own.
var always = []setting{
	{"core.hooksPath", os.DevNull},
	{"core.fsmonitor", "false"},
	{"gc.auto", "0"},
	{"maintenance.auto", "false"},
	{"submodule.recurse", "false"},
	{"log.showSignature", "false"},
	{"advice.addEmbeddedRepo", "false"},
	{"core.safecrlf", "false"},
	{"core.splitIndex", "false"}, // a private index must not leave its half in the repository
}

// mirrored holds for our own mirrors besides, whose outcome must not depend on who runs us.
var mirrored = []setting{
	{"credential.helper", ""},
	{"core.askPass", ""},
	{"core.attributesFile", os.DevNull},
	{"core.excludesFile", os.DevNull},
	{"core.symlinks", "true"},
	{"core.logAllRefUpdates", "false"},
	{"fetch.unpackLimit", "1"}, // packs appear whole or not at all; loose objects of a killed fetch do not
	{"http.followRedirects", "initial"},
	{"http.lowSpeedLimit", "1"}, // bytes a second: a server that stalls for two minutes is given up
	{"http.lowSpeedTime", "120"},
}

// environ is the environment of git(1) for this repository.
func (m *Mirror) environ() []string {
	if m.local {
		// What a developer has configured (ignored files, filters, line ends) is part of their work tree.
		return withSettings(base(), always)
	}
	return remoteEnviron()
}

// remoteEnviron is the environment of git(1) where nothing of the user's configuration counts.
func remoteEnviron(more ...setting) []string {
	env := append(base(),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_ATTR_NOSYSTEM=1",
		"GIT_ALLOW_PROTOCOL=file:http:https:ssh",
	)
	settings := append(append([]setting{}, always...), mirrored...)
	return withSettings(env, append(settings, more...))
}

func base() []string {
	env := []string{"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", "GIT_EDITOR=true"}
	for _, name := range passed {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	// libcurl with GnuTLS does not read SSL_CERT_FILE, which go-git and the engines do: one name must do for all.
	if file := os.Getenv("SSL_CERT_FILE"); file != "" && os.Getenv("GIT_SSL_CAINFO") == "" {
		env = append(env, "GIT_SSL_CAINFO="+file)
	}
	return env
}

// withSettings passes settings through the environment: they win over every file, and nothing shows in the process list.
func withSettings(env []string, settings []setting) []string {
	env = append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(settings)))
	for i, s := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s[1]))
	}
	return env
}

var gitChecked atomic.Bool

// checkGit makes sure that git(1) knows merge-tree --write-tree.
func checkGit(ctx context.Context) error {
	if gitChecked.Load() {
		return nil
	}
	out, err := call{args: []string{"version"}, env: base()}.run(ctx)
	if err != nil {
		return err
	}
	if !newEnough(out) {
		return fmt.Errorf("%s is too old: install Git 2.38 or newer", strings.TrimSpace(out))
	}
	gitChecked.Store(true)
	return nil
}

// newEnough reads "git version 2.39.5 (Apple Git-154)"; what it cannot read it lets pass.
func newEnough(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "git version %d.%d", &major, &minor); err != nil {
		return true
	}
	return major > 2 || major == 2 && minor >= 38
}
