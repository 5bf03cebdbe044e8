package daemon

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestRemember asks for a secret as often as somebody who floods the webhooks.
func TestRemember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		secret := remember(func(context.Context) (string, error) {
			if reads++; reads == 2 {
				return "", errors.New("the program failed")
			}
			return strconv.Itoa(reads), nil
		})
		for i, want := range []string{"1", "", "3"} {
			for range 100 {
				if value, err := secret(t.Context()); value != want || (err != nil) != (want == "") {
					t.Fatalf("%d: %q, %v", i, value, err)
				}
			}
			time.Sleep(secretAge)
		}
		if reads != 3 {
			t.Errorf("read %d times", reads)
		}
	})
}
