package engine

import "bytes"

// lineWriter hands over complete lines without their ends.
type lineWriter struct {
	line func(string)
	rest []byte
}

// Write never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			w.rest = append(w.rest, p...)
			return n, nil
		}
		w.line(string(bytes.TrimSuffix(append(w.rest, p[:i]...), []byte("\r"))))
		w.rest, p = w.rest[:0], p[i+1:]
	}
}

// Close hands over a last line that has no end.
func (w *lineWriter) Close() error {
	if len(w.rest) > 0 {
		w.line(string(w.rest))
		w.rest = nil
	}
	return nil
}
