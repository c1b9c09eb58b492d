package task

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// probeTime is ample for trying whether tasks can run: it takes milliseconds.
const probeTime = 30 * time.Second

// probe makes the surroundings of a task that runs nothing. It reports whether
// images can be shared through overlayfs.
func (l *Local) probe() (overlay bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	p, err := l.launch(Spec{}, order{Probe: true, Lower: probeImage}, func() error { return nil })
	if err != nil {
		return false, unsupported(err)
	}
	defer func() {
		p.kill()
		<-p.done
	}()
	select {
	case m := <-p.first:
		if err := p.began(m, order{}); err != nil {
			return false, unsupported(err)
		}
		return m.OK, nil
	case <-ctx.Done():
		return false, unsupported(ctx.Err())
	}
}

// unsupported says what keeps this machine from running tasks.
func unsupported(err error) error {
	u := &UnsupportedError{Reason: err.Error()}
	switch {
	case sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && os.Geteuid() != 0:
		u.Reason = "AppArmor keeps programs from using user namespaces: " + u.Reason
		u.hint = "allow them with: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (or run as root)"
	case sysctl("kernel/unprivileged_userns_clone") == "0" && os.Geteuid() != 0:
		u.Reason = "user namespaces are for root alone on this machine: " + u.Reason
		u.hint = "allow them with: sudo sysctl -w kernel.unprivileged_userns_clone=1 (or run as root)"
	case sysctl("user/max_user_namespaces") == "0":
		u.Reason = "user namespaces are switched off on this machine: " + u.Reason
		u.hint = "allow them with: sudo sysctl -w user.max_user_namespaces=15000"
	case inContainer():
		u.Reason = "this container may not make namespaces: " + u.Reason
		u.hint = "start it with: docker run --privileged (or --security-opt seccomp=unconfined --security-opt systempaths=unconfined)"
	default:
		u.hint = "Linux 5.11 or newer with user namespaces is needed; try whether this works: unshare -Urmpf --mount-proc true"
	}
	return u
}

func sysctl(name string) string {
	value, err := os.ReadFile(filepath.Join("/proc/sys", name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(value))
}

func inContainer() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return false
}

// mappings returns which users and groups exist in a task: for root all that
// exist here, for others root alone, which is then the user itself.
func mappings() (uids, gids []syscall.SysProcIDMap, err error) {
	if os.Geteuid() != 0 {
		return []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}, []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}, nil
	}
	uids, err = allIDs("/proc/self/uid_map")
	if err != nil {
		return nil, nil, err
	}
	gids, err = allIDs("/proc/self/gid_map")
	return uids, gids, err
}

// allIDs reads the ids of this process's own user namespace.
func allIDs(path string) ([]syscall.SysProcIDMap, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var ids []syscall.SysProcIDMap
	for s := bufio.NewScanner(f); s.Scan(); {
		var inside, outside, size int
		if _, err := fmt.Sscan(s.Text(), &inside, &outside, &size); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		ids = append(ids, syscall.SysProcIDMap{ContainerID: inside, HostID: inside, Size: size})
	}
	if len(ids) == 0 {
		return nil, errors.New("reading " + path + ": it is empty")
	}
	return ids, nil
}
