package codebuild

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// driver runs in the one shell of a build: it runs script.sh whenever a line
// comes in on descriptor 3, and answers on 4 with the exit status. Commands get
// neither descriptor. When the shell ends, it keeps where it was and what it had
// exported; a command that said exit ended it, and the next one goes on in a new
// shell from there.
const driver = `codebuild_keep() { pwd -P >%[1]s/dir; command -p env -0 >%[1]s/env; }
trap codebuild_keep EXIT
while IFS= read -r CODEBUILD_BUILD_SUCCEEDING <&3; do
  . %[1]s/script.sh 3<&- 4>&-
  echo $? >&4
done
`

// shell is the one shell instance that all commands of a build run in.
type shell struct {
	program string   // sh, or bash
	files   string   // folder of driver.sh, script.sh and what the shell keeps
	dir     string   // where it begins
	env     []string // what it begins with
	output  *os.File // takes what commands print

	running  *exec.Cmd  // nil when there is none
	exited   chan error // how it ended, once it has
	commands *os.File
	answers  *os.File
	statuses *bufio.Reader
}

// run runs a command and returns how it ended: "" or "exit status 1". Once ctx
// is done it kills what runs.
func (s *shell) run(ctx context.Context, command string, succeeding bool) (reason string, err error) {
	if err := os.WriteFile(filepath.Join(s.files, "script.sh"), []byte(command+"\n"), 0o600); err != nil {
		return "", err
	}
	if s.running == nil {
		if err := s.start(); err != nil {
			return "", err
		}
	}
	defer s.killWhen(ctx)()
	flag := "1"
	if !succeeding {
		flag = "0"
	}
	if _, err := fmt.Fprintln(s.commands, flag); err != nil {
		return s.end(), nil // the shell is gone
	}
	status, err := s.statuses.ReadString('\n')
	if err != nil {
		return s.end(), nil // the command ended the shell
	}
	if status = strings.TrimSpace(status); status == "0" {
		return "", nil
	}
	return "exit status " + status, nil
}

func (s *shell) start() error {
	driverFile := filepath.Join(s.files, "driver.sh")
	if err := os.WriteFile(driverFile, fmt.Appendf(nil, driver, quoted(s.files)), 0o600); err != nil {
		return err
	}
	toShell, commands, err := os.Pipe()
	if err != nil {
		return err
	}
	answers, fromShell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer toShell.Close()
	defer fromShell.Close()
	cmd := exec.Command(s.program, driverFile)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, s.output, s.output
	cmd.ExtraFiles = []*os.File{toShell, fromShell}
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		_ = commands.Close()
		_ = answers.Close()
		return err
	}
	exited := make(chan error, 1)
	s.running, s.exited, s.commands, s.answers, s.statuses = cmd, exited, commands, answers, bufio.NewReader(answers)
	go func() {
		err := cmd.Wait()
		killGroup(cmd.Process.Pid) // a subshell of it may hold the answers open
		exited <- err
	}()
	return nil
}

// killWhen kills the shell and what it runs once ctx is done, until its answer is called.
func (s *shell) killWhen(ctx context.Context) (stop func() bool) {
	group := s.running.Process.Pid
	return context.AfterFunc(ctx, func() { killGroup(group) })
}

// end lets the shell end, and what it runs in the background with it, and takes
// over what it kept.
func (s *shell) end() (reason string) {
	if s.running == nil {
		return ""
	}
	_ = s.commands.Close()
	err := <-s.exited
	_ = s.answers.Close()
	s.running = nil
	if dir, err := os.ReadFile(filepath.Join(s.files, "dir")); err == nil {
		s.dir = strings.TrimSuffix(string(dir), "\n")
	}
	if env, err := os.ReadFile(filepath.Join(s.files, "env")); err == nil && len(env) > 0 {
		s.env = strings.Split(strings.TrimSuffix(string(env), "\x00"), "\x00")
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// finish ends the shell at the end of a build, and everything that its commands
// left behind.
func (s *shell) finish(ctx context.Context, buildID string) {
	if s.running != nil {
		stop := s.killWhen(ctx)
		s.end()
		stop()
	}
	killMarked("CODEBUILD_BUILD_ID=" + buildID)
}

// variable returns a variable that the shell had exported when it ended.
func (s *shell) variable(name string) (string, bool) {
	for i := len(s.env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(s.env[i], name+"="); ok {
			return v, true
		}
	}
	return "", false
}

func quoted(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }

// output brings what commands print, and what the room says itself, to the
// log in the order in which it was written.
type output struct {
	in   *os.File // commands write here
	from *os.File
	done chan struct{}
}

// newOutput begins to copy to a log.
func newOutput(log io.Writer) (*output, error) {
	from, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &output{in: in, from: from, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		defer from.Close()
		copyLines(log, from)
	}()
	return o, nil
}

// ownLine begins a line of the room's: it stands at the beginning of a line,
// also after a command whose last line has no end.
const ownLine = 0

func copyLines(log io.Writer, from io.Reader) {
	begun := false // a line
	chunk := make([]byte, 32<<10)
	for {
		n, err := from.Read(chunk)
		text := make([]byte, 0, n)
		for _, b := range chunk[:n] {
			switch {
			case b != ownLine:
				text = append(text, b)
				begun = b != '\n'
			case begun:
				text = append(text, '\n')
				begun = false
			}
		}
		_, _ = log.Write(text) // a group that somebody deleted: the build goes on
		if err != nil {
			return
		}
	}
}

// line writes a line of the room's.
func (o *output) line(text string) {
	_, _ = o.in.WriteString(string(rune(ownLine)) + text + "\n")
}

// lingering is how long what hides from being killed may hold up the end of a build.
const lingering = 2 * time.Second

// close waits until all that was written is in the log.
func (o *output) close() {
	_ = o.in.Close()
	cut := time.AfterFunc(lingering, func() { _ = o.from.SetReadDeadline(time.Now()) })
	defer cut.Stop()
	<-o.done
}
