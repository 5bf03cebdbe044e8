package demo

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// requirements checks what the demo needs, before anything is made, and returns the engine that is there.
func requirements(ctx context.Context) (engine string, err error) {
	out, err := exec.CommandContext(ctx, "git", "version").Output()
	if err != nil {
		return "", errors.New("the demo needs Git 2.38 or newer, and there is no git on PATH")
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "git version %d.%d", &major, &minor); err == nil && (major < 2 || major == 2 && minor < 38) {
		return "", fmt.Errorf("the demo needs Git 2.38 or newer, and the git on PATH is %d.%d", major, minor)
	}
	for _, engine := range []string{"terraform", "tofu"} {
		if _, err := exec.LookPath(engine); err == nil {
			return engine, nil
		}
	}
	return "", errors.New("the demo needs an engine, and there is neither terraform nor tofu on PATH")
}
