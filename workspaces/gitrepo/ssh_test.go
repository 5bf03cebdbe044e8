package gitrepo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func newKey(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := must[*pem.Block](t)(ssh.MarshalPrivateKey(key, ""))
	return must[ssh.Signer](t)(ssh.NewSignerFromKey(key)), pem.EncodeToMemory(block)
}

// serveSSH runs commands of whoever has the key, as a Git server does. It returns the address and a known_hosts file.
func serveSSH(t *testing.T, client ssh.PublicKey) (addr, knownHosts string) {
	t.Helper()
	host, _ := newKey(t)
	conf := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	conf.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSSHConn(conn, conf)
		}
	}()
	addr = listener.Addr().String()
	knownHosts = filepath.Join(t.TempDir(), "known hosts")
	line := knownhosts.Line([]string{knownhosts.Normalize(addr)}, host.PublicKey())
	if err := os.WriteFile(knownHosts, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return addr, knownHosts
}

func serveSSHConn(conn net.Conn, conf *ssh.ServerConfig) {
	server, channels, requests, err := ssh.NewServerConn(conn, conf)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		for request := range requests {
			if request.Type != "exec" {
				_ = request.Reply(request.Type == "env", nil)
				continue
			}
			_ = request.Reply(true, nil)
			var command struct{ Line string }
			_ = ssh.Unmarshal(request.Payload, &command)
			cmd := exec.Command("sh", "-c", "PATH=$(git --exec-path):$PATH; "+command.Line)
			cmd.Env, cmd.Stdout, cmd.Stderr = base(), channel, channel.Stderr()
			stdin, _ := cmd.StdinPipe() // not Stdin: Run would wait for the client, who waits for the end of the command
			go func() { _, _ = io.Copy(stdin, channel); _ = stdin.Close() }()
			var status struct{ Code uint32 }
			if cmd.Run() != nil {
				status.Code = 128
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(&status))
			_ = channel.Close()
		}
	}
}

func TestSSH(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("ssh is not on PATH")
	}
	r := newRepo(t)
	id := r.commit("one", "a", "1")
	signer, key := newKey(t)
	_, wrong := newKey(t)
	addr, known := serveSSH(t, signer.PublicKey())
	none := filepath.Join(t.TempDir(), "none")
	open := func(path string, auth Auth) *Mirror {
		return openMirror(t, Options{URL: "ssh://git@" + addr + path, Auth: func(context.Context) (Auth, error) { return auth, nil }})
	}
	crlf := []byte(strings.ReplaceAll(strings.TrimSpace(string(key)), "\n", "\r\n"))
	for name, k := range map[string][]byte{"as it is": key, "with CRLF and no last line break": crlf} {
		m := open(r.dir, Auth{SSHKey: k, KnownHosts: known})
		fetchAll(t, m)
		if !m.Has(id) {
			t.Errorf("%s: the commit did not come", name)
		}
		if found := grep(t, m.gitDir, "OPENSSH"); found != "" {
			t.Errorf("%s: the key is in %s", name, found)
		}
	}
	for name, c := range map[string]struct {
		path, kind string
		auth       Auth
	}{
		"wrong key":    {r.dir, KindAuth, Auth{SSHKey: wrong, KnownHosts: known}},
		"broken key":   {r.dir, KindAuth, Auth{SSHKey: []byte("no key"), KnownHosts: known}},
		"unknown host": {r.dir, KindAuth, Auth{SSHKey: key, KnownHosts: none}},
		"not found":    {"/nothing.git", KindNotFound, Auth{SSHKey: key, KnownHosts: known}},
	} {
		var failed *RemoteError
		if _, err := open(c.path, c.auth).Remote(t.Context()); !errors.As(err, &failed) || failed.Kind != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSweepKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{keyPrefix + "old", keyPrefix + "new", "other"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(path, "key"), 0o700); err != nil {
			t.Fatal(err)
		}
		if name != keyPrefix+"new" {
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	sweepKeys(dir)
	var left []string
	for _, entry := range must[[]os.DirEntry](t)(os.ReadDir(dir)) {
		left = append(left, entry.Name())
	}
	same(t, "left", left, []string{keyPrefix + "new", "other"})
}
