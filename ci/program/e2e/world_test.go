// Package e2e drives the Dagger module from outside, as its users do: with the
// command line, and with Dagger's Go SDK. It has tests only.
//
// They need dagger on the PATH and an engine that answers, else they say SKIP and
// why. The Go image that builds the program and the demo app comes from a registry
// on loopback; where the engine doesn't share this machine's network,
// ORGSHIP_GO_IMAGE names one that it can pull, such as golang:1.26-alpine.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orgship/sandbox"
	"orgship/sandbox/task"
	"orgship/sandbox/wire"
)

// How long things may take. A cold engine downloads and compiles in a first call.
const (
	callTimeout  = 15 * time.Minute
	askTimeout   = time.Minute
	closeTimeout = 30 * time.Second
)

// What the tests share, and with whom. Each has a sandbox of its own.
const (
	unit       = "development"
	repository = "demoecshwapp-ecr-repo"
	shared     = "111111111111" // the account shared-services
)

func TestMain(m *testing.M) {
	task.Init() // a task of the sandbox begins as this program
	if filepath.Base(os.Args[0]) == "dagger" {
		os.Exit(standIn(os.Args[1:]))
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("3") // calls mostly wait
	}
	os.Exit(m.Run())
}

// world is what all tests share: the module, and an image with Go.
type world struct {
	module  string // folder of the module
	goImage string
	base    string // an image for BASE_IMAGE; "" if there is no registry of ours
	marker  string // digest of its one layer
}

// unavailable is why nothing can be tried on this machine.
type unavailable struct{ reason string }

func (u *unavailable) Error() string { return u.reason }

var shareWorld = sync.OnceValues(newWorld)

// newWorld looks for an engine, and gives it an image with Go.
func newWorld() (*world, error) {
	if _, err := exec.LookPath("dagger"); err != nil {
		return nil, &unavailable{"dagger is not on the PATH"}
	}
	if r := ask("version"); r.status != 0 {
		return nil, &unavailable{"no engine answers within " + askTimeout.String() + ": " + lastLine(r.stderr)}
	}
	module, err := filepath.Abs("../../..")
	if err != nil {
		return nil, err
	}
	w := &world{module: module, goImage: os.Getenv("ORGSHIP_GO_IMAGE")}
	if w.goImage != "" {
		return w, nil
	}
	if err := w.serveImages(); err != nil {
		return nil, err
	}
	if r := ask("container", "from", "--address="+w.goImage, "env-variable", "--name=PATH"); r.status != 0 {
		return nil, &unavailable{fmt.Sprintf("the engine can't pull %s from this machine (ORGSHIP_GO_IMAGE names an image that it can): %s", w.goImage, lastLine(r.stderr))}
	}
	return w, nil
}

// ask asks the engine a question about itself.
func ask(args ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	return dagger(ctx, os.TempDir(), os.Environ(), append([]string{"core", "--progress=logs"}, args...)...)
}

// need returns the world, or skips the test.
func need(t *testing.T) *world {
	t.Helper()
	w, err := shareWorld()
	if u := (*unavailable)(nil); asError(err, &u) {
		t.Skip("SKIP: " + u.reason)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// inFull skips the test with -short.
func inFull(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: not in -short mode")
	}
}

// box is a sandbox on this machine, and calls of the module that work in it.
type box struct {
	*sandbox.Sandbox
	*world
	repo string // URI of the repository, there once it is shared
}

// planted is in each secret access key of a box.
const planted = "CANARYfe0d93b9c1"

// newBox starts a sandbox.
func newBox(t *testing.T) *box {
	t.Helper()
	return newBoxIn(t, need(t), nil)
}

// newBoxIn starts a sandbox whose CodeBuild has sources.
func newBoxIn(t *testing.T, w *world, sources map[string]string) *box {
	t.Helper()
	secrets := map[string]string{}
	for _, digit := range "123459" {
		secrets[strings.Repeat(string(digit), 12)] = planted + strings.Repeat(string(digit), 40-len(planted))
	}
	s, err := sandbox.New(sandbox.Options{Speed: 60, Secrets: secrets, Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := s.CanRunTasks(); err != nil {
		t.Skip("SKIP: ", err)
	}
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return &box{s, w, fmt.Sprintf("%s/%s/%s", host(s.Endpoint()), shared, repository)}
}

// host is a URL without its scheme.
func host(url string) string { return strings.TrimPrefix(url, "http://") }

// credentials are an account's, in the credential_process format.
func (b *box) credentials(t *testing.T, name string) string {
	t.Helper()
	a, ok := b.Account(name)
	if !ok {
		t.Fatalf("no account %q", name)
	}
	text, err := json.Marshal(map[string]any{"Version": 1, "AccessKeyId": a.AccessKeyID, "SecretAccessKey": a.SecretAccessKey})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// network are the parameters of the demo's stack in an account.
func (b *box) network(t *testing.T, name string) string {
	t.Helper()
	a, ok := b.Account(name)
	if !ok || len(a.SubnetIDs) < 2 {
		t.Fatalf("account %q has no network", name)
	}
	return strings.Join([]string{"Vpc=" + a.VPCID, "Subnet1=" + a.SubnetIDs[0], "Subnet2=" + a.SubnetIDs[1]}, ",")
}

// called returns how often an operation of CloudFormation was answered.
func (b *box) called(operation string) (n int) {
	for _, c := range b.Calls() {
		if c.Service == "cloudformation" && c.Operation == operation {
			n++
		}
	}
	return n
}

// since returns the calls after the first n.
func (b *box) since(n int) []wire.Call { return b.Calls()[n:] }

// state lists what there is in the sandbox.
func (b *box) state(t *testing.T) string {
	t.Helper()
	s, err := b.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.String()
}

// lastLine is the last line that isn't empty.
func lastLine(text string) string {
	lines := bytes.Split(bytes.TrimSpace([]byte(text)), []byte("\n"))
	return string(lines[len(lines)-1])
}
