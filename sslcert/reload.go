package sslcert

import "crypto/sha256"

// rereads is how often files are read anew that change while they are read.
const rereads = 3

// fault is why files could not be taken into use. Two are equal when the same is wrong with the same files.
type fault struct {
	sum [sha256.Size]byte
	why string
}

// Reload reads and checks all files and, when all is well, serves them from the next handshake on, as a new generation
// even where no file has changed. After an error the old generation stays. Running connections are not touched.
func (s *Store) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, f, err := s.attemptLocked(true)
	if err != nil {
		s.failLocked(f, err)
		return err
	}
	s.takeLocked(next)
	return nil
}

// refresh takes the files into use where they have changed. Its error does not count yet: they may be half-written.
func (s *Store) refresh() (taken bool, f fault, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, f, err := s.attemptLocked(false)
	if err != nil {
		return false, f, err
	}
	if next == nil {
		s.status.Err = nil // they are again what they were before somebody broke them
		return false, f, nil
	}
	s.takeLocked(next)
	return true, f, nil
}

// settle counts a fault that refresh found and that has stayed. It says whether that is news.
func (s *Store) settle(f fault, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Err != nil && s.fault == f {
		return false
	}
	s.failLocked(f, err)
	return true
}

// attemptLocked reads and checks the files. The snapshot is nil where they are those in use, unless always is set.
func (s *Store) attemptLocked(always bool) (next *Snapshot, last fault, err error) {
	for range rereads {
		var f fault
		var in *inputs
		if in, err = s.files.read(); err == nil {
			f.sum = in.sum
			if !always && in.sum == s.current.Load().sum {
				in.wipe()
				return nil, f, nil
			}
			next, err = s.build(in)
			in.wipe()
		}
		if err == nil {
			return next, f, nil
		}
		// A certificate that was read before, and a key after both were replaced, do not match: look again.
		f.why = err.Error()
		if f == last {
			break
		}
		last = f
	}
	return nil, last, err
}

func (s *Store) takeLocked(next *Snapshot) {
	next.Generation = s.current.Load().Generation + 1
	s.current.Store(next)
	s.status.Reloaded++
	s.status.At, s.status.Err = s.now(), nil
}

func (s *Store) failLocked(f fault, err error) {
	s.fault = f
	s.status.Failed++
	s.status.At, s.status.Err = s.now(), err
}
