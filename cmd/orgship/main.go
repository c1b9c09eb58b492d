// Command orgship builds an image once, shares it with the accounts of an
// organizational unit and releases it blue/green into them, and brings an AWS
// of its own to do so on a machine that has none.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"orgship/sandbox/task"
)

func main() {
	task.Init() // a task of the sandbox begins as this program
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// commands is the command line: one field a verb, one file a verb.
type commands struct {
	Sandbox sandboxCommand `cmd:"" help:"Run AWS on this machine: an Organization with ECR, CloudFormation, ECS and load balancers, on loopback."`
}

// program is what a verb gets.
type program struct {
	ctx    context.Context // ends with the first Ctrl-C or SIGTERM
	stdout io.Writer       // the result alone
	stderr io.Writer       // all else
}

// exit statuses
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2
)

// run runs the program and returns its exit status. The first Ctrl-C asks it to
// end, the second ends it.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	var line commands
	helped := false
	parser, err := kong.New(&line,
		kong.Name("orgship"),
		kong.Description("Build an image once, share it with an organizational unit, release it blue/green."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(&program{ctx: ctx, stdout: stdout, stderr: stderr}),
	)
	if err != nil {
		panic("orgship: internal error: " + err.Error()) // can't happen: the fields of commands are fixed
	}
	verb, err := parser.Parse(args)
	if helped {
		return statusOK
	}
	if err != nil {
		complain(stderr, err, "orgship --help lists verbs and flags")
		return statusUsage
	}
	if err := verb.Run(); err != nil {
		complain(stderr, err, "")
		return statusOf(err)
	}
	return statusOK
}

// complain prints an error, and its hint if it has one.
func complain(w io.Writer, err error, otherwise string) {
	fmt.Fprintf(w, "error: %v\n", err)
	hint := otherwise
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		hint = hinted.Hint()
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

// statusOf is 1, or what the error says itself: a verdict has a status of its own.
func statusOf(err error) int {
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return statusFailed
}
