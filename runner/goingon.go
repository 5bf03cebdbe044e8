package runner

import (
	"fmt"
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

// Unrecorded are the runs whose applies began in a data directory, and whose end is not on record yet: the next start records it.
func Unrecorded(tx Tx, dataDir string) (runs []int64, err error) {
	dirs, _ := os.ReadDir(runsDir(dataDir)) // none was made yet
	for _, dir := range dirs {
		run, what, err := LeftIn(tx, filepath.Join(runsDir(dataDir), dir.Name()))
		if err != nil {
			return nil, err
		}
		if what == toFollow {
			runs = append(runs, run.ID)
		}
	}
	return runs, nil
}

// InterruptHere interrupts the engine of an apply that goes on in a data directory, as a cancel does, without the database: nothing
// says who did it.
func InterruptHere(dataDir string, run int64) error {
	apply, _ := supervisor.Find(filepath.Join(runsDir(dataDir), strconv.FormatInt(run, 10), applySubdir)) // also one whose order is damaged
	switch {
	case apply.Interrupt():
		return nil
	case apply.AtWork():
		return fmt.Errorf("cancel run %d: its supervisor was killed. driftless interrupts the engine by itself: if it does not run here, start it", run)
	}
	return fmt.Errorf("cancel run %d: no apply of it goes on in %s", run, dataDir)
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
