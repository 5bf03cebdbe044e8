package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/driftlessops/driftless/runner"
)

// voice is how the demo speaks to a person.
type voice struct {
	out   io.Writer
	color bool
	mute  bool // JSON: the acts alone are printed

	mu sync.Mutex
}

func (v *voice) print(style, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mute {
		return
	}
	if v.color && style != "" {
		text = "\x1b[" + style + "m" + text + "\x1b[0m"
	}
	_, _ = fmt.Fprintln(v.out, text)
}

func (v *voice) heading(text string) {
	v.print("1", "\n── "+text+" "+strings.Repeat("─", max(3, 76-len(text))))
}

func (v *voice) text(text string) { v.print("", text) }

// block shows something verbatim: a command, a report.
func (v *voice) block(text string) {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		b.WriteString("  │ " + line)
	}
	v.print("", "\n"+strings.TrimRight(b.String(), "\n")+"\n")
}

// command shows what is done to the repository or the cloud.
func (v *voice) command(text string) { v.print("36", "  $ "+text) }

func (v *voice) event(e runner.Event) {
	subject := string(e.Workspace)
	if subject == "" {
		subject = e.Repository
	}
	message := e.Message
	if message != "" {
		message = ": " + message
	}
	v.print("2", fmt.Sprintf("  · %-22s %s%s", e.Kind, subject, message))
}

func (v *voice) result(ok bool, detail string) {
	if ok {
		v.print("32", "  ✓ "+detail)
		return
	}
	v.print("31", "  ✗ "+detail)
}
