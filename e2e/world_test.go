// Package e2e releases the demo app into the sandbox with the whole pipeline.
// It has tests only.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/cfn"
	"orgship/dockerfiles"
	"orgship/image"
	"orgship/pipeline/account"
	"orgship/pipeline/org"
	"orgship/pipeline/registry"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
	"orgship/pipeline/session"
	"orgship/pipeline/stack"
	"orgship/pipeline/verify"
	"orgship/sandbox"
	"orgship/sandbox/task"
	"orgship/template"
)

func TestMain(m *testing.M) {
	task.Init() // a task of the sandbox begins as this program
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("5") // releases mostly wait
	}
	os.Exit(m.Run())
}

// speed of the sandbox's time: a minute is five seconds. Health checks then
// leave a busy machine the time to answer.
const speed = 12

// pace is quicker than in real life, as the sandbox is; the pipeline's own
// tests are about its rates.
var pace = stack.Pace{Every: 200 * time.Millisecond}

// world is a sandbox with a shared repository, and one workload account.
type world struct {
	t    *testing.T
	box  *sandbox.Sandbox
	dev  sandbox.Account
	repo string // URI
}

// app compiles the demo app once for all tests.
var app = sync.OnceValues(func() (*image.Binary, error) {
	return image.Compile(context.Background(), dockerfiles.Hello(), image.Host())
})

// newWorld starts a sandbox whose repository is shared with the OU development.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, sandbox.Options{Speed: speed})
}

func newWorldWith(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	box, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := box.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := box.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	dev, _ := box.Account("dev-1")
	w := &world{t: t, box: box, dev: dev}
	shared, _ := box.Account("shared-services")
	organization := org.New(organizations.NewFromConfig(w.config("management")))
	uri, _, err := w.releaser(shared, nil).Share(t.Context(), organization, release.Shared{Unit: "ou-sbox-dev00001"})
	if err != nil {
		t.Fatalf("sharing the repository: %v", err)
	}
	w.repo = uri
	return w
}

func (w *world) config(name string) aws.Config {
	w.t.Helper()
	a, ok := w.box.Account(name)
	if !ok {
		w.t.Fatalf("no account %q", name)
	}
	cfg, err := account.Config(w.t.Context(), account.Options{
		Credentials: credentials.NewStaticCredentialsProvider(a.AccessKeyID, a.SecretAccessKey, ""),
		Region:      "eu-west-1", Endpoint: w.box.Endpoint(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return cfg
}

// releaser returns a releaser for an account; edit changes its configuration.
func (w *world) releaser(a sandbox.Account, edit func(*release.Config)) *release.Releaser {
	w.t.Helper()
	cfg, pusher := w.config(a.Name), ecr.NewFromConfig(w.config("shared-services"))
	where := report.Account{ID: a.ID, Name: a.Name, Region: "eu-west-1", Endpoint: w.box.Endpoint()}
	stacks := stack.New(cloudformation.NewFromConfig(cfg), stack.WithPace(pace))
	c := release.Config{
		Account:  where,
		Stacks:   stacks,
		Images:   registry.New(pusher),
		Access:   session.AskPolicy(pusher, org.New(organizations.NewFromConfig(w.config("management"))), where),
		Strategy: session.Strategies(cfg, stacks, pace),
		Speed:    speed,
		Watch:    w.log,
	}
	if edit != nil {
		edit(&c)
	}
	return release.New(c)
}

// log shows a run's events in the test's output.
func (w *world) log(r *report.Recorder) {
	if !testing.Verbose() {
		return
	}
	started := r.Snapshot().Started
	r.Listen(func(e report.Event) { fmt.Println(render.Line(e, started, render.Style{Unicode: true})) })
}

// variant makes an image of the demo app: "Blue", "Green", or another word that
// answers wrongly for either.
func (w *world) variant(name, version string) v1.Image {
	w.t.Helper()
	binary, err := app()
	if err != nil {
		w.t.Skipf("SKIP: %v", err)
	}
	o := image.Options{
		Dockerfile: dockerfiles.Green(), Version: version,
		Revision: fmt.Sprintf("%040x", name+version), Env: map[string]string{"VARIANT": name},
	}
	img, err := image.Assemble(binary, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return img
}

// request releases a variant that has to answer with the word.
func (w *world) request(name, version, word string) release.Request {
	w.t.Helper()
	return release.Request{
		Stack: "demo", Template: cfn.BlueGreen(),
		Push: &registry.Push{Repository: w.repo, Tag: version, Image: w.variant(name, version)},
		Parameters: map[string]string{
			"Vpc": w.dev.VPCID, "Subnet1": w.dev.SubnetIDs[0], "Subnet2": w.dev.SubnetIDs[1],
		},
		Change: template.Changes{TerminationWaitMinutes: aws.Int(1)},
		Check: release.Check{
			Check: verify.Check{Body: "Hello World! (" + word + ")", Interval: 50 * time.Millisecond, Timeout: 2 * time.Second},
			Rate:  50,
		},
	}
}

// must fails the test unless a run came to this verdict and outcome.
func must(t *testing.T, r report.Report, err error, verdict report.Verdict, outcome report.Outcome) {
	t.Helper()
	if r.Verdict != verdict || r.Outcome != outcome {
		t.Fatalf("%s: %s, want %s: %s\n%s\nerror: %v\n%s", r.Verdict, r.Outcome, verdict, outcome, r.Summary, err, render.Timeline(r, render.Style{}))
	}
	var failure *release.Error
	if (err == nil) != (verdict == report.Successful) || err != nil && !errors.As(err, &failure) {
		t.Fatalf("verdict %s, error %v", verdict, err)
	}
}

// released makes the stack with the Blue image.
func (w *world) released() {
	w.t.Helper()
	r, err := w.releaser(w.dev, nil).Release(w.t.Context(), w.request("Blue", "1.0", "Blue"))
	must(w.t, r, err, report.Successful, report.Released)
}

// says returns what the service answers now.
func (w *world) says() string {
	w.t.Helper()
	s, err := stack.New(cloudformation.NewFromConfig(w.config(w.dev.Name))).Describe(w.t.Context(), "demo")
	if err != nil {
		w.t.Fatal(err)
	}
	got, err := verify.Run(w.t.Context(), verify.Check{
		URL: "http://" + s.Outputs["LoadBalancerDNSName"] + "/", Pattern: "Hello World", Interval: 50 * time.Millisecond, Deadline: 10 * time.Second,
	})
	if err != nil || len(got.Last) == 0 {
		w.t.Fatalf("asking the service: %v", err)
	}
	body := got.Last[len(got.Last)-1].Body
	_, after, _ := strings.Cut(body, "(")
	word, _, _ := strings.Cut(after, ")")
	return word
}
