package keyring

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// scrub clears what the functions that its caller called may have left of a key: the stack below the caller, and the vector
// registers, which the kernel and Go's scheduler save to memory when they interrupt a thread. Called before those
// functions as well, it has the stack grow then, and not copied with key bytes in it.
func scrub() {
	scrubStack()
	clearVectors()
}

//go:noinline
func scrubStack() {
	var below [4096]byte
	touch(&below)
}

//go:noinline
func touch(*[4096]byte) {}

// scrubSignalFrames has the kernel write over the registers that it saved on each thread's signal stack when it last
// interrupted that: Go's scheduler does so by SIGURG, at any instruction, and takes one that comes from elsewhere for
// nothing.
func scrubSignalFrames() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, thread := range threads {
		if id, err := strconv.Atoi(thread.Name()); err == nil {
			_ = unix.Tgkill(os.Getpid(), id, unix.SIGURG) // gone in the meantime is as well
		}
	}
}
