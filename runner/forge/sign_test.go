package forge

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestARefusedTokenIsReadAgainAtOnce(t *testing.T) {
	t.Parallel()
	no, yes := answer{status: http.StatusUnauthorized}, answer{status: http.StatusOK}
	for name, c := range map[string]struct {
		values []string // that are read one after the other
		list   []answer
		status int
		asked  int
	}{
		"accepted":                {[]string{"old"}, []answer{yes}, http.StatusOK, 1},
		"replaced":                {[]string{"old", " new\n"}, []answer{no, yes}, http.StatusOK, 2},
		"replaced by a wrong one": {[]string{"old", "new"}, []answer{no, no}, http.StatusUnauthorized, 2},
		"still the same":          {[]string{"old", "old"}, []answer{no, yes}, http.StatusUnauthorized, 1},
		"taken away":              {[]string{"old", " "}, []answer{no, yes}, http.StatusUnauthorized, 1},
	} {
		network, reads := &answers{list: c.list}, 0
		secret := &Secret{What: "the token", Read: func(context.Context) (string, error) {
			reads++
			return c.values[min(reads, len(c.values))-1], nil
		}}
		signed := &Signed{Base: network, Scheme: "token", Token: secret.Get, Refused: secret.Refused}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://forge.test/", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := signed.RoundTrip(req)
		if err != nil || resp.StatusCode != c.status || network.asked != c.asked {
			t.Errorf("%s: %v, %+v, %d requests", name, err, resp, network.asked)
		}
	}
}

func TestASecretThatIsNotThereSaysWhich(t *testing.T) {
	t.Parallel()
	var denied *Denied
	var later *Later
	empty := &Secret{What: "the token", Read: func(context.Context) (string, error) { return "\n", nil }}
	if _, err := empty.Get(t.Context()); !errors.As(err, &denied) || !strings.Contains(err.Error(), "the token is empty") {
		t.Error(err)
	}
	missing := &Secret{What: "the token", Read: func(context.Context) (string, error) { return "", errors.New("no such file") }}
	if _, err := missing.Get(t.Context()); !errors.As(err, &later) || !strings.Contains(err.Error(), "read the token: no such file") {
		t.Error(err)
	}
}
