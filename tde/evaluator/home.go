package evaluator

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// home is the folder of one evaluator: DIR/ev-XXXX, 0700, held by a lock for as long as the proxy lives.
//
//	lock    locked (flock) by the proxy that made it
//	N/      one folder for each start of the server: data/, tmp/, s.sock
type home struct {
	dir  string
	lock *os.File
	n    int
}

// File system types on which nothing reaches a disk (statfs(2)), swap aside.
const (
	tmpfsMagic = 0x01021994
	ramfsMagic = 0x858458f6
)

// maxSocket is the longest path of a unix socket.
const maxSocket = 107

// Room that a server's files need to begin with, in bytes.
const (
	roomMariaDB = 48 << 20
	roomMySQL   = 160 << 20
)

// openHome makes the folder, after removing those of proxies that are dead.
func openHome(parent string, mariaDB bool, log *slog.Logger) (*home, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return nil, fmt.Errorf("evaluator.dir: %w", err)
	}
	if len(parent)+len("/ev-0123456789/999/s.sock") > maxSocket {
		return nil, fmt.Errorf("evaluator.dir %s: the path is too long for a unix socket below it", parent)
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("evaluator.dir: %w", err)
	}
	if err := private(parent); err != nil {
		return nil, fmt.Errorf("evaluator.dir: %w", err)
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(parent, &st); err != nil {
		return nil, fmt.Errorf("evaluator.dir %s: %w", parent, err)
	}
	if uint32(st.Type) != tmpfsMagic && uint32(st.Type) != ramfsMagic {
		log.Warn("evaluator.dir is not on a memory file system: plaintext may reach a disk", "dir", parent)
	}
	removeStale(parent, log)
	if err := room(parent, mariaDB); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "ev-")
	if err != nil {
		return nil, fmt.Errorf("evaluator.dir: %w", err)
	}
	h := &home{dir: dir}
	if h.lock, err = lockFile(filepath.Join(dir, "lock")); err != nil {
		return nil, errors.Join(fmt.Errorf("evaluator.dir: %w", err), os.RemoveAll(dir))
	}
	return h, nil
}

// room sees that a server's files have room. Containers often have only 64 MiB of /dev/shm.
func room(dir string, mariaDB bool) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("evaluator.dir %s: %w", dir, err)
	}
	need := uint64(roomMySQL)
	if mariaDB {
		need = roomMariaDB
	}
	if free := st.Bavail * uint64(st.Bsize); free < need {
		return fmt.Errorf("evaluator.dir %s has %d MiB free, and a %s server needs %d: make the file system larger, or name another one",
			dir, free>>20, flavourName(mariaDB), need>>20)
	}
	return nil
}

// private refuses a folder that others made or can enter: it may lie in one that everybody writes to, as /dev/shm is.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	case ok && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to another user", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s can be entered by others (mode %04o); it must be 0700", dir, info.Mode().Perm())
	}
	return nil
}

func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	return f, nil
}

// removeStale removes the folders of dead proxies: nobody holds their locks. A server that outlived its proxy is killed.
func removeStale(parent string, log *slog.Logger) {
	old, err := filepath.Glob(filepath.Join(parent, "ev-*"))
	if err != nil {
		return
	}
	for _, dir := range old {
		path := filepath.Join(dir, "lock")
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue // it is being made
		}
		lock, err := lockFile(path)
		if err != nil {
			continue
		}
		killServers(dir)
		if err := os.RemoveAll(dir); err != nil {
			log.Warn("cannot remove the folder of an evaluator that is dead", "error", err)
		}
		_ = lock.Close() // the file is gone
	}
}

// killServers kills processes that were started on a folder: those with its path in their arguments.
func killServers(dir string) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return
	}
	for _, path := range files {
		args, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(args, []byte("--datadir="+dir+"/")) {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(path, "/")[2]); err == nil && pid > 1 && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
		}
	}
}

// next makes the folder of one start, and removes that of the one before.
func (h *home) next() (string, error) {
	_ = os.RemoveAll(filepath.Join(h.dir, strconv.Itoa(h.n))) // what is left goes with remove
	h.n++
	dir := filepath.Join(h.dir, strconv.Itoa(h.n))
	for _, d := range []string{dir, dir + "/data", dir + "/tmp", dir + "/none"} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// remove removes the folder with all that is in it.
func (h *home) remove() error {
	err := os.RemoveAll(h.dir)
	return errors.Join(err, h.lock.Close())
}
