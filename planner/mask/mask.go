// Package mask removes known secret values from free text: raw, JSON-, URL- and base64-encoded. It is best effort.
package mask

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Replacement is what a reader sees in the place of a secret.
const Replacement = "***"

// minValue is the shortest value that is masked, in bytes: a shorter one would eat ordinary text.
const minValue = 4

// Masker knows secret values. The zero value knows none, and a nil one masks nothing; it is safe for concurrent use.
type Masker struct {
	mu     sync.Mutex
	values map[string]struct{}
	search *automaton // built when it is first needed after an Add; nil = outdated
}

// Add makes the masker know values; ones shorter than 4 bytes are ignored because they would eat ordinary text. Where all
// values together are longer than 64 KiB, the longest are found raw only, to bound memory.
func (m *Masker) Add(values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range values {
		if len(v) < minValue || strings.TrimSpace(v) == "" {
			continue
		}
		if _, known := m.values[v]; known {
			continue
		}
		if m.values == nil {
			m.values = map[string]struct{}{}
		}
		m.values[v] = struct{}{}
		m.search = nil
	}
}

// String returns s with every known value replaced by "***". Values over several lines are found by line as well.
// Values that overlap in s are replaced together, so that no part of either is left.
func (m *Masker) String(s string) string {
	search := m.automaton()
	if search == nil || s == "" {
		return s
	}
	text := []byte(s)
	pass := scan{search: search}
	pass.feed(text)
	if len(pass.found) == 0 {
		return s
	}
	return pass.replace(text)
}

// automaton returns the search for all known values, nil when there are none.
func (m *Masker) automaton() *automaton {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.search == nil && len(m.values) > 0 {
		m.search = newAutomaton(formsOf(m.values))
	}
	return m.search
}

// Values are the values that it knows, sorted.
func (m *Masker) Values() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.values))
}
