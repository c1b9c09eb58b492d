package task

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// capabilities is what a task's root may do: Docker's default set without
// CAP_MKNOD, which a user namespace does not give anyway.
// https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities
func capabilities() map[uintptr]bool {
	return map[uintptr]bool{
		unix.CAP_AUDIT_WRITE: true, unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_FOWNER: true,
		unix.CAP_FSETID: true, unix.CAP_KILL: true, unix.CAP_NET_BIND_SERVICE: true, unix.CAP_NET_RAW: true,
		unix.CAP_SETFCAP: true, unix.CAP_SETGID: true, unix.CAP_SETPCAP: true, unix.CAP_SETUID: true,
		unix.CAP_SYS_CHROOT: true,
	}
}

// confine makes the calling thread, and what it starts, unable to gain
// privileges: no set-user-id programs, no capability but a container's.
func confine() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	keep := capabilities()
	for c := uintptr(0); ; c++ {
		if keep[c] {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) && c > unix.CAP_BLOCK_SUSPEND {
			return nil // past the last capability that this kernel knows
		}
		if err != nil {
			return fmt.Errorf("giving up capability %d: %w", c, err)
		}
	}
}
