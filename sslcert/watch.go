package sslcert

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How Watch goes about it, where WatchOptions do not say.
const (
	// watchQuiet is how long nothing must have happened to the files before they are read.
	watchQuiet = 100 * time.Millisecond
	// watchBusy is when they are read although something happens all the time, to them or to others beside them.
	watchBusy = 500 * time.Millisecond
	// watchRetry is how often files that are not good are looked at while they may be half-written.
	watchRetry = 200 * time.Millisecond
	// watchPatience is how long files may be half-written. Whoever copies two of them by hand needs a moment.
	watchPatience = 5 * time.Second
	// watchPoll is how often files are looked at that nothing is told about, such as those on NFS.
	watchPoll = 10 * time.Second
)

// WatchOptions say how Watch works. The zero value of each field means what is usual.
type WatchOptions struct {
	Log      *slog.Logger  // nil is slog.Default
	Patience time.Duration // how long files that do not fit may stay so before they are reported
	Poll     time.Duration // how often files are looked at without an event
}

// Watch takes new files into use within a second after the last of them is in place, until ctx ends. It watches the
// folders rather than the files, so that it sees files that editors rename into place and the links that Kubernetes
// swaps, and it looks at them now and then in case nothing is told.
//
// Files that do not fit one another are left alone for a while, because somebody may be half-way through replacing
// them; after that they are reported once. They are looked at again whenever they change.
func Watch(ctx context.Context, s *Store, opts WatchOptions) {
	w := &watcher{store: s, opts: opts, folders: map[string]os.FileInfo{}}
	if w.opts.Log == nil {
		w.opts.Log = slog.Default()
	}
	if w.opts.Patience == 0 {
		w.opts.Patience = watchPatience
	}
	if w.opts.Poll == 0 {
		w.opts.Poll = watchPoll
	}
	notify, err := fsnotify.NewBufferedWatcher(64)
	if err != nil {
		w.opts.Log.Warn("no notice of changed certificate files; they are looked at now and then",
			"every", w.opts.Poll.String(), "error", err)
	} else {
		defer notify.Close()
		w.notify, w.events, w.lost = notify, notify.Events, notify.Errors
	}
	w.run(ctx)
}

// watcher is the state of one Watch.
type watcher struct {
	store   *Store
	opts    WatchOptions
	notify  *fsnotify.Watcher      // nil where there is none; then the channels are nil, too, and nothing comes
	events  <-chan fsnotify.Event  // of the folders
	lost    <-chan error           // tells that events are missing
	wanted  map[string]bool        // the folders of the files, as they are named and as links lead to them
	folders map[string]os.FileInfo // that are watched, and what they were then

	bad   fault     // what is wrong now; why is empty where nothing is
	since time.Time // when it was first seen
}

func (w *watcher) run(ctx context.Context) {
	poll := time.NewTicker(w.opts.Poll)
	defer poll.Stop()
	w.follow()
	next := time.NewTimer(w.check())
	defer next.Stop()
	var burst time.Time // when the first event came that no check has followed; zero where none has
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.events:
			if !w.concerns(event.Name) {
				continue
			}
			if burst.IsZero() {
				burst = time.Now()
			}
			next.Reset(min(watchQuiet, max(0, watchBusy-time.Since(burst))))
			continue
		case <-w.lost:
		case <-poll.C:
		case <-next.C:
		}
		burst = time.Time{}
		w.follow()
		next.Reset(w.check())
	}
}

// never is longer than any poll.
const never = 1000 * time.Hour

// check looks at the files and returns when to do so again without being told to.
func (w *watcher) check() time.Duration {
	taken, f, err := w.store.refresh()
	if err == nil {
		w.bad = fault{}
		if taken {
			snap := w.store.Snapshot()
			w.opts.Log.Info("certificates reloaded", "cause", "files changed", "generation", snap.Generation,
				"not_after", snap.Certificate.Leaf.NotAfter)
		}
		return never
	}
	if f != w.bad {
		w.bad, w.since = f, time.Now()
	}
	if time.Since(w.since) < w.opts.Patience {
		return watchRetry
	}
	if w.store.settle(f, err) {
		w.opts.Log.Error("changed certificate files are not usable, the old ones stay", "error", err)
	}
	return never
}

// concerns says whether an event's path may have to do with the files: anything in their folders, because of links,
// and the folders themselves, but nothing else that their parents hold.
func (w *watcher) concerns(path string) bool {
	path = filepath.Clean(path)
	return w.wanted[path] || w.wanted[filepath.Dir(path)]
}

// follow watches the folders that files are in now, and their parents, which tell that a folder was replaced. What
// cannot be watched, such as a folder that is not there yet, is polled.
func (w *watcher) follow() {
	w.wanted = map[string]bool{}
	for _, path := range w.store.files.paths() {
		w.wanted[filepath.Dir(path)] = true
		if real, err := filepath.EvalSymlinks(path); err == nil {
			w.wanted[filepath.Dir(real)] = true
		}
	}
	if w.notify == nil {
		return
	}
	missing := map[string]bool{}
	for folder := range w.wanted {
		missing[folder], missing[filepath.Dir(folder)] = true, true
	}
	for folder, was := range w.folders {
		if is, err := os.Stat(folder); err == nil && missing[folder] && os.SameFile(was, is) {
			delete(missing, folder)
			continue
		}
		_ = w.notify.Remove(folder) // an error says that it is gone by itself
		delete(w.folders, folder)
	}
	for folder := range missing {
		info, err := os.Stat(folder)
		if err == nil && w.notify.Add(folder) == nil {
			w.folders[folder] = info
		}
	}
}
