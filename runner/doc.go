// Package runner does it, in order, on record: it watches repositories, derives from refs and stored digests which runs
// are due, works through them, and writes down what it decided and did. A Run is one workspace at one commit, for one purpose.
package runner
