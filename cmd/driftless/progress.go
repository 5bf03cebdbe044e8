package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// progress shows how long work gets on: on a terminal one line that changes, elsewhere one line for each run that ended.
// What is written through it (log messages) and that line do not disturb each other.
type progress struct {
	out  io.Writer
	live bool
	done chan struct{}

	mu       sync.Mutex
	active   []*activity // oldest first
	finished int
	frame    int
	drawn    bool
}

// activity is a run under way.
type activity struct {
	run     int64  // 0: not known yet
	what    string // the workspace
	doing   string // planning, applying
	note    string // what the plan would do
	started time.Time
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, live: terminal(out), done: make(chan struct{})}
	if p.live {
		go p.tick()
	}
	return p
}

// tick redraws, so that seconds go on while nothing happens.
func (p *progress) tick() {
	ticker := time.NewTicker(150 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.frame++
			p.draw()
			p.mu.Unlock()
		}
	}
}

// expect shows a workspace that is going to be planned; its run is known by its first event.
func (p *progress) expect(workspace string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.active, func(a *activity) bool { return a.what == workspace }) {
		return
	}
	p.active = append(p.active, &activity{what: workspace, doing: "planning", started: time.Now()})
}

// told takes up an event of the runner.
func (p *progress) told(e runner.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case "planning":
		p.active = append(p.active, &activity{run: e.RunID, what: string(e.Workspace), doing: "planning", started: time.Now()})
	case "planned":
		p.set(e, "planning") // what it says of the plan stays there
	case "apply started":
		p.set(e, "applying")
	case "run handed back", "run put off", "run waits for room", "superseded":
		p.drop(e)
	case "unchanged", "blocked", "held", "failed", "applied", "apply failed", "drift found", "no drift":
		p.end(e)
	case "ready":
		if facts := runner.FactsOf(e); facts.Run != nil && facts.Run.Purpose == runner.PurposePlan { // an apply goes on
			p.end(e)
		}
	}
	p.draw()
}

func (p *progress) set(e runner.Event, doing string) {
	if i := p.find(e); i >= 0 {
		p.active[i].doing, p.active[i].note = doing, e.Message
	}
}

func (p *progress) find(e runner.Event) int {
	return slices.IndexFunc(p.active, func(a *activity) bool {
		return a.run == e.RunID || a.run == 0 && a.what == string(e.Workspace)
	})
}

// drop forgets a run and returns it, or nil.
func (p *progress) drop(e runner.Event) *activity {
	i := p.find(e)
	if i < 0 {
		return nil
	}
	ended := p.active[i]
	p.active = slices.Delete(p.active, i, i+1)
	return ended
}

func (p *progress) end(e runner.Event) {
	ended := p.drop(e)
	if ended == nil {
		return
	}
	p.finished++
	if p.live {
		return
	}
	text := fmt.Sprintf("%s: %s", e.Workspace, e.Kind)
	if note := cmp.Or(e.Message, ended.note); note != "" && e.Kind != "held" { // the list of what waits says why
		text += ": " + note
	}
	first, _, _ := strings.Cut(text, "\n")
	_, _ = fmt.Fprintln(p.out, oneLine(first))
}

const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

// draw shows the line, when there is something to show.
func (p *progress) draw() {
	if !p.live {
		return
	}
	p.clear()
	if len(p.active) == 0 {
		return
	}
	spin := []rune(frames)
	text := string(spin[p.frame%len(spin)]) + " "
	if p.finished > 0 {
		text += fmt.Sprintf("%d done · ", p.finished)
	}
	for i, a := range p.active {
		if i > 0 {
			text += " · "
		}
		text += fmt.Sprintf("%s %s %ds", a.doing, a.what, int(time.Since(a.started).Seconds()))
	}
	columns := width(p.out)
	_, _ = fmt.Fprint(p.out, cut(oneLine(text), columns-1, columns > 0))
	p.drawn = true
}

func (p *progress) clear() {
	if p.drawn {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
}

// Write implements io.Writer for messages that come in between.
func (p *progress) Write(message []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	n, err := p.out.Write(message)
	p.draw()
	return n, err
}

// stop clears the line for good.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live {
		close(p.done)
	}
	p.clear()
	p.live, p.active = false, nil
}
