package sandbox_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	templates "orgship/cfn"
	"orgship/dockerfiles"
	"orgship/image"
	"orgship/sandbox"
	"orgship/sandbox/task"
	"orgship/template"
)

const (
	repository   = "demoecshwapp-ecr-repo"
	organization = "o-sandbox001"
	devUnit      = "ou-sbox-dev00001"
)

// TestMain lets the test binary be a task.
func TestMain(m *testing.M) {
	task.Init()
	m.Run()
}

// world is a sandbox that listens.
type world struct {
	*sandbox.Sandbox
	t   testing.TB
	ctx context.Context
}

// newWorld starts a sandbox which the end of the test closes.
func newWorld(t testing.TB, o sandbox.Options) *world {
	t.Helper()
	if o.Speed == 0 {
		o.Speed = 120
	}
	box, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := box.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if err := box.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return &world{Sandbox: box, t: t, ctx: context.Background()}
}

// needsTasks skips a test on a machine that can't run tasks.
func (w *world) needsTasks() {
	w.t.Helper()
	if err := w.CanRunTasks(); err != nil {
		w.t.Skipf("SKIP: %v", err)
	}
}

func (w *world) account(name string) sandbox.Account {
	w.t.Helper()
	a, ok := w.Account(name)
	if !ok {
		w.t.Fatalf("there is no account %q", name)
	}
	return a
}

// config makes SDK clients that act as the administrator of an account.
func (w *world) config(account string) aws.Config {
	w.t.Helper()
	a := w.account(account)
	return aws.Config{
		Region: w.Info().Region, BaseEndpoint: aws.String(w.Endpoint()),
		Credentials: credentials.NewStaticCredentialsProvider(a.AccessKeyID, a.SecretAccessKey, ""),
	}
}

func (w *world) stacks(account string) *cloudformation.Client {
	return cloudformation.NewFromConfig(w.config(account))
}

// must fails the test on an error.
func must[T any](out T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// eventually polls until done says true, for a minute at most.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// settle waits until a stack's operation ends and returns the stack.
func (w *world) settle(account, stack string) cfn.Stack {
	w.t.Helper()
	var last cfn.Stack
	eventually(w.t, "stack "+stack, func() bool {
		out := must(w.stacks(account).DescribeStacks(w.ctx, &cloudformation.DescribeStacksInput{StackName: &stack}))(w.t)
		last = out.Stacks[0]
		return !strings.HasSuffix(string(last.StackStatus), "_IN_PROGRESS")
	})
	return last
}

// wantStatus waits for a stack and prints its events when it ends otherwise.
func (w *world) wantStatus(account, stack string, want cfn.StackStatus) cfn.Stack {
	w.t.Helper()
	s := w.settle(account, stack)
	if s.StackStatus != want {
		w.t.Fatalf("stack %s is %s (%s), want %s; its events:\n%s",
			stack, s.StackStatus, aws.ToString(s.StackStatusReason), want, w.events(account, stack))
	}
	return s
}

func (w *world) events(account, stack string) string {
	w.t.Helper()
	out := must(w.stacks(account).DescribeStackEvents(w.ctx, &cloudformation.DescribeStackEventsInput{StackName: &stack}))(w.t)
	var b strings.Builder
	for _, e := range out.StackEvents {
		fmt.Fprintln(&b, e.ResourceStatus, aws.ToString(e.ResourceType), aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceStatusReason))
	}
	return b.String()
}

// binary is the demo app, compiled once for all tests.
var binary = sync.OnceValues(func() (*image.Binary, error) {
	return image.Compile(context.Background(), dockerfiles.Hello(), image.Host())
})

// share deploys the repository that the accounts below the dev unit may pull from.
func (w *world) share() {
	w.t.Helper()
	must(w.stacks("shared-services").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("repository"), TemplateBody: aws.String(string(templates.ECRRepository())),
		Parameters: parameters("OrgID", organization, "DevOrgUnitID", devUnit),
	}))(w.t)
	w.wantStatus("shared-services", "repository", cfn.StackStatusCreateComplete)
}

// push pushes a variant of the demo app and returns it as repository@digest, in
// the form that ECR's names have on AWS.
func (w *world) push(dockerfile []byte, tag string) string {
	w.t.Helper()
	img := must(image.Assemble(must(binary())(w.t), image.Options{Dockerfile: dockerfile, Version: tag, Revision: "revision-of-" + tag}))(w.t)
	return w.pushImage(img, tag)
}

func (w *world) pushImage(img v1.Image, tag string) string {
	w.t.Helper()
	shared := w.account("shared-services")
	host := strings.TrimPrefix(w.Endpoint(), "http://")
	ref := must(name.ParseReference(fmt.Sprintf("%s/%s/%s:%s", host, shared.ID, repository, tag), name.Insecure))(w.t)
	if err := remote.Write(ref, img, remote.WithAuth(w.login("shared-services"))); err != nil {
		w.t.Fatal(err)
	}
	digest := must(img.Digest())(w.t)
	return fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s@%s", shared.ID, w.Info().Region, repository, digest)
}

// login gets an account's token for the registry.
func (w *world) login(account string) authn.Authenticator {
	w.t.Helper()
	out := must(ecr.NewFromConfig(w.config(account)).GetAuthorizationToken(w.ctx, nil))(w.t)
	token := must(base64.StdEncoding.DecodeString(*out.AuthorizationData[0].AuthorizationToken))(w.t)
	user, password, _ := strings.Cut(string(token), ":")
	return &authn.Basic{Username: user, Password: password}
}

// service renders the service's template with an image.
func (w *world) service(img string, routing template.TrafficRouting) *string {
	w.t.Helper()
	wait := 1
	body := must(template.Render(templates.BlueGreen(), template.Changes{Image: img, TrafficRouting: &routing, TerminationWaitMinutes: &wait}))(w.t)
	return aws.String(string(body))
}

// place is where a service goes in an account.
func (w *world) place(account string) []cfn.Parameter {
	a := w.account(account)
	return parameters("Vpc", a.VPCID, "Subnet1", a.SubnetIDs[0], "Subnet2", a.SubnetIDs[1])
}

func parameters(pairs ...string) []cfn.Parameter {
	var all []cfn.Parameter
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, cfn.Parameter{ParameterKey: &pairs[i], ParameterValue: &pairs[i+1]})
	}
	return all
}

// balancer returns the DNS name of a service's load balancer.
func balancer(t testing.TB, s cfn.Stack) string {
	t.Helper()
	for _, o := range s.Outputs {
		if *o.OutputKey == "LoadBalancerDNSName" {
			return *o.OutputValue
		}
	}
	t.Fatalf("stack %s has no load balancer among its outputs", *s.StackName)
	return ""
}

// get asks over HTTP and returns the body without white space around it.
func get(url string) (string, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return strings.TrimSpace(string(body)), err
}
