package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// start measures how long serve takes until it is ready, where it knows so many workspaces.
func (b *bench) start(e estate) (figure, verdict string, err error) {
	s, err := b.stage(e)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var took sample
	for range b.rounds {
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return "", "", err
		}
		if err := s.cmd.Wait(); err != nil {
			return "", "", err
		}
		one, err := timed(func() error { return errors.Join(s.serve(), s.until("it to be ready", 5*time.Millisecond, s.ready)) })
		if err != nil {
			return "", "", err
		}
		took = append(took, one)
	}
	return fmt.Sprintf("%s with %d workspaces", took.text(seconds), e.roots), said(took.median() <= 2), nil
}

func (s *stage) ready() bool {
	resp, err := http.Get("http://" + s.address + "/readyz")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// idle counts what polls of a repository take in which nothing happens.
func (b *bench) idle(e estate) (figure, verdict string, err error) {
	s, err := b.stage(e)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	const polls = 5
	for range 3 { // the first ones see what driftless did itself
		if err := s.wake(); err != nil {
			return "", "", err
		}
		time.Sleep(time.Second)
	}
	s.world.ForgetRequests()
	before, err := s.children()
	if err != nil {
		return "", "", err
	}
	for range polls {
		if err := s.wake(); err != nil {
			return "", "", err
		}
		time.Sleep(time.Second)
	}
	after, err := s.children()
	if err != nil {
		return "", "", err
	}
	refs, objects := s.world.GitRequests()
	charged := 0
	for _, r := range s.world.Requests() {
		if r.Status != http.StatusNotModified {
			charged++
		}
	}
	return fmt.Sprintf("%d polls: %d ls-remote, %d fetches, %d requests that are charged for; processes were started: %t", polls, refs, objects, charged, after > before),
		said(refs <= polls && objects == 0 && charged == 0 && after == before), nil
}

// children is how many pages the processes faulted in that driftless started and that ended: it grows with each.
func (s *stage) children() (uint64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:]))[8], 10, 64)
}

// checkouts is how many checkouts there are.
func (s *stage) checkouts() (int, error) {
	all, err := filepath.Glob(filepath.Join(s.dir, "data", "checkouts", "*", "*"))
	return len(all), err
}
