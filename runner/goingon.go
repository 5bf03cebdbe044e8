package runner

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/driftlessops/driftless/runner/supervisor"
)

// GoingOn are the runs whose applies go on in a data directory, whether a driftless follows them or not: under their supervisors, or
// without one that was killed.
func GoingOn(dataDir string) (runs []int64) {
	dirs, _ := os.ReadDir(runsDir(dataDir)) // none was made yet
	for _, dir := range dirs {
		apply, _ := supervisor.Find(filepath.Join(runsDir(dataDir), dir.Name(), applySubdir)) // also one whose order is damaged
		if id, err := strconv.ParseInt(dir.Name(), 10, 64); err == nil && apply.AtWork() {
			runs = append(runs, id)
		}
	}
	return runs
}

// Others are the hosts on which replicas of a database are alive, apart from the one of a data directory.
func Others(tx Tx, dataDir string) (hosts []string, err error) {
	at, err := tx.Clock()
	if err != nil {
		return nil, err
	}
	all, err := tx.Replicas()
	if err != nil {
		return nil, err
	}
	self, _ := os.ReadFile(filepath.Join(dataDir, "instance")) // there may never have been one
	for _, o := range all {
		if o.ID != strings.TrimSpace(string(self)) && o.LeaseUntil.After(at) {
			hosts = append(hosts, o.Host)
		}
	}
	return hosts, nil
}
