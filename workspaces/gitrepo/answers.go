package gitrepo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// answers are what git(1) said of full object ids a moment ago. Each is a process, and every workspace of a merge asks the same.
// They stay true unless objects go, or come to a shallow repository.
type answers struct {
	mu    sync.Mutex
	packs os.FileInfo // as they were
	all   map[string]string
	size  int // of what is remembered, in bytes
	rest  *time.Timer
}

const (
	answersLast = 10 * time.Second
	mostAnswers = 8 << 20 // bytes
)

// ask is git for a question that is about full object ids alone.
func (m *Mirror) ask(ctx context.Context, h *held, args ...string) (string, error) {
	packs, err := os.Stat(filepath.Join(m.gitDir, "objects", "pack"))
	if m.local || err != nil { // others write there
		return m.git(ctx, h, args...)
	}
	question := strings.Join(args, "\x00")
	if said, ok := m.answers.get(question, packs); ok {
		return said, nil
	}
	said, err := m.git(ctx, h, args...)
	if err == nil {
		m.answers.put(question, said, packs)
	}
	return said, err
}

func (a *answers) get(question string, packs os.FileInfo) (said string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.packs == nil || !os.SameFile(a.packs, packs) || !a.packs.ModTime().Equal(packs.ModTime()) {
		a.packs, a.all, a.size = packs, nil, 0
	}
	said, ok = a.all[question]
	return said, ok
}

// put remembers an answer that was asked for when the packs were as they are now.
func (a *answers) put(question, said string, packs os.FileInfo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	size := len(question) + len(said)
	if a.packs == nil || !a.packs.ModTime().Equal(packs.ModTime()) || a.size+size > mostAnswers {
		return
	}
	if a.all == nil {
		a.all = map[string]string{}
		if a.rest != nil {
			a.rest.Stop()
		}
		a.rest = time.AfterFunc(answersLast, a.forget)
	}
	a.all[question] = said
	a.size += size
}

// forget forgets everything: objects may have gone.
func (a *answers) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.packs, a.all, a.size = nil, nil, 0
}
