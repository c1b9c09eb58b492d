// Package cli is the command line of orgship: the verbs, what they print, and
// their exit status. Who runs it says where it runs: a shell, or a container
// whose engine shows the steps, runs the tasks and pushes the images.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"orgship/demo"
	"orgship/pipeline/registry"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/sandbox/task"
	"orgship/template"
)

// Program is the command line and where it runs. Args to Getenv are required;
// the zero value of the rest is a shell's.
type Program struct {
	Args   []string  // without the program's name
	Stdin  io.Reader // read where a file is named -
	Stdout io.Writer // the result alone
	Stderr io.Writer // all else
	Getenv func(string) string

	// Show shows what a run records, until stop is called, which is when the
	// report is complete. Nil: a live view on Stderr, or lines if it is no terminal.
	Show func(ctx context.Context, r *report.Recorder) (stop func())
	// Runtime runs the tasks of the verbs sandbox and demo. Nil: processes in the
	// machine's own namespaces; main then calls task.Init first thing.
	Runtime task.Runtime
	// Builder and Chapter are those of [demo.Options], for the verb demo.
	Builder demo.Builder
	Chapter func(ctx context.Context, title string, tell func(ctx context.Context, out io.Writer) error) error
	// Publish pushes the container that the verb push names container:<id>. Nil:
	// there is no such source.
	Publish func(ctx context.Context, id string, to Destination) (registry.Pushed, error)
}

// Destination is where a container goes as an image.
type Destination struct {
	Repository string // <account>.dkr.ecr.<region>.amazonaws.com/<repository>, of the sandbox <host:port>/<account>/<repository>
	Tag        string // never empty
	// Login returns what the repository's registry asks for: secrets, of the
	// account that owns the repository, for 12 hours.
	Login func(ctx context.Context) (username, password string, err error)
	// SameRevision takes the image that has the tag for this one, if it says that it has
	// the same revision and version: the same source, built before, perhaps elsewhere.
	SameRevision bool
	// Find looks a reference up: <repository>:<tag> or <repository>@<digest>.
	Find func(ctx context.Context, reference string) (registry.Image, error)
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

	Summary     summaryCommand     `cmd:"" help:"Tell GitHub Actions or CodeBuild what a report says: summary, outputs, annotations, JUnit; else print its timeline."`
	Credentials credentialsCommand `cmd:"" help:"Print credentials as credential_process JSON: the SDK's own, or those of a role for a job of GitHub Actions."`
	Version     versionCommand     `cmd:"" help:"Print the version, as --version does."`
}

// running is a program that runs: what a verb gets.
type running struct {
	Program
	ctx context.Context // ends with the first Ctrl-C or SIGTERM
}

// The exit statuses that are no verdict's.
const (
	statusOK    = 0
	statusError = 2 // nothing could be found out: wrong usage, no credentials, nobody there
)

// about stands above the list of verbs.
const about = `Build an image once, share it with an organizational unit, release it blue/green.

The exit status is the verdict: 0 successful, 1 failed (answered wrongly, refused or gone back), 2 error (could not be asked or done), 3 inconclusive (mixed answers, or interrupted).`

// Run runs the program and returns its exit status. The first Ctrl-C asks it to
// end, the second ends it.
func Run(p Program) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	var line commands
	helped := false
	parser, err := kong.New(&line,
		kong.Name("orgship"),
		kong.Description(about),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(&running{p, ctx}),
	)
	if err != nil {
		panic("orgship: internal error: " + err.Error()) // can't happen: the fields of commands are fixed
	}
	if slices.Equal(p.Args, []string{"--version"}) { // a flag of its own: push has another one of this name
		p.Args = []string{"version"}
	}
	if len(p.Args) == 0 { // as the go command has it: help for people, and no success for a script
		parser.Stdout = p.Stderr
		_, _ = parser.Parse([]string{"--help"})
		return statusError
	}
	verb, err := parser.Parse(p.Args)
	if helped {
		return statusOK
	}
	if err != nil {
		p := running{p, ctx}
		p.misread(err)
		complain(p.Stderr, err, helpFor(err))
		return statusError
	}
	if err := verb.Run(); err != nil {
		complain(p.Stderr, err, "")
		return statusOf(err)
	}
	return statusOK
}

// helpFor is where to read what a command line that can't be read should have been.
func helpFor(err error) string {
	var misread *kong.ParseError
	if errors.As(err, &misread) && misread.Context != nil {
		if verb := misread.Context.Selected(); verb != nil {
			return fmt.Sprintf("orgship %s --help shows its arguments and flags", verb.Name)
		}
	}
	return "orgship --help lists verbs and flags"
}

// version is the program's own, as Go's toolchain wrote it into the binary.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}

// versionCommand is the verb version.
type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *running) error {
	_, err := fmt.Fprintln(p.Stdout, "orgship", version())
	return err
}

// complain prints an error on one line, and its hint if it has one.
func complain(w io.Writer, err error, otherwise string) {
	long := maxLine
	var misread *kong.ParseError
	if errors.As(err, &misread) { // it quotes what was typed
		long = maxTyped
	}
	fmt.Fprintf(w, "error: %s\n", report.Clean(shorten(err.Error(), long)))
	if hint := hintOf(err, otherwise); hint != "" {
		fmt.Fprintf(w, "hint: %s\n", report.Clean(hint))
	}
}

// How many characters a line of an error has at most: what was typed, or answered,
// may be longer than anybody reads. The report has all of it.
const (
	maxLine  = 1000
	maxTyped = 280
)

// shorten takes the middle out of a text that has more than n characters: its end
// says what is wrong with its beginning.
func shorten(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n*2/3]) + " … " + string(runes[len(runes)-n/3+3:])
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
