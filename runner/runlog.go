package runner

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
)

// maxLogPart is how much of a run's log is kept of its beginning and of its end each, in bytes.
const maxLogPart = 4 << 20

// runLog is what a run's engine printed: its beginning and its end, when it is too long.
type runLog struct {
	mu    sync.Mutex
	head  bytes.Buffer
	tail  [][]byte // lines
	size  int      // of the tail
	cut   int      // lines between the two that are gone
	bytes int      // of them
}

// line adds a line.
func (l *runLog) line(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if over := len(line) - maxLogPart; over > 0 {
		line = strings.ToValidUTF8(line[:maxLogPart], "") + fmt.Sprintf(" … (driftless left out %d bytes of this line)", over)
	}
	if len(l.tail) == 0 && l.head.Len()+len(line) < maxLogPart {
		l.head.WriteString(line)
		l.head.WriteByte('\n')
		return
	}
	l.tail = append(l.tail, []byte(line+"\n"))
	for l.size += len(line) + 1; l.size > maxLogPart && len(l.tail) > 1; l.cut++ {
		l.size, l.bytes = l.size-len(l.tail[0]), l.bytes+len(l.tail[0])
		l.tail[0], l.tail = nil, l.tail[1:]
	}
}

// text is what is kept, with a notice where something is missing.
func (l *runLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	b.Grow(l.head.Len() + l.size + 200)
	b.Write(l.head.Bytes())
	if l.cut > 0 {
		fmt.Fprintf(&b, "\n… driftless left out %s here, %d bytes: it keeps the first and the last %d MiB of a log …\n\n", count(l.cut, "line", "lines"), l.bytes, maxLogPart>>20)
	}
	for _, line := range l.tail {
		b.Write(line)
	}
	return b.String()
}
