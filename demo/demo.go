// Package demo tells a release as a story, and checks each thing it claims: an
// image shared with an organizational unit, released blue/green, gone back on,
// refused outside the unit. All of it happens for real in a sandbox of its own.
//
// What builds the images, what runs the tasks and where the story is written are
// the caller's to say: the program assembles images without Docker and runs
// tasks in Linux namespaces, the Dagger module has its engine do both.
//
//	document, err := demo.Run(ctx, demo.Options{Out: os.Stdout})
//
// A program that leaves Options.Runtime nil calls task.Init first thing in main,
// and in TestMain.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/pipeline/account"
	"orgship/pipeline/org"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
	"orgship/pipeline/session"
	"orgship/sandbox"
	"orgship/sandbox/task"
)

// DefaultSpeed is how much faster than AWS's the story's time runs: a minute
// takes a second.
const DefaultSpeed = 60

// closeTimeout is how long the sandbox may take to end what it runs.
const closeTimeout = 15 * time.Second

// Options of a story; the zero value is fine, and tells nobody.
type Options struct {
	Speed   float64      // all waits of AWS are divided by it; 0: DefaultSpeed
	Keep    bool         // leave out going back and cleaning up; Run ends the sandbox all the same
	Runtime task.Runtime // runs the tasks; nil: Linux namespaces
	Builder Builder      // makes the app's images; nil: assembled without Docker, by the Go toolchain
	Out     io.Writer    // the story, line by line; nil: nowhere
	View    render.View  // how Out shows it: live, in colour, beyond ASCII
	// Chapter is put around each chapter: it calls tell once, with where the
	// chapter's lines go, and returns tell's error. Tell leaves out the title. Nil
	// writes the title and the lines to Out.
	Chapter func(ctx context.Context, title string, tell func(ctx context.Context, out io.Writer) error) error
}

// Run tells the story from its beginning to its end. The document is complete in
// any case; the error is an [*Error] unless the verdict is successful.
func Run(ctx context.Context, o Options) (Document, error) {
	began := time.Now()
	s, err := Open(ctx, o)
	if err != nil {
		d := Document{Schema: Schema, Started: began, Speed: o.speed(), Chapters: []Chapter{}, Facts: []Fact{}, Reports: []report.Report{}}
		return d.broken(err), err
	}
	d, told := s.Tell(ctx)
	if err := s.Close(); err != nil {
		told = errors.Join(told, &Error{Verdict: report.Error, Err: err})
		d = d.broken(told)
	}
	return d, told
}

func (o Options) speed() float64 { return cmp.Or(o.Speed, DefaultSpeed) }

// Story is a story and the sandbox it plays in. Its methods are for one caller
// at a time.
type Story struct {
	*teller
	speed   float64
	keeps   bool // what it made
	around  func(ctx context.Context, title string, tell func(context.Context, io.Writer) error) error
	builder Builder

	box        *sandbox.Sandbox
	accounts   *account.Accounts
	connection *session.Session

	repository string           // URI
	unit       org.Unit         // that may pull
	there      map[v1.Hash]bool // the blobs in the repository
	app        app
	url        string // of the service
	whole      *report.Recorder
	reports    []report.Report
}

// Open starts what a story needs; Close ends it. Where it can't be told, the
// error is an [*Error] whose hint says what is missing.
func Open(ctx context.Context, o Options) (*Story, error) {
	s := &Story{
		teller: newTeller(o.Out, o.View), speed: o.speed(), keeps: o.Keep, around: o.Chapter, builder: o.Builder,
		there: map[v1.Hash]bool{}, reports: []report.Report{},
	}
	if s.around == nil {
		s.around = s.titled
	}
	if err := s.open(ctx, o.Runtime); err != nil {
		return nil, &Error{Verdict: verdictOf(ctx, err), Err: err}
	}
	return s, nil
}

func (s *Story) open(ctx context.Context, runtime task.Runtime) (err error) {
	if s.builder == nil {
		if s.builder, err = newAssembler(s.note); err != nil {
			return err
		}
	}
	if s.box, err = sandbox.New(sandbox.Options{Speed: s.speed, Runtime: runtime}); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

// connect has the sandbox listen, and signs in as the management account: all
// other accounts are reached by assuming a role.
func (s *Story) connect(ctx context.Context) error {
	if err := s.box.CanRunTasks(); err != nil { // never said of a runtime that was given
		return fmt.Errorf("the demo runs what it deploys, and this machine can't: %w", err)
	}
	if err := s.box.Listen("127.0.0.1:0"); err != nil {
		return err
	}
	admin, ok := s.box.Account("management")
	if !ok {
		return errors.New("the sandbox has no management account")
	}
	cfg, err := account.Config(ctx, account.Options{
		Credentials: credentials.NewStaticCredentialsProvider(admin.AccessKeyID, admin.SecretAccessKey, ""),
		Region:      s.box.Info().Region, Endpoint: s.box.Endpoint(),
	})
	if err != nil {
		return err
	}
	s.accounts = account.NewAccounts(cfg, account.OrganizationRole)
	s.connection = session.New(s.accounts, s.speed)
	return nil
}

// Close ends the sandbox and all that runs in it.
func (s *Story) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.box.Close(ctx)
}
