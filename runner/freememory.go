package runner

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// freeMemory is how much memory processes may still take here, in bytes, without that anything is swapped or killed: on the machine,
// and in the control groups (version 2) that this process is in. It is not known where there is no Linux.
func freeMemory() (bytes int64, known bool) { return freeMemoryIn("/") }

func freeMemoryIn(root string) (bytes int64, known bool) {
	file := func(name string) string {
		data, _ := os.ReadFile(filepath.Join(root, name))
		return string(data)
	}
	if kib, ok := figure(file("proc/meminfo"), "MemAvailable:"); ok {
		bytes, known = kib<<10, true
	}
	for line := range strings.Lines(file("proc/self/cgroup")) {
		group, unified := strings.CutPrefix(strings.TrimSpace(line), "0::")
		for ; unified && path.IsAbs(group); group = path.Dir(group) {
			dir := path.Join("sys/fs/cgroup", group)
			most, limited := figure("max "+file(dir+"/memory.max"), "max")
			used, told := figure("current "+file(dir+"/memory.current"), "current")
			if limited && told {
				if left := most - used + reclaimable(file(dir+"/memory.stat")); !known || left < bytes {
					bytes, known = left, true
				}
			}
			if group == "/" {
				break
			}
		}
	}
	return bytes, known
}

// reclaimable is what the kernel gives back when memory is short: files that were read or written.
func reclaimable(stat string) (sum int64) {
	for _, name := range []string{"active_file", "inactive_file", "slab_reclaimable"} {
		n, _ := figure(stat, name)
		sum += n
	}
	return sum
}

// figure is the number on the line of a file of the kernel that begins with a name.
func figure(text, name string) (n int64, ok bool) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == name {
			n, err := strconv.ParseInt(words[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
