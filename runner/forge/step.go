package forge

import (
	"net/http"
	"regexp"

	"github.com/driftlessops/driftless/test/killpoint"
)

var idInPath = regexp.MustCompile(`/([0-9]+|[0-9a-f]{40})\b`)

// atWrite says a step: a request that changes something is about to be sent, or was answered.
func atWrite(when string, req *http.Request) {
	if killpoint.On && writes(req) {
		killpoint.At(when + " " + req.Method + " " + idInPath.ReplaceAllString(req.URL.Path, "/ID"))
	}
}
