package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// minimalPath is where an engine finds git, sh and what external programs call.
const minimalPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// inherited are the only variables that an engine gets from this process: how to reach the network, no credentials
// of the clouds.
var inherited = []string{
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
}

// reserved are set here; granting one would break what this package promises, so Open refuses it.
var reserved = []string{
	"TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_WORKSPACE", "TF_INPUT", "TF_IN_AUTOMATION", "TF_CLI_ARGS",
	"TF_PLUGIN_CACHE_DIR", "TF_REATTACH_PROVIDERS", "TMPDIR",
}

// checkEnv says which granted variable cannot be granted.
func checkEnv(granted map[string]string) error {
	for _, name := range sortedKeys(granted) {
		switch {
		case slices.Contains(reserved, name) || strings.HasPrefix(name, "TF_CLI_ARGS_"):
			return fmt.Errorf("%s cannot be set: driftless sets it itself; remove it from the identity", name)
		case name == "" || strings.ContainsAny(name, "=\x00"):
			return fmt.Errorf("%q is not the name of an environment variable", name)
		case strings.Contains(granted[name], "\x00"):
			return fmt.Errorf("the value of %s holds a NUL byte, which no environment can hold", name)
		}
	}
	return nil
}

// cleanEnv is an environment that holds nothing of this process's but how to reach the network. own wins over granted.
func cleanEnv(home string, granted, own map[string]string) []string {
	env := map[string]string{
		"PATH":                searchPath(),
		"HOME":                home,
		"LANG":                "C.UTF-8",
		"TF_IN_AUTOMATION":    "1",
		"TF_INPUT":            "0",
		"CHECKPOINT_DISABLE":  "1",
		"GIT_TERMINAL_PROMPT": "0",
	}
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env[name] = v
		}
	}
	for _, more := range []map[string]string{granted, own} {
		for name, v := range more {
			env[name] = v
		}
	}
	list := make([]string, 0, len(env))
	for _, name := range sortedKeys(env) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// searchPath is the minimal PATH, and where git is when it is elsewhere: module sources need it.
func searchPath() string {
	git, err := exec.LookPath("git")
	if err != nil || !filepath.IsAbs(git) {
		return minimalPath
	}
	dir := filepath.Dir(git)
	if slices.Contains(filepath.SplitList(minimalPath), dir) {
		return minimalPath
	}
	return minimalPath + ":" + dir
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
