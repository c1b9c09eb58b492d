// Package bench measures speed, beside a peer in the same run where there is
// one. It has benchmarks only; README.md says what they measure and how.
package bench

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/cfn"
	"orgship/dockerfiles"
	"orgship/image"
	"orgship/pipeline/account"
	"orgship/pipeline/org"
	"orgship/pipeline/registry"
	"orgship/pipeline/release"
	"orgship/pipeline/session"
	"orgship/pipeline/verify"
	"orgship/sandbox"
	"orgship/sandbox/task"
	"orgship/template"
)

// TestMain lets the test binary be a task, and a sandbox in a process of its
// own; it prints the table of what was measured at the end.
func TestMain(m *testing.M) {
	task.Init()
	if os.Getenv(serveVariable) != "" {
		os.Exit(serve())
	}
	before := load()
	status := m.Run()
	results.print(before)
	os.Exit(status)
}

const stackName = "bench"

// world is a sandbox that listens.
type world struct {
	b     testing.TB
	box   *sandbox.Sandbox
	speed float64
	repo  string // URI of the shared repository, after share
}

// newWorld starts a sandbox which the end of the benchmark closes.
func newWorld(b testing.TB, speed float64) *world {
	b.Helper()
	box, err := sandbox.New(sandbox.Options{Speed: speed})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := box.Close(ctx); err != nil {
			b.Error(err)
		}
	})
	if err := box.Listen("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	return &world{b: b, box: box, speed: speed}
}

// needsTasks skips a benchmark, aloud, on a machine that can't run tasks.
func (w *world) needsTasks() {
	w.b.Helper()
	if err := w.box.CanRunTasks(); err != nil {
		skip(w.b, err.Error())
	}
}

func (w *world) account(name string) sandbox.Account {
	w.b.Helper()
	a, ok := w.box.Account(name)
	if !ok {
		w.b.Fatalf("there is no account %q", name)
	}
	return a
}

func (w *world) config(name string) aws.Config {
	w.b.Helper()
	a := w.account(name)
	cfg, err := account.Config(w.b.Context(), account.Options{
		Credentials: credentials.NewStaticCredentialsProvider(a.AccessKeyID, a.SecretAccessKey, ""),
		Region:      w.box.Info().Region, Endpoint: w.box.Endpoint(),
	})
	if err != nil {
		w.b.Fatal(err)
	}
	return cfg
}

// share deploys the repository that the accounts of the unit may pull from.
func (w *world) share() {
	w.b.Helper()
	organization := org.New(organizations.NewFromConfig(w.config("management")))
	uri, _, err := w.releaser("shared-services").Share(w.b.Context(), organization, release.Shared{Unit: "ou-sbox-dev00001"})
	if err != nil {
		w.b.Fatalf("sharing the repository: %v", err)
	}
	w.repo = uri
}

// releaser returns a releaser for an account, reached as the program reaches it:
// from the management account.
func (w *world) releaser(name string) *release.Releaser {
	w.b.Helper()
	accounts := account.NewAccounts(w.config("management"), account.OrganizationRole)
	cfg, err := session.New(accounts, w.speed).Configure(w.b.Context(), name)
	if err != nil {
		w.b.Fatal(err)
	}
	return release.New(cfg)
}

// app compiles the demo app once for all benchmarks.
var app = sync.OnceValues(func() (*image.Binary, error) {
	return image.Compile(context.Background(), dockerfiles.Hello(), image.Host())
})

// variant makes an image of the demo app, "Blue" or "Green".
func variant(b testing.TB, name, version string) v1.Image {
	b.Helper()
	binary, err := app()
	if err != nil {
		skip(b, err.Error())
	}
	img, err := image.Assemble(binary, image.Options{
		Dockerfile: dockerfiles.Green(), Version: version,
		Revision: fmt.Sprintf("%040x", name+version), Env: map[string]string{"VARIANT": name},
	})
	if err != nil {
		b.Fatal(err)
	}
	return img
}

// request releases a variant into an account, with the template as it is but
// for the time that blue is kept.
func (w *world) request(word, version string, wait int) release.Request {
	w.b.Helper()
	a := w.account("dev-1")
	return release.Request{
		Stack: stackName, Template: cfn.BlueGreen(),
		Push:       &registry.Push{Repository: w.repo, Tag: version, Image: variant(w.b, word, version)},
		Parameters: map[string]string{"Vpc": a.VPCID, "Subnet1": a.SubnetIDs[0], "Subnet2": a.SubnetIDs[1]},
		Change:     template.Changes{TerminationWaitMinutes: &wait},
		Check:      release.Check{Check: verify.Check{Body: "Hello World! (" + word + ")"}},
	}
}
