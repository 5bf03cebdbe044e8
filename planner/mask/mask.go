// Package mask removes known secret values from free text: raw, JSON-, URL- and base64-encoded. It is best effort.
package mask

import "io"

// Masker knows secret values. The zero value knows none; it is safe for concurrent use.
type Masker struct{}

// Add makes the masker know values; ones shorter than 4 bytes are ignored because they would eat ordinary text.
func (m *Masker) Add(values ...string) { panic("todo") }

// String returns s with every known value replaced by "***". Values over several lines are found by line as well.
func (m *Masker) String(s string) string { panic("todo") }

// Writer returns a writer that masks what goes through it, also across writes; Close flushes.
func (m *Masker) Writer(w io.Writer) io.WriteCloser { panic("todo") }
