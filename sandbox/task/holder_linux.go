package task

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// group makes this process the holder of what containers share, which starts in the
// runtime's directory. It ends with the runtime.
func (i *first) group() int {
	if err := i.share(); err != nil {
		i.say(message{Kind: kindUnable, Text: err.Error()})
		return 1
	}
	i.say(message{Kind: kindStarted})
	i.serve()
	return 1
}

func (i *first) share() error {
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	// This process namespace's own proc, of which nothing is read-only yet.
	if err := mount("proc", mountDir, "proc", quiet, ""); err != nil {
		return err
	}
	if err := i.network(mountDir); err != nil {
		return err
	}
	if err := unix.Unmount(mountDir, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmounting proc: %w", err)
	}
	if err := mount("tmpfs", volumesDir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return err
	}
	for n := range i.order.Volumes {
		if err := os.Mkdir(filepath.Join(volumesDir, strconv.Itoa(n)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// launch starts a container's first process with the files that came for it. That it
// can't be started is told by its control socket, which ends.
func (i *first) launch(files []*os.File) {
	defer closeAll(files)
	if len(files) != maxFiles {
		return
	}
	c := &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{initName}, Env: initEnv(),
		Stdin: files[0], Stdout: files[1], Stderr: files[2], ExtraFiles: files[3:], // becomes controlFD
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
			Setsid:     true,
		},
	}
	if c.Start() == nil {
		go func() { _ = c.Wait() }()
	}
}

// openVolumes takes hold of the volumes, which can't be seen from the new root.
func (i *first) openVolumes() ([]int, error) {
	var all []int
	for _, m := range i.order.Mounts {
		fd, err := unix.OpenTree(unix.AT_FDCWD, m.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		if err != nil {
			return nil, fmt.Errorf("opening the volume for %s: %w", m.Path, err)
		}
		all = append(all, fd)
	}
	return all, nil
}

// mountVolumes puts the volumes where they belong. The root is the container's by now:
// no link in its image leads out of it.
func (i *first) mountVolumes(opened []int) error {
	for n, m := range i.order.Mounts {
		if err := mountVolume(opened[n], m); err != nil {
			return fmt.Errorf("mounting a volume on %s: %w", m.Path, err)
		}
	}
	return nil
}

func mountVolume(fd int, m mountOrder) error {
	defer func() { _ = unix.Close(fd) }()
	if err := os.MkdirAll(m.Path, 0o755); err != nil {
		return err
	}
	if m.Like {
		var st unix.Stat_t
		if err := unix.Stat(m.Path, &st); err != nil {
			return err
		}
		if err := unix.Fchownat(fd, "", int(st.Uid), int(st.Gid), unix.AT_EMPTY_PATH); err != nil {
			return err
		}
		if err := os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), os.FileMode(st.Mode&0o777)); err != nil {
			return err
		}
	}
	if err := unix.MoveMount(fd, "", unix.AT_FDCWD, m.Path, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return err
	}
	if !m.ReadOnly {
		return nil
	}
	return mount("", m.Path, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "")
}
