package metrics

import (
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"github.com/driftlessops/driftless/runner/retention"
)

var (
	diskSize  = gauge("disk_size_bytes", "Size of the file system of the data directory.")
	diskFree  = gauge("disk_free_bytes", "What is free for driftless on the file system of the data directory.")
	partBytes = gauge("data_bytes", "What a part of the data directory takes on disk, as of some minutes ago; absent until it was looked at.", "part")
)

// The parts of the data directory are looked at again after some minutes, and not before a hundred times as long as it took:
// there may be millions of files.
const (
	lookAgain  = 5 * time.Minute
	lookSparse = 100
)

// disk reads how full the data directory is.
type disk struct {
	dir string

	mu      sync.Mutex
	looking bool
	next    time.Time // when the parts are looked at again
	parts   map[string]int64
}

// Describe implements prometheus.Collector.
func (d *disk) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{diskSize, diskFree, partBytes} {
		ch <- desc
	}
}

// Collect implements prometheus.Collector. It does not wait for the parts to be looked at.
func (d *disk) Collect(ch chan<- prometheus.Metric) {
	s := scrape(ch)
	if size, free, err := retention.Room(d.dir); err != nil {
		ch <- prometheus.NewInvalidMetric(diskFree, err)
	} else {
		s.number(diskSize, float64(size))
		s.number(diskFree, float64(free))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for part, size := range d.parts {
		s.number(partBytes, float64(size), part)
	}
	if !d.looking && !time.Now().Before(d.next) {
		d.looking = true
		go d.look()
	}
}

func (d *disk) look() {
	began := time.Now()
	parts := measure(d.dir)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.parts, d.looking = parts, false
	d.next = time.Now().Add(max(lookAgain, lookSparse*time.Since(began)))
}

// measure adds up what the parts of a directory take. What goes away meanwhile is not counted; a file with several names
// counts under each.
func measure(dir string) map[string]int64 {
	parts := map[string]int64{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		var at unix.Stat_t
		if unix.Lstat(path, &at) != nil {
			return nil
		}
		if name, err := filepath.Rel(dir, path); err == nil && name != "." {
			parts[partOf(name, d.IsDir())] += at.Blocks * 512
		}
		return nil
	})
	return parts
}

// partOf is the part of the data directory that a file belongs to: a directory, the database, or what else there is.
func partOf(name string, directory bool) string {
	first, _, within := strings.Cut(name, string(filepath.Separator))
	switch {
	case strings.HasPrefix(first, "driftless.db"):
		return "database"
	case within || directory:
		return first
	}
	return "other"
}
