package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// options of the server: nothing that it keeps must outlive a loss of power.
var options = []string{
	"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=400", "-c", "shared_buffers=64MB",
	"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum_naptime=5s", "-c", "log_min_messages=fatal", "-c", "max_wal_size=256MB",
}

// minder runs the server until its standard input ends, which is when this process ends, however it does, and leaves
// nothing behind.
const minder = `dir=$1; shift; "$@" & server=$!; read -r _; kill -QUIT $server 2>/dev/null; wait $server; rm -rf "$dir"`

// patience is how long a server may take to start, on a machine that does a lot else.
const patience = 2 * time.Minute

// start makes a server in a new directory and returns its URL.
func start() (_ string, err error) {
	initdb, postgres, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "driftless-postgres-*")
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	if err := errors.Join(os.Mkdir(data, 0o700), give(dir), give(data)); err != nil {
		return "", err
	}
	makeIt := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	makeIt.Dir, makeIt.SysProcAttr = dir, unprivileged()
	if out, err := makeIt.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	command := append([]string{"-c", minder, "minder", dir, postgres, "-D", data, "-p", port}, options...)
	cmd := exec.Command("/bin/sh", command...)
	cmd.Dir, cmd.SysProcAttr = dir, unprivileged()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	go func() { ended <- cmd.Wait() }()
	return "postgres://postgres@127.0.0.1:" + port + "/postgres?sslmode=disable", await("127.0.0.1:"+port, ended, &said)
}

// await waits until the server answers.
func await(address string, ended <-chan error, said io.WriterTo) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-ended:
			var text bytes.Buffer
			_, _ = said.WriteTo(&text)
			return fmt.Errorf("postgres ended: %w\n%s", err, text.Bytes())
		default:
		}
		if answers(address) {
			return nil
		}
	}
	return fmt.Errorf("postgres did not answer on %s within %s", address, patience)
}

// answers reports whether a server takes sessions: it says N to the question for TLS, and then no error to a start.
func answers(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	start := []byte("\x00\x00\x00\x00\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00")
	start[3] = byte(len(start))
	if _, err := conn.Write(start); err != nil {
		return false
	}
	first := make([]byte, 1)
	_, err = io.ReadFull(conn, first)
	return err == nil && first[0] == 'R'
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}

// binaries finds initdb and postgres: on PATH, or where Debian, Red Hat and Homebrew put them.
func binaries() (initdb, postgres string, err error) {
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"} {
		found, _ := filepath.Glob(pattern)
		slices.Reverse(found)
		dirs = append(dirs, found...)
	}
	find := func(name string) string {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		for _, dir := range dirs {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
		return ""
	}
	if initdb, postgres = find("initdb"), find("postgres"); initdb == "" || postgres == "" {
		return "", "", fmt.Errorf("neither %s is set nor are initdb and postgres installed: `apt-get install postgresql`, or name a server", Variable)
	}
	return initdb, postgres, nil
}
