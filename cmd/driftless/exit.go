package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// exitCode ends the program with a code, and no message: what there is to say was said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// codedError is an error for which 1 is not the right exit code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// exit tells the user how a command ended, each problem on a line of its own, and returns the exit code.
func exit(err error, errOut io.Writer) int {
	var code exitCode
	var coded *codedError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(errOut, "driftless: interrupted")
		return 130 // as shells have it for SIGINT
	}
	for _, e := range split(err) {
		_, _ = fmt.Fprintln(errOut, "driftless: "+strings.TrimSpace(e.Error()))
	}
	if errors.As(err, &coded) {
		return coded.code
	}
	return 1
}

// split takes joined errors apart.
func split(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, split(e)...)
	}
	return all
}
