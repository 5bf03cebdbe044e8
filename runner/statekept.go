package runner

import "github.com/driftlessops/driftless/workspaces"

// foreignBackend is the type of the backend that keeps the state of a workspace; "" = driftless keeps it.
func foreignBackend(ws *workspaces.Workspace) string {
	if ws.Backend.Managed() {
		return ""
	}
	return ws.Backend.Type
}
