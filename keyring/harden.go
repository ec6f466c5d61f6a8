package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Harden keeps the whole process out of core dumps and, where the system allows it, out of swap: plaintext rows
// live on Go's ordinary heap, beyond what Secret and guarded memory protect. It clears the dumpable flag (so that
// other processes of the same user cannot trace it or read its memory either), sets RLIMIT_CORE to 0, which children
// inherit, and locks all memory, present and future, as it is touched. Call it once, first thing in main.
//
// That memory cannot be locked is no error: Swappable says so.
func Harden() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("clearing the dumpable flag: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("setting RLIMIT_CORE to 0: %w", err)
	}
	if !mayLockAll() {
		return nil
	}
	err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT)
	if err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOMEM) && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("locking memory: %w", err)
	}
	return nil
}

// mayLockAll says whether nothing bounds the memory this process locks. Under a bound mlockall could succeed now and
// make Go's allocator fail later, which ends the process.
func mayLockAll() bool {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err == nil && limit.Cur == unix.RLIM_INFINITY {
		return true
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData // the kernel writes two
	err := unix.Capget(&header, &sets[0])
	return err == nil && sets[0].Effective&(1<<unix.CAP_IPC_LOCK) != 0
}

// Swappable says in one line why the process's memory, apart from Secrets, can reach a swap device; it is empty where
// Harden locked all of it.
func Swappable() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "whether memory is locked is unknown: /proc/self/status is not readable"
	}
	// The kernel counts locked mappings whole, so all but a few special ones are in VmLck once mlockall worked.
	if locked, size := statusKB(status, "VmLck:"), statusKB(status, "VmSize:"); locked < size/2 {
		return "memory is not locked and could be swapped: grant CAP_IPC_LOCK or an unlimited LimitMEMLOCK, or turn swap off"
	}
	return ""
}

func statusKB(status []byte, field string) (kb uint64) {
	_, rest, _ := bytes.Cut(status, []byte("\n"+field))
	_, _ = fmt.Sscan(string(rest[:min(len(rest), 40)]), &kb)
	return kb
}
