package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a child that is always reaped, with its output in a file.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error
}

func startProcess(cmd *exec.Cmd, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	// The child must not outlive a killed test run.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error)
	p := &process{cmd: cmd, log: log, done: make(chan struct{})}
	go p.run(started)
	return p, <-started
}

// run holds the thread that started the child: Pdeathsig follows the thread.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// running says whether there is a process and it still lives.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop sends SIGTERM and returns the exit code.
func (p *process) stop(timeout time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		p.kill()
		return -1, fmt.Errorf("%s did not end within %s of SIGTERM", filepath.Base(p.cmd.Path), timeout)
	}
}

// waitFor tries ready until it succeeds, the process ends or time is up.
func waitFor(timeout time.Duration, p *process, ready func() error) error {
	deadline := time.Now().Add(timeout)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			out, _ := os.ReadFile(p.log)
			return fmt.Errorf("exited with %s: %s", p.cmd.ProcessState, lastLines(string(out), 8))
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", timeout, err)
		}
	}
}

// Program is a tool or client that runs beside a test, and dies with it.
type Program struct{ process *process }

// StartProgram runs cmd, with its output in a file.
func StartProgram(cmd *exec.Cmd, log string) (*Program, error) {
	p, err := startProcess(cmd, log)
	if err != nil {
		return nil, err
	}
	return &Program{p}, nil
}

// Done is closed when the program has ended.
func (p *Program) Done() <-chan struct{} { return p.process.done }

// Kill ends the program as kill -9 does.
func (p *Program) Kill() { p.process.kill() }
