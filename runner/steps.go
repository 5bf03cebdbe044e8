package runner

import (
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/planner/engine"
)

// stepsText tells what an apply did, from what the engine said.
func stepsText(steps []engine.Step) string {
	var done, open, failed []string
	for _, s := range steps {
		text := fmt.Sprintf("%s (%s)", s.Address, s.Action)
		switch {
		case s.Failed:
			failed = append(failed, text)
		case s.Ended:
			done = append(done, text)
		default:
			open = append(open, text)
		}
	}
	text := ""
	for _, group := range []struct {
		title string
		all   []string
	}{{"Completed", done}, {"Failed", failed}, {"Begun, and no end is known", open}} {
		if len(group.all) > 0 {
			text += "\n" + group.title + ": " + fewOf(group.all)
		}
	}
	if len(done) == 0 {
		text = "\nNo change was completed, as far as the engine said." + text
	}
	return text
}

// mostSteps is how many changes of an apply are named one by one.
const mostSteps = 20

func fewOf(all []string) string {
	if more := len(all) - mostSteps; more > 0 {
		return strings.Join(all[:mostSteps], ", ") + fmt.Sprintf(", and %d more", more)
	}
	return strings.Join(all, ", ")
}
