package gitrepo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// askHelper hands git(1) credentials from its own environment, so that they are neither in an argument nor on disk. It is a
// helper and not a header because git asks helpers per origin: a redirect to another host gets nothing.
const askHelper = `!f() { test "$1" = get && ` +
	`printf 'username=%s\npassword=%s\n' "$DRIFTLESS_GIT_USERNAME" "$DRIFTLESS_GIT_PASSWORD"; }; f`

// access is the environment in which git(1) may reach the remote. Call done when git has ended.
func (l location) access(auth Auth) (env []string, done func(), err error) {
	env, done, err = l.trusting(auth)
	if l.stranger {
		env = append(slices.DeleteFunc(env, ofOurUser), "HOME="+os.DevNull)
	}
	return env, done, err
}

// ofOurUser finds what leads git(1) to keys, agents and passwords (~/.netrc) of the user that we run as.
func ofOurUser(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return slices.Contains([]string{"HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK"}, name)
}

func (l location) trusting(auth Auth) (env []string, done func(), err error) {
	done = func() {}
	switch l.scheme {
	case "http", "https":
		username, password := l.credentials(auth)
		if username == "" {
			return remoteEnviron(), done, nil
		}
		if strings.ContainsAny(username+password, "\x00\n\r") {
			return nil, done, errors.New("the user name or password holds a line break or a NUL byte")
		}
		env = remoteEnviron(setting{"credential." + l.origin() + ".helper", askHelper})
		return append(env, "DRIFTLESS_GIT_USERNAME="+username, "DRIFTLESS_GIT_PASSWORD="+password), done, nil
	case "ssh":
		command, done, err := sshCommand(auth, l.stranger)
		return append(remoteEnviron(), "GIT_SSH_COMMAND="+command, "GIT_SSH_VARIANT=ssh"), done, err
	}
	return remoteEnviron(), done, nil
}

// noKeys keep ssh(1) from all that could vouch for us. It looks for ~/.ssh in the password database, not in HOME.
var noKeys = []string{
	"IdentityFile=none", "IdentitiesOnly=yes", "IdentityAgent=none", "PKCS11Provider=none",
	"GSSAPIAuthentication=no", "HostbasedAuthentication=no", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no",
}

// sshCommand is the command line of ssh(1). Without a key of ours it is the user's own set-up (agent, ~/.ssh), or, for a
// stranger, none at all.
func sshCommand(auth Auth, stranger bool) (command string, done func(), err error) {
	options := []string{
		"BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=30", "ServerAliveInterval=15", "ServerAliveCountMax=4",
		"ControlMaster=no", "ControlPath=none", "ForwardAgent=no", "ClearAllForwardings=yes", "PermitLocalCommand=no",
	}
	done = func() {}
	command = "ssh"
	if stranger {
		command += " -F " + os.DevNull
		options = append(options, noKeys...)
	}
	if auth.KnownHosts == "" && stranger {
		options = append(options, "UserKnownHostsFile="+os.DevNull)
	}
	if auth.KnownHosts != "" {
		options = append(options, `UserKnownHostsFile="`+auth.KnownHosts+`"`, "GlobalKnownHostsFile="+os.DevNull)
	}
	if len(auth.SSHKey) > 0 {
		key, remove, err := keyFile(auth.SSHKey)
		if err != nil {
			return "", done, err
		}
		done = remove
		options = append(options, `IdentityFile="`+key+`"`, "IdentitiesOnly=yes", "IdentityAgent=none")
	}
	for _, option := range options {
		command += " -o " + shellQuote(option)
	}
	return command, done, nil
}

// keyFile writes the key where only we can read it: ssh(1) takes keys from files only.
func keyFile(key []byte) (path string, remove func(), err error) {
	sweepKeys(os.TempDir())
	dir, err := os.MkdirTemp("", keyPrefix) // 0700
	if err != nil {
		return "", nil, fmt.Errorf("keep the SSH key for ssh: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, "key")
	text := append(bytes.TrimSpace(bytes.ReplaceAll(key, []byte("\r"), nil)), '\n') // ssh insists on the last line break
	if err := os.WriteFile(path, text, 0o600); err != nil {
		remove()
		return "", nil, fmt.Errorf("keep the SSH key for ssh: %w", err)
	}
	return path, remove, nil
}

const keyPrefix = "driftless-ssh-"

// sweepKeys removes keys that killed processes left behind. ssh(1) reads a key when it connects: an hour later nobody needs it.
func sweepKeys(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, keyPrefix+"*"))
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > time.Hour {
			_ = os.RemoveAll(path) // not ours when it fails
		}
	}
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
