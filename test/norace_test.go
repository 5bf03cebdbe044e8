//go:build !race

package test

// raced reports whether this test was built with the race detector: then the program is as well.
const raced = false
