package keyring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// MaxFile is the most that a file of keys may hold, in bytes.
const MaxFile = 1 << 20

// ReadProtected reads a small file of keys after checking, on the open file, that it is what it should be: regular, no
// symbolic link, owned by root or by this process's user (root may read anybody's), and with none of the permission
// bits in forbidden. what names the file in errors, each one line. It serves KMS drivers too.
func ReadProtected(what, path string, forbidden fs.FileMode) ([]byte, fs.FileInfo, error) {
	// O_NONBLOCK so that a FIFO put there cannot hang us.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, unix.ELOOP):
		return nil, nil, fmt.Errorf("%s %s %w: it is a symbolic link; name the file that it points to", what, path, ErrPermission)
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%s %s %w", what, path, ErrNotExist)
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w; make it readable for the user that runs tdeproxy", what, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", what, err)
	}
	if err := checkProtected(info, forbidden); err != nil {
		return nil, nil, fmt.Errorf("%s %s %w%s", what, path, err, remedy(info, forbidden, path))
	}
	if info.Size() > MaxFile {
		return nil, nil, fmt.Errorf("%s %s %w: it has more than %d bytes; restore it from a backup", what, path, ErrDamaged, MaxFile)
	}
	data := make([]byte, info.Size()) // one buffer that the caller can wipe, no copies left by growth
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", what, path, err)
	}
	return data, info, nil
}

func checkProtected(info fs.FileInfo, forbidden fs.FileMode) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is no regular file", ErrPermission)
	}
	owner, self := info.Sys().(*syscall.Stat_t).Uid, uint32(os.Geteuid())
	if owner != 0 && owner != self && self != 0 {
		return fmt.Errorf("%w: it belongs to user %d", ErrPermission, owner)
	}
	if info.Mode().Perm()&forbidden != 0 {
		return fmt.Errorf("%w: mode %04o lets group or others %s it", ErrPermission, info.Mode().Perm(), may(forbidden))
	}
	return nil
}

func may(forbidden fs.FileMode) string {
	if forbidden&0o044 != 0 {
		return "read or change"
	}
	return "change"
}

// remedy ends the line of a checkProtected error.
func remedy(info fs.FileInfo, forbidden fs.FileMode, path string) string {
	switch {
	case !info.Mode().IsRegular():
		return "; name a file"
	case info.Mode().Perm()&forbidden != 0:
		return "; run: chmod 600 " + path
	}
	return "; give it to the user that runs tdeproxy, or to root"
}

// CreateProtected writes a new file of mode 0600, durably and whole or not at all. It never writes over anything: for a
// path that exists, a dangling symbolic link included, it gives ErrExists. It serves KMS drivers too.
func CreateProtected(what, path string, data []byte) error {
	if err := checkAbsent(what, path); err != nil {
		return err
	}
	temp, err := writeTemp(path, data, 0o600)
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, path, err)
	}
	err = os.Link(temp, path) // unlike rename, fails where path exists
	_ = os.Remove(temp)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s %s %w", what, path, ErrExists)
	case err != nil:
		return fmt.Errorf("%s %s: %w", what, path, err)
	}
	return syncDir(path)
}

func checkAbsent(what, path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Errorf("%s %s %w", what, path, ErrExists)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", what, err)
	}
	// No directory is made: where a volume is not mounted yet, new keys would hide the real ones.
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s %s: there is no directory %s; make it, or mount it", what, path, filepath.Dir(path))
	}
	return nil
}

// replaceProtected puts data in the place of the file that info describes, with its owner and mode. Whatever fails, the
// path holds the old file or the new one, whole.
func replaceProtected(path string, data []byte, info fs.FileInfo) error {
	temp, err := writeTemp(path, data, info.Mode().Perm())
	if err != nil {
		return err
	}
	err = keepOwner(temp, info)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	return syncDir(path)
}

// keepOwner lets root rotate the keyring of the service's user without locking that user out.
func keepOwner(temp string, info fs.FileInfo) error {
	stat := info.Sys().(*syscall.Stat_t)
	if int(stat.Uid) == os.Geteuid() && int(stat.Gid) == os.Getegid() {
		return nil
	}
	if err := os.Chown(temp, int(stat.Uid), int(stat.Gid)); err != nil && os.Geteuid() == 0 {
		return err
	}
	return nil
}

// writeTemp writes data to a hidden new file beside path and makes it durable.
func writeTemp(path string, data []byte, mode fs.FileMode) (temp string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lockDir holds the directory of path against other changes, in this process or another, until unlock. The lock is on
// the directory because the file itself is replaced.
func lockDir(ctx context.Context, path string) (unlock func(), err error) {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = d.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			break
		}
		select {
		case <-ctx.Done():
			_ = d.Close()
			return nil, fmt.Errorf("waiting for another change of the keyring to end: %w", ended(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
	_ = d.Close()
	return nil, fmt.Errorf("locking %s: %w", filepath.Dir(path), err)
}
