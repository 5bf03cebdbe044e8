package engine

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/planner/mask"
)

// stream reads what one engine command prints, JSON events or plain text, and keeps what explains a failure.
type stream struct {
	phase    Phase
	mask     *mask.Masker
	progress func(Progress)
	log      func(string)

	mu     sync.Mutex // standard output and error arrive at the same time
	diags  []diagnostic
	output []string // diagnostics and plain lines, masked, in the order they came
	plain  []string // plain lines, not masked
	steps  []Step   // of an apply
}

// event is one line of the engine's machine-readable output.
type event struct {
	Message    string       `json:"@message"`
	Timestamp  string       `json:"@timestamp"`
	Type       string       `json:"type"`
	Hook       resourceStep `json:"hook"`
	Change     resourceStep `json:"change"`
	Diagnostic *diagnostic  `json:"diagnostic"`
}

type resourceStep struct {
	Resource struct {
		Addr string `json:"addr"`
	} `json:"resource"`
	Action  string  `json:"action"`
	Elapsed float64 `json:"elapsed_seconds"`
}

// line takes one line of output.
func (s *stream) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := parseEvent(text)
	switch {
	case !ok:
		s.plain = append(s.plain, text)
		e = event{Type: "log", Message: text}
		s.output = append(s.output, s.mask.String(text))
		s.write(s.mask.String(text))
	case e.Diagnostic != nil:
		s.diags = append(s.diags, *e.Diagnostic)
		framed := frame(s.mask.String(e.Diagnostic.String()))
		s.output = append(s.output, strings.TrimSuffix(framed, "\n"))
		s.write(framed)
	default:
		s.step(e)
		s.write(s.mask.String(e.Message))
	}
	if s.progress != nil && e.Message != "" {
		s.progress(s.event(e))
	}
}

// parseEvent reports false for a line that is not an event.
func parseEvent(text string) (event, bool) {
	var e event
	if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &e) != nil || e.Type == "" {
		return event{}, false
	}
	return e, true
}

// event is what the reader of progress sees of e.
func (s *stream) event(e event) Progress {
	step := e.Hook
	if step.Resource.Addr == "" {
		step = e.Change
	}
	at, err := time.Parse(time.RFC3339Nano, e.Timestamp)
	if err != nil {
		at = time.Now()
	}
	return Progress{
		Time: at, Phase: s.phase, Type: e.Type, Action: step.Action,
		Address: s.mask.String(step.Resource.Addr),
		Message: s.mask.String(e.Message),
		Elapsed: time.Duration(step.Elapsed * float64(time.Second)),
	}
}

// write logs masked text line by line.
func (s *stream) write(text string) {
	if s.log == nil {
		return
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		s.log(line)
	}
}

// text is all that the command said about problems, not masked: each diagnostic's summary and detail, and the plain lines.
func (s *stream) text() string {
	var b strings.Builder
	for _, d := range s.diags {
		b.WriteString(d.Summary + "\n" + d.Detail + "\n")
	}
	return b.String() + strings.Join(s.plain, "\n")
}
