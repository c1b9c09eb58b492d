package task

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// plan puts together what the image and the spec say.
func plan(spec Spec, img *image) order {
	c := img.config
	argv := append(slices.Clone(c.Entrypoint), c.Cmd...)
	switch {
	case len(spec.EntryPoint) > 0:
		argv = append(slices.Clone(spec.EntryPoint), spec.Command...)
	case len(spec.Command) > 0:
		argv = append(slices.Clone(c.Entrypoint), spec.Command...)
	}
	o := order{
		Argv:     argv,
		Env:      environment(c.Env, spec.Env),
		Dir:      orElse(spec.WorkingDir, c.WorkingDir),
		User:     orElse(spec.User, c.User),
		Hostname: spec.Hostname,
		IP:       spec.IP.Unmap(),
		ReadOnly: spec.ReadOnlyRoot,
		OneID:    os.Geteuid() != 0,
	}
	if o.Hostname == "" && o.IP.Is4() {
		o.Hostname = "ip-" + strings.ReplaceAll(o.IP.String(), ".", "-")
	}
	if o.Hostname == "" {
		o.Hostname = "task"
	}
	return o
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// environment adds the entries of the spec to the image's; the last of a name counts.
func environment(image, spec []string) []string {
	var env []string
	at := map[string]int{}
	for _, e := range slices.Concat(image, spec) {
		name, _, _ := strings.Cut(e, "=")
		if i, ok := at[name]; ok {
			env[i] = e
			continue
		}
		at[name] = len(env)
		env = append(env, e)
	}
	return env
}

// stopSignal reads an image's stop signal: "SIGQUIT", "QUIT", "3".
func stopSignal(s string) syscall.Signal {
	if n, err := strconv.Atoi(s); err == nil && n > 0 && n < 65 {
		return syscall.Signal(n)
	}
	if !strings.HasPrefix(s, "SIG") {
		s = "SIG" + s
	}
	if n := unix.SignalNum(s); n != 0 {
		return n
	}
	return syscall.SIGTERM
}
