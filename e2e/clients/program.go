package clients

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// program is a client of another language. It prints "ready" when its connections are open, and at its end the report
// as one line of JSON.
type program struct {
	process *harness.Program
	output  string // file
	ready   chan struct{}
}

func run(command, environment []string, output string) (*program, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = environment
	process, err := harness.StartProgram(cmd, output)
	if err != nil {
		return nil, err
	}
	p := &program{process: process, output: output, ready: make(chan struct{})}
	go p.watch()
	return p, nil
}

func (p *program) watch() {
	defer close(p.ready)
	for {
		text, _ := os.ReadFile(p.output)
		if strings.Contains("\n"+string(text), "\nready\n") {
			return
		}
		select {
		case <-p.process.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Ready implements Client.
func (p *program) Ready() <-chan struct{} { return p.ready }

// Kill implements Client.
func (p *program) Kill() { p.process.Kill() }

// Report implements Client.
func (p *program) Report(timeout time.Duration) (r Report, err error) {
	select {
	case <-p.process.Done():
	case <-time.After(timeout):
		return r, fmt.Errorf("did not end within %s", timeout)
	}
	text, err := os.ReadFile(p.output)
	if err != nil {
		return r, err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
		return r, fmt.Errorf("no report at its end: %.2000s", text)
	}
	return r, nil
}
