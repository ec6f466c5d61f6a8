package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Tap forwards TCP connections to a target and records every byte of both
// directions: one file per connection and direction, conn-N.up towards the
// target and conn-N.down back.
type Tap struct {
	Address string // where the tap listens
	Dir     string // recorded streams; empty: nothing is recorded

	target   string
	listener net.Listener
	wait     sync.WaitGroup
	count    atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	first error // first failure to record
}

// StartTap listens on a free loopback port. With an empty dir it only copies.
func StartTap(target, dir string) (*Tap, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	t := &Tap{Address: l.Addr().String(), Dir: dir, target: target, listener: l, conns: map[net.Conn]struct{}{}}
	t.wait.Add(1)
	go t.accept()
	return t, nil
}

func (t *Tap) accept() {
	defer t.wait.Done()
	for {
		client, err := t.listener.Accept()
		if err != nil {
			return
		}
		t.wait.Add(1)
		go func() {
			defer t.wait.Done()
			if err := t.forward(client); err != nil {
				t.fail(err)
			}
		}()
	}
}

func (t *Tap) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nil {
		t.first = err
	}
}

func (t *Tap) track(c net.Conn, add bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if add {
		t.conns[c] = struct{}{}
	} else {
		delete(t.conns, c)
	}
}

// forward copies until one side ends; the error is of recording only.
func (t *Tap) forward(client net.Conn) error {
	defer client.Close()
	upstream, err := net.Dial("tcp", t.target)
	if err != nil {
		return nil
	}
	defer upstream.Close()
	for _, c := range []net.Conn{client, upstream} {
		t.track(c, true)
		defer t.track(c, false)
	}
	up, down, err := t.recorders()
	if err != nil {
		return err
	}
	defer up.Close()
	defer down.Close()
	errs := make(chan error, 2)
	go func() { errs <- pump(upstream, client, up) }()
	go func() { errs <- pump(client, upstream, down) }()
	first := <-errs
	client.Close()
	upstream.Close()
	return errors.Join(first, <-errs)
}

// recorders opens the files of one connection; nil where nothing is recorded.
func (t *Tap) recorders() (up, down *os.File, err error) {
	if t.Dir == "" {
		return nil, nil, nil
	}
	n := t.count.Add(1)
	if up, err = os.Create(filepath.Join(t.Dir, fmt.Sprintf("conn-%d.up", n))); err != nil {
		return nil, nil, err
	}
	down, err = os.Create(filepath.Join(t.Dir, fmt.Sprintf("conn-%d.down", n)))
	return up, down, err
}

// pump records before it passes on: what reached the target is in the file.
func pump(to, from net.Conn, record *os.File) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if record != nil {
				if _, err := record.Write(buf[:n]); err != nil {
					return fmt.Errorf("recording link: %w", err)
				}
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return nil
			}
		}
		if err != nil {
			// Half-close would keep a dead pair alive; both protocols end together.
			return nil
		}
	}
}

// Close ends all connections; recorded files stay. It returns the first
// failure to record, which makes the record worthless.
func (t *Tap) Close() error {
	t.listener.Close()
	t.mu.Lock()
	for c := range t.conns {
		c.Close()
	}
	t.mu.Unlock()
	t.wait.Wait()
	return t.first
}
