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

	"orgship/demo"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/sandbox/task"
	"orgship/template"
)

func main() {
	task.Init() // a task of the sandbox begins as this program
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commands is the command line: one field a verb, one file a verb.
type commands struct {
	Demo    demoCommand    `cmd:"" help:"Show all of it on this machine: share, push, release blue and green, go back, refuse; then clean up."`
	Sandbox sandboxCommand `cmd:"" help:"Run AWS on this machine: an Organization with ECR, CloudFormation, ECS and load balancers, on loopback."`

	Share    shareCommand    `cmd:"" help:"Make an ECR repository that the accounts of an organizational unit may pull from."`
	Push     pushCommand     `cmd:"" help:"Push an image; what is there is not sent."`
	Access   accessCommand   `cmd:"" help:"Say which accounts may pull from a repository, and why."`
	Plan     planCommand     `cmd:"" help:"Say what a release would change, and touch nothing."`
	Release  releaseCommand  `cmd:"" help:"Release an image into an account, blue/green, with a proof over HTTP; a wrong answer goes back."`
	Rollback rollbackCommand `cmd:"" help:"Go back: cancel the release under way, or release the image from before."`
	Verify   verifyCommand   `cmd:"" help:"Ask a service over HTTP until the verdict is clear."`
	Destroy  destroyCommand  `cmd:"" help:"Delete a stack with all that it made."`
	Lint     lintCommand     `cmd:"" help:"Find what CloudFormation and the blue/green hook refuse in a template."`
}

// program is what a verb gets.
type program struct {
	ctx    context.Context // ends with the first Ctrl-C or SIGTERM
	stdin  io.Reader
	stdout io.Writer // the result alone
	stderr io.Writer // all else
	getenv func(string) string
}

// The exit statuses that are no verdict's.
const (
	statusOK    = 0
	statusError = 2 // nothing could be found out: wrong usage, no credentials, nobody there
)

// about stands above the list of verbs.
const about = `Build an image once, share it with an organizational unit, release it blue/green.

The exit status is the verdict: 0 successful, 1 failed (answered wrongly, refused or gone back), 2 error (could not be asked or done), 3 inconclusive (mixed answers, or interrupted).`

// run runs the program and returns its exit status. The first Ctrl-C asks it to
// end, the second ends it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	var line commands
	helped := false
	parser, err := kong.New(&line,
		kong.Name("orgship"),
		kong.Description(about),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(&program{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv}),
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
		return statusError
	}
	if err := verb.Run(); err != nil {
		complain(stderr, err, "")
		return statusOf(err)
	}
	return statusOK
}

// complain prints an error on one line, and its hint if it has one.
func complain(w io.Writer, err error, otherwise string) {
	fmt.Fprintf(w, "error: %s\n", report.Clean(err.Error()))
	if hint := hintOf(err, otherwise); hint != "" {
		fmt.Fprintf(w, "hint: %s\n", report.Clean(hint))
	}
}

// hintOf is what an error says to do about it.
func hintOf(err error, otherwise string) string {
	var hinted interface{ Hint() string }
	var fault *template.Error
	switch {
	case errors.As(err, &hinted) && hinted.Hint() != "":
		return hinted.Hint()
	case errors.As(err, &fault):
		return "see what is wrong with the template, and where: orgship lint TEMPLATE"
	}
	return otherwise
}

// statusOf is the status of the demo's or a release's verdict, or the error's
// own, else that of an error.
func statusOf(err error) int {
	var story *demo.Error
	var verdict *release.Error
	var coded interface{ ExitCode() int }
	switch {
	case errors.As(err, &story):
		return story.ExitCode()
	case errors.As(err, &verdict):
		return verdict.Verdict.ExitStatus()
	case errors.As(err, &coded):
		return coded.ExitCode()
	}
	return statusError
}
