//go:build unix

package codebuild

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the command the leader of a process group.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills what is left of a process group.
func killGroup(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) }
