package runner

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// States that engines left behind are kept under keys such as "rescued/12/errored.tfstate", apart from what else is kept with
// their run: they may be the only record of what exists. They go with their run, and only when somebody took them over.
const leftPrefix = "rescued/"

// leftStates are the names under which they are kept, the one that counts first.
var leftStates = []string{erroredState, lateState, strayState}

// leftTaken is the name of a note that says what became of it.
const leftTaken = "taken"

func leftKey(runID int64, name string) string { return fmt.Sprintf("%s%d/%s", leftPrefix, runID, name) }

// keepLeftState keeps a state that a run left behind. It waits for somebody.
func keepLeftState(tx Tx, runID int64, name string, content []byte) error {
	return errors.Join(tx.PutBlob(leftKey(runID, name), content), tx.DeleteBlobs(leftKey(runID, leftTaken)))
}

// takenOver notes what became of the state that a run left behind.
func takenOver(tx Tx, runID int64, how string) error {
	return tx.PutBlob(leftKey(runID, leftTaken), []byte(how))
}

// leftState is the state that a run left behind.
func leftState(tx Tx, runID int64) ([]byte, error) {
	for _, name := range leftStates {
		content, err := tx.Blob(leftKey(runID, name))
		if !errors.Is(err, ErrNotFound) {
			return content, err
		}
	}
	return nil, leftNothing(runID)
}

func leftNothing(runID int64) error {
	return userError(fmt.Sprintf("run %d left no state behind: its engine wrote it to its backend, or there is no such run. `driftless state rescued` lists those that did", runID))
}

// Rescues reports whether a state that a run left behind waits for somebody.
func Rescues(tx Tx, runID int64) (bool, error) {
	keys, err := tx.Blobs(leftKey(runID, ""), "", len(leftStates)+1)
	waits := false
	for _, b := range keys {
		if b.Key == leftKey(runID, leftTaken) {
			return false, err
		}
		waits = true
	}
	if err != nil || !waits {
		return false, err
	}
	one := Rescued{RunID: runID}
	err = one.look(tx) // an earlier driftless did not note it
	return one.Waiting, err
}

// ForgetRescued removes what a run left behind.
func ForgetRescued(tx Tx, runID int64) error { return tx.DeleteBlobs(leftKey(runID, "")) }

// leftBehind are the runs that left states behind, newest first.
func leftBehind(tx Tx) (runs []int64, err error) {
	const page = 1000
	for last, more := "", true; more; {
		keys, err := tx.Blobs(leftPrefix, last, page)
		if err != nil {
			return nil, err
		}
		more = len(keys) == page
		for _, b := range keys {
			last = b.Key
			number, _, _ := strings.Cut(strings.TrimPrefix(b.Key, leftPrefix), "/")
			if id, err := strconv.ParseInt(number, 10, 64); err == nil && !slices.Contains(runs[max(0, len(runs)-1):], id) {
				runs = append(runs, id)
			}
		}
	}
	slices.SortFunc(runs, func(a, b int64) int { return cmp.Compare(b, a) })
	return runs, nil
}
