package engine

import (
	"context"
	"os"
	"time"
)

// Command is one command of an engine that another process runs.
type Command struct {
	Path, Dir string
	Args      []string
	TempDir   string
	Env       []string `json:"-"` // holds what the workspace was granted
}

// ApplyCommand applies a saved plan file, in a process that may outlive this one. The data directory must be the one that the
// plan was made with.
func (r *Root) ApplyCommand(planFile string) Command {
	s := r.session
	args := append([]string{"apply", "-json", "-input=false"}, r.parallelism()...)
	return Command{Path: s.engine.Path, Dir: s.dir, Args: append(args, planFile), TempDir: s.tempDir, Env: s.environment(r.selected(), s.tempDir)}
}

// Run runs the command in a process group of its own, whose output goes into files: a pipe would end the engine when this
// process dies, for its next word would find no reader. It goes on then: whoever finds it interrupts it. When ctx ends it is interrupted, and killed (ErrKilled) when it has not
// ended after wait. started is told the id of the group.
func (c Command) Run(ctx context.Context, stdout, stderr *os.File, wait time.Duration, started func(pid int)) error {
	sockets, cleanup, err := socketDir(c.TempDir)
	if err != nil {
		return err
	}
	defer cleanup()
	p := process{
		path: c.Path, dir: c.Dir, args: c.Args, env: append(c.Env[:len(c.Env):len(c.Env)], "TMPDIR="+sockets),
		stdout: stdout, stderr: stderr, interruptWait: wait, started: started, outlives: true,
	}
	return p.run(ctx)
}
