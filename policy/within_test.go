package policy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

func TestGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		forever := make(chan int)
		defer close(forever)
		go cancel(reason)
		_, err := within(ctx, func() (int, error) { return <-forever, nil })
		if !errors.Is(err, reason) || !strings.Contains(err.Error(), "still runs") {
			t.Errorf("got %v", err)
		}
	})
}

func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	_, err := within(context.Background(), func() (int, error) { panic("no") })
	if err == nil || !strings.Contains(err.Error(), "opa failed on this policy: no") {
		t.Errorf("got %v", err)
	}
}
