package task

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mountDir is where a task mounts its root file system, below the runtime's
// directory. All tasks use the same: nobody sees another's mounts.
const mountDir = "mnt"

const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// rootFS makes the task's file system and moves into it. It starts in the
// runtime's directory. All mounts are the task's own and go when it ends.
func (i *first) rootFS() error {
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	root, err := i.mountRoot()
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("entering the root file system: %w", err)
	}
	volumes, err := i.openVolumes()
	if err != nil {
		return err
	}
	for _, step := range []func() error{mountPoints, mountProc, mountSys, mountDev, pivot} {
		if err := step(); err != nil {
			return err
		}
	}
	return i.mountVolumes(volumes)
}

// mountRoot returns where the root file system is mounted.
func (i *first) mountRoot() (string, error) {
	if i.order.Copy != "" {
		return i.order.Copy, mount(i.order.Copy, i.order.Copy, "", unix.MS_BIND|unix.MS_REC, "")
	}
	if err := mount("tmpfs", mountDir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return "", err
	}
	root := filepath.Join(mountDir, "root")
	err := mountOverlay(i.order.Lower, root)
	i.overlay = err == nil
	if i.order.Probe && err == nil {
		i.overlay = replaceable(root)
	}
	if i.order.Probe && !i.overlay { // pivot into something all the same
		_ = unix.Unmount(root, unix.MNT_DETACH)
		return root, mount("tmpfs", root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755")
	}
	return root, err
}

// mountOverlay lays a writable layer, in memory, over the unpacked image. It
// is gone with the task, whatever becomes of the runtime.
func mountOverlay(lower, root string) error {
	upper, work := filepath.Join(mountDir, "upper"), filepath.Join(mountDir, "work")
	for _, dir := range []string{upper, work, root} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := sameOwner(lower, upper); err != nil {
		return err
	}
	escape := strings.NewReplacer(`\`, `\\`, `:`, `\:`, `,`, `\,`)
	return mount("overlay", root, "overlay", 0, fmt.Sprintf("userxattr,lowerdir=%s,upperdir=%s,workdir=%s", escape.Replace(lower), upper, work))
}

// sameOwner gives dir the mode and owner of like.
func sameOwner(like, dir string) error {
	var st unix.Stat_t
	if err := unix.Stat(like, &st); err != nil {
		return fmt.Errorf("looking at %s: %w", like, err)
	}
	if err := os.Chown(dir, int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	return unix.Chmod(dir, st.Mode&0o7777)
}

// probeDir is a directory in the lower layer of a probe.
const probeDir = "replaced"

// replaceable reports whether a directory of the lower layer can be replaced:
// overlayfs then sets an extended attribute on the upper layer, which tmpfs
// takes since Linux 6.6.
func replaceable(root string) bool {
	dir := filepath.Join(root, probeDir)
	return os.Remove(dir) == nil && os.Mkdir(dir, 0o755) == nil
}

// mountPoints makes the directories that things are mounted on. An image's
// symbolic link in such a place is replaced: it could lead anywhere.
func mountPoints() error {
	for _, dir := range []string{"proc", "sys", "dev", "tmp", "etc"} {
		info, err := os.Lstat(dir)
		if err == nil && info.IsDir() {
			continue
		}
		if err == nil {
			err = os.Remove(dir)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if dir == "tmp" {
			if err := os.Chmod(dir, 0o777|fs.ModeSticky); err != nil {
				return err
			}
		}
	}
	return nil
}

func mountProc() error { return mount("proc", "proc", "proc", quiet, "") }

// mountSys shows /sys read-only where the kernel lets it; few programs miss it.
func mountSys() error {
	_ = mount("sysfs", "sys", "sysfs", quiet|unix.MS_RDONLY, "")
	return nil
}

func mountDev() error {
	if err := mount("tmpfs", "dev", "tmpfs", unix.MS_NOSUID, "mode=0755,size=65536k"); err != nil {
		return err
	}
	for _, device := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := bindDevice(device); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
		"ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(target, filepath.Join("dev", name)); err != nil {
			return err
		}
	}
	for _, dir := range []string{"dev/shm", "dev/pts"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := mount("shm", "dev/shm", "tmpfs", quiet, "mode=1777,size=65536k"); err != nil {
		return err
	}
	return mount("devpts", "dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
}

// bindDevice shows the machine's device: a task can make none of its own.
func bindDevice(name string) error {
	target := filepath.Join("dev", name)
	f, err := os.Create(target)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return mount("/dev/"+name, target, "", unix.MS_BIND, "")
}

// pivot makes the current directory the root and lets go of the old one, which
// ends up mounted over the new one.
func pivot() error {
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the old root: %w", err)
	}
	return os.Chdir("/")
}

// protectProc makes read-only, or hides, what could change or tell about the
// machine: the same paths as Docker.
func protectProc() error {
	for _, path := range []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"} {
		err := mount(path, path, "", unix.MS_BIND|unix.MS_REC, "")
		if err == nil {
			err = mount("", path, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|quiet, "")
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, path := range []string{
		"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
	} {
		if err := hide(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// protectRoot makes the root file system read-only. What its mount forbids
// already has to be said again, or the kernel refuses.
func protectRoot() error {
	var st unix.Statfs_t
	if err := unix.Statfs("/", &st); err != nil {
		return fmt.Errorf("looking at the root file system: %w", err)
	}
	kept := uintptr(st.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	return mount("", "/", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|kept, "")
}

func hide(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return mount("tmpfs", path, "tmpfs", quiet|unix.MS_RDONLY, "size=0k,mode=0555")
	}
	return mount("/dev/null", path, "", unix.MS_BIND, "")
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return &os.PathError{Op: "mounting " + strings.TrimSpace(kind+" on"), Path: target, Err: err}
	}
	return nil
}

// names writes the files that say who the task is. They are removed first: in
// an image they may be links.
func (i *first) names() error {
	o := i.order
	if o.Probe {
		return nil
	}
	if err := unix.Sethostname([]byte(o.Hostname)); err != nil {
		return fmt.Errorf("setting the host name: %w", err)
	}
	hosts := "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
	if o.IP.IsValid() {
		short, _, _ := strings.Cut(o.Hostname, ".")
		hosts += fmt.Sprintf("%s %s %s\n", o.IP, o.Hostname, short)
	}
	for path, content := range map[string]string{
		"/etc/hosts":       hosts,
		"/etc/hostname":    o.Hostname + "\n",
		"/etc/resolv.conf": "# A task of the sandbox reaches no name server.\n",
	} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
