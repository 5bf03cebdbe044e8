package cloud

import (
	"errors"
	"fmt"
	"net/http"
)

// Failure is an answer of the cloud that is not success.
type Failure struct {
	Status     int    `json:"-"`
	RetryAfter int    `json:"-"` // seconds, with status 429 and 503
	Code       string `json:"code"`
	Message    string `json:"message"`
}

// Error implements error.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

func invalid(format string, args ...any) error {
	return &Failure{Status: http.StatusBadRequest, Code: "Invalid", Message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &Failure{Status: http.StatusNotFound, Code: "NotFound", Message: fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) error {
	return &Failure{Status: http.StatusConflict, Code: "Conflict", Message: fmt.Sprintf(format, args...)}
}

func limited(retryAfter int) error {
	return &Failure{Status: http.StatusTooManyRequests, RetryAfter: retryAfter, Code: "Throttled", Message: "too many requests"}
}

// failure is what a caller is told of an error: one of ours as it is, anything else as a 500.
func failure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Status: http.StatusInternalServerError, Code: "Internal", Message: err.Error()}
}
