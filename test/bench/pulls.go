package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/driftlessops/driftless/test/forges"
)

func (b *bench) stage(e estate) (*stage, error) {
	return newStage(b.ctx, b.built, filepath.Join(b.dir, fmt.Sprintf("stage-%d-%t", e.roots, e.cloud)), b.jobs, e)
}

// push measures a pull request of all workspaces: opened, and then pushed to with a change to one of them.
func (b *bench) push(e estate) (figure, verdict string, err error) {
	s, err := b.stage(e)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var first, second pairs
	var own sample
	requests, trees := 0, 0
	for i := range b.rounds {
		value := fmt.Sprintf("value-%d", i)
		s.world.ForgetRequests()
		before, err := s.checkouts()
		if err != nil {
			return "", "", err
		}
		number := 0
		_, began, err := s.resident()
		if err != nil {
			return "", "", err
		}
		err = b.pair(s, &first, e.changed(e.roots, value), func(files map[string]string) (err error) {
			number, err = s.propose(fmt.Sprintf("b%d", i), files)
			return err
		})
		if err != nil {
			return "", "", err
		}
		_, ended, err := s.resident()
		if err != nil {
			return "", "", err
		}
		own = append(own, ended-began)
		after, err := s.checkouts()
		if err != nil {
			return "", "", err
		}
		trees = max(trees, after-before)
		asked, err := s.requests()
		if err != nil {
			return "", "", err
		}
		requests = max(requests, asked)
		err = b.pair(s, &second, e.changed(1, value+"-again"), func(files map[string]string) error {
			if _, err := s.repo.Commit("ada", fmt.Sprintf("b%d", i), "Again", files); err != nil {
				return err
			}
			return errors.Join(s.wake(), s.reported(number))
		})
		if err != nil {
			return "", "", err
		}
		if err := errors.Join(s.repo.Close("ada", number), s.wake()); err != nil {
			return "", "", err
		}
		if _, err := s.requests(); err != nil {
			return "", "", err
		}
	}
	figure = fmt.Sprintf("%s: %s, floor %s; %s of it is driftless's own processor time\na push that changes one: %s, floor %s, %s over it\n%d requests, %d checkouts",
		first.ratios().text(times), first.ours.text(seconds), first.floor.text(seconds), own.text(seconds),
		second.ours.text(seconds), second.floor.text(seconds), second.over().text(seconds), requests, trees)
	whole := first.ratios().median() <= 1.05
	if e.roots == 1 {
		whole = first.over().median() <= 0.150
	}
	met := whole && second.over().median() <= 0.150 && requests <= 10 && trees <= 1
	return figure, said(met), nil
}

// webhookPause is longer than the least time between two polls that webhooks ask for: it stands for the poll interval, and is not
// in the figures.
const webhookPause = 1100 * time.Millisecond

// pair measures the floor with files, and then what driftless does with them.
func (b *bench) pair(s *stage, p *pairs, files map[string]string, do func(files map[string]string) error) error {
	floor, err := b.floor(s, "plan", files)
	if err != nil {
		return err
	}
	time.Sleep(webhookPause)
	ours, err := timed(func() error { return do(files) })
	if err != nil {
		return err
	}
	p.add(floor, ours)
	return nil
}

// merge measures the merge of a pull request of all workspaces, to the end of their applies.
func (b *bench) merge(e estate) (figure, verdict string, err error) {
	s, err := b.stage(e)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var p pairs
	for i := range b.rounds {
		value := fmt.Sprintf("value-%d", i)
		files := e.changed(e.roots, value)
		floor, err := b.floor(s, "apply", files)
		if err != nil {
			return "", "", err
		}
		number, err := s.propose(fmt.Sprintf("b%d", i), files)
		if err != nil {
			return "", "", err
		}
		time.Sleep(webhookPause)
		ours, err := timed(func() error {
			commit, err := s.repo.MergePull(number, forges.Squash, "ada")
			if err != nil {
				return err
			}
			return errors.Join(s.wake(), s.applied(commit))
		})
		if err != nil {
			return "", "", err
		}
		p.add(floor, ours)
		if err := s.synced("Synced"); err != nil {
			return "", "", err
		}
	}
	return fmt.Sprintf("%s of %s, floor %s", p.ratios().text(times), p.ours.text(seconds), p.floor.text(seconds)), said(p.ratios().median() <= 1.10), nil
}

func said(ok bool) string {
	if ok {
		return "met"
	}
	return "**not met**"
}

// requests waits until nothing is asked any more, and returns how many were charged or wrote.
func (s *stage) requests() (n int, err error) {
	last := -1
	err = s.until("the forge to be left alone", 1_000_000_000, func() bool {
		before := last
		last = len(s.world.Requests())
		return before == last
	})
	for _, r := range s.world.Requests() {
		if r.Status != http.StatusNotModified {
			n++
		}
		if os.Getenv("BENCH_REQUESTS") != "" {
			fmt.Fprintln(os.Stderr, r.Method, r.Path, r.Status)
		}
	}
	return n, err
}

// floor times the engine alone with files. Each directory keeps its state from round to round, as driftless does.
func (b *bench) floor(s *stage, verb string, files map[string]string) (float64, error) {
	dir := filepath.Join(s.dir, "floor")
	if err := write(dir, files); err != nil {
		return 0, err
	}
	rc, err := s.mirrored()
	if err != nil {
		return 0, err
	}
	var dirs bytes.Buffer
	for name := range files {
		if !strings.HasPrefix(name, "r") {
			continue
		}
		root := filepath.Join(dir, filepath.Dir(name))
		fmt.Fprintln(&dirs, root)
		if s.estate.lock != "" {
			if err := os.WriteFile(filepath.Join(root, ".terraform.lock.hcl"), []byte(s.estate.lock), 0o644); err != nil {
				return 0, err
			}
		}
	}
	return timed(func() error {
		cmd := exec.CommandContext(b.ctx, floorScript(), verb, fmt.Sprint(b.jobs))
		cmd.Env = append(s.environ(), "TF_CLI_CONFIG_FILE="+rc, "CLOUD_ENDPOINT="+s.cloud.URL(), "ENGINE="+engineName(), "GOGC="+os.Getenv("GOGC"))
		cmd.Stdin = &dirs
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the floor: %w\n%s", err, out)
		}
		return nil
	})
}

func floorScript() string {
	if _, err := os.Stat("floor.sh"); err == nil {
		return "./floor.sh"
	}
	return "test/bench/floor.sh"
}
