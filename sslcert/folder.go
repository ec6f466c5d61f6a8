package sslcert

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// pendingDir is where new files stand that are to replace those of the folder it is in.
//
// A certificate and its key are two files, and no file system replaces two at once. So the new files are written into
// a folder of another name first, which is then renamed to pendingDir: from that instant on they count, whether they
// are still there or were moved to their places already. Whoever is killed half-way leaves a whole new set, and the
// next one to change anything moves the rest. An empty file stands for one that is to go.
const pendingDir = ".tdeproxy-pending"

// stagingPrefix begins the names of folders that are not pending yet.
const stagingPrefix = ".tdeproxy-new-"

// set are the files of a folder by name.
type set map[string][]byte

// wipe forgets the private keys.
func (s set) wipe() {
	for name, data := range s {
		if secret(name) {
			clear(data)
		}
	}
}

// secret says whether a file holds a private key.
func secret(name string) bool { return strings.Contains(name, "key") }

// managed are the files that the built-in CA reads and writes.
func managed() []string {
	return []string{
		CAFile, CAKeyFile, NextCAKeyFile, OldCAKeyFile, ServerCertFile, ServerKeyFile, ClientCertFile, ClientKeyFile, CRLFile,
	}
}

// openFile opens a file, or the one that is about to replace it. One that is about to go is not there.
func openFile(path string) (*os.File, error) {
	pending := filepath.Join(filepath.Dir(path), pendingDir, filepath.Base(path))
	f, err := os.Open(pending)
	if err != nil {
		return os.Open(path) // the pending one may have come here in the meantime
	}
	if info, err := f.Stat(); err == nil && info.Size() == 0 {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return f, nil
}

// folder changes files of a certificate folder, all at once.
type folder struct {
	dir string
	// step is called before each step that a kill may come before; an error ends the work there. Tests set it.
	step func(what string) error
}

// edit calls work with the files that are there and puts what it returns into their places, all of it or nothing. Nil
// data removes a file. One edit goes on at a time, also of several processes.
func (d *folder) edit(work func(old set) (changes set, err error)) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := d.settle(); err != nil {
		return err
	}
	old, err := d.view()
	if err != nil {
		return err
	}
	defer old.wipe()
	changes, err := work(old)
	if err != nil || len(changes) == 0 {
		return err
	}
	defer changes.wipe()
	if err := d.commit(changes); err != nil {
		return fmt.Errorf("certificate folder %s: %w", d.dir, err)
	}
	return d.settle()
}

// lock keeps other processes from changing the folder.
func (d *folder) lock() (unlock func(), err error) {
	f, err := os.Open(d.dir)
	if err != nil {
		return nil, fmt.Errorf("certificate folder: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("locking certificate folder %s: %w", d.dir, err)
	}
	return func() { f.Close() }, nil
}

// view reads the files that are there, or are about to be.
func (d *folder) view() (set, error) {
	files := set{}
	for _, name := range managed() {
		data, err := readFile(filepath.Join(d.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("certificate folder: %w", err)
		}
		files[name] = data
	}
	return files, nil
}

// commit makes the changes count. After an error they do not.
func (d *folder) commit(changes set) error {
	staging, err := os.MkdirTemp(d.dir, stagingPrefix)
	if err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			os.RemoveAll(staging)
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if err := d.before("write " + name); err != nil {
			kept = true
			return err
		}
		if err := d.stage(staging, name, changes[name]); err != nil {
			return err
		}
	}
	if err := d.before("commit"); err != nil {
		kept = true
		return err
	}
	model, err := os.Stat(d.dir)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(staging, 0o755), giveTo(staging, model), syncDir(staging)); err != nil {
		return err
	}
	if err := os.Rename(staging, filepath.Join(d.dir, pendingDir)); err != nil {
		return err
	}
	kept = true
	return syncDir(d.dir)
}

// stage writes one new file, with the owner and the mode of the one that it replaces: whoever runs the verb need not be
// who runs the proxy.
func (d *folder) stage(staging, name string, data []byte) error {
	mode := fs.FileMode(0o644)
	if secret(name) {
		mode = 0o600
	}
	model, err := os.Lstat(filepath.Join(d.dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		model, err = os.Stat(d.dir)
	case err == nil && !model.Mode().IsRegular():
		return fmt.Errorf("%s is no plain file: it is replaced where it comes from", name)
	case err == nil:
		mode = model.Mode().Perm()
		if secret(name) {
			mode &= 0o640 // readKey has its own opinion of the group
		}
	}
	if err != nil {
		return err
	}
	path := filepath.Join(staging, name)
	if err := writeNew(path, mode, data); err != nil {
		return err
	}
	if err := giveTo(path, model); err != nil {
		return err
	}
	return os.Chmod(path, mode) // whatever the umask is
}

// giveTo makes a file belong to whom another one belongs, where root is asked to.
func giveTo(path string, model fs.FileInfo) error {
	owner, ok := model.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// settle moves pending files to their places, and removes what a kill has left of others.
func (d *folder) settle() error {
	leftovers, err := filepath.Glob(filepath.Join(d.dir, stagingPrefix+"*"))
	if err != nil {
		return err
	}
	for _, leftover := range leftovers {
		if err := os.RemoveAll(leftover); err != nil {
			return fmt.Errorf("certificate folder: %w", err)
		}
	}
	pending := filepath.Join(d.dir, pendingDir)
	entries, err := os.ReadDir(pending)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("certificate folder: %w", err)
	}
	for _, entry := range entries {
		if err := d.before("move " + entry.Name()); err != nil {
			return err
		}
		if err := move(filepath.Join(pending, entry.Name()), filepath.Join(d.dir, entry.Name())); err != nil {
			return fmt.Errorf("certificate folder: %w", err)
		}
	}
	if err := d.before("end"); err != nil {
		return err
	}
	if err := errors.Join(syncDir(d.dir), os.Remove(pending), syncDir(d.dir)); err != nil {
		return fmt.Errorf("certificate folder: %w", err)
	}
	return nil
}

// move puts a pending file into its place.
func move(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if info.Size() > 0 {
		return os.Rename(from, to)
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Remove(from)
}

func (d *folder) before(what string) error {
	if d.step == nil {
		return nil
	}
	return d.step(what)
}
