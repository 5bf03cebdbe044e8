package planner

import (
	"fmt"
	"strings"
)

// maxNamed is how many addresses a warning names.
const maxNamed = 5

// warn collects what a reviewer should know beside the changes.
func (p *parser) warn() {
	for _, check := range p.plan.Checks.Failed {
		p.warnf("%s", check)
	}
	var deferred []string
	p.each(p.root, "deferred_changes", func(o object) {
		deferred = append(deferred, field[string](&p.shape, field[object](&p.shape, o, "resource_change"), "address"))
	})
	switch complete, known := p.root["complete"].(bool); {
	case len(deferred) > 0:
		p.warnf("%d %s deferred to a later plan: %s", len(deferred), plural(len(deferred), "change"), some(deferred))
	case known && !complete && !p.plan.Errored:
		p.warnf("the plan is not complete: another one is needed after the apply")
	}
	if n := len(p.hushed); n > 0 {
		p.warnf("%d %s became sensitive in this plan: policies and readers cannot see %s: %s",
			n, plural(n, "attribute"), map[bool]string{true: "it", false: "them"}[n == 1], some(p.hushed))
	}
	if len(p.concealed) > 0 {
		p.warnf("hidden from readers and policies, because they hold a sensitive value although nothing marks them as sensitive: %s",
			some(p.concealed))
	}
	if p.plan.Errored {
		p.warnf("the engine failed while it planned: the plan is partial and cannot be applied")
	}
}

func (p *parser) warnf(format string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(format, args...))
}

// some joins the first few texts.
func some(texts []string) string {
	if len(texts) <= maxNamed {
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:maxNamed], ", "), len(texts)-maxNamed)
}

// prefixed is text after prefix, or nothing.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
