// Package faults plays what goes wrong: faults of AWS's API, apps, people, races and
// input. Each situation runs the program as a user does, and says what has to come
// of it: the exit status, the verdict, the first line, and who serves in the end.
package faults

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/cli"
	"orgship/image"
	"orgship/pipeline/account"
	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/sandbox"
	"orgship/sandbox/task"
)

// asProgram in the environment makes the test binary the program.
const asProgram = "ORGSHIP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	task.Init() // a task of the sandbox begins as this program
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Run(cli.Program{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}))
	}
	os.Exit(m.Run())
}

// speed of the sandbox's time: a minute is a second.
const speed = 60

// world is a sandbox with a repository that the OU development may pull from.
type world struct {
	box  *sandbox.Sandbox
	repo string
	dir  string // for files
}

// newWorld starts a sandbox, with a repository that holds images of these tags.
func newWorld(t *testing.T, tags ...string) *world {
	t.Helper()
	return newWorldWith(t, sandbox.Options{}, tags...)
}

func newWorldWith(t *testing.T, o sandbox.Options, tags ...string) *world {
	t.Helper()
	o.Speed = speed
	box, err := sandbox.New(o)
	if err == nil {
		err = box.Listen("127.0.0.1:0")
	}
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
	w := &world{box: box, dir: t.TempDir()}
	shared := &desk{w: w, t: t, account: "shared-services"}
	r := shared.run("share", "ou-sbox-dev00001", "--repository", "fault/shop")
	if w.repo = strings.TrimSpace(r.stdout); r.status != 0 || w.repo == "" {
		t.Fatalf("sharing: %d\n%s", r.status, r.stderr)
	}
	for _, tag := range tags {
		shared.push(tag, images[tag])
	}
	return w
}

// TestFaults plays all situations, in a group for each account: what one group
// orders doesn't hit the others.
func TestFaults(t *testing.T) {
	w := newWorld(t, slices.Sorted(maps.Keys(images))...)
	total := 0
	t.Run("all", func(t *testing.T) {
		for name, group := range map[string]struct {
			account    string
			situations []situation
		}{
			"api": {"dev-1", apiFaults()}, "apps": {"dev-2", apps()}, "people": {"team-a", append(people(), races()...)},
		} {
			total += len(group.situations)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := &desk{w: w, t: t, account: group.account}
				d.makeShop()
				for _, s := range group.situations {
					t.Run(s.name, func(t *testing.T) { d.on(t).play(s) })
				}
			})
		}
	})
	if t.Logf("%d situations", total); total < 80 {
		t.Error("fewer than 80 situations: the table has lost some")
	}
}

// situation is something that may happen, and what has to come of it.
type situation struct {
	name string
	// trouble orders what goes wrong, and returns how to end it; nil: nothing does.
	trouble func(d *desk) (end func())
	args    string // of the program; REPO is the repository, TMP a folder
	status  int
	verdict report.Verdict
	outcome report.Outcome // "": it is wrong usage, and there is no report to look at
	line    string         // pattern of what is said first: the report's headline and summary, or the error
	serves  string         // what the service says in the end; "": what it said before
}

// desk is where somebody sits: in an account, with a shop.
type desk struct {
	w       *world
	t       *testing.T
	account string
	file    string       // template of the shop; "": the one with a hook
	url     string       // of the shop
	says    string       // what the shop says
	client  *http.Client // asks it; nil: the default one
	env     []string     // of the program besides, as KEY=VALUE
}

func (d *desk) on(t *testing.T) *desk {
	d.t = t
	return d
}

// result is what a run came to.
type result struct {
	status         int
	stdout, stderr string
}

// command is the program in a process of its own.
func (d *desk) command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	a, _ := d.w.box.Account("management")
	if d.account == "shared-services" {
		a, _ = d.w.box.Account(d.account)
	}
	c.Env = []string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + d.w.dir, "AWS_ENDPOINT_URL=" + d.w.box.Endpoint(), "AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=" + a.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + a.SecretAccessKey, fmt.Sprint("ORGSHIP_SPEED=", speed), "AWS_EC2_METADATA_DISABLED=true",
	}
	c.Env = append(c.Env, d.env...)
	return c
}

func (d *desk) run(args ...string) result {
	d.t.Helper()
	c := d.command(args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if c.ProcessState == nil {
		d.t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// config is the account's administrator.
func (d *desk) config() aws.Config {
	d.t.Helper()
	a, _ := d.w.box.Account(d.account)
	cfg, err := account.Config(context.Background(), account.Options{
		Credentials: credentials.NewStaticCredentialsProvider(a.AccessKeyID, a.SecretAccessKey, ""), Region: "eu-west-1", Endpoint: d.w.box.Endpoint(),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return cfg
}

var binary = sync.OnceValues(func() (*image.Binary, error) {
	source, err := os.ReadFile("../testdata/app/main.go")
	if err != nil {
		return nil, err
	}
	return image.Compile(context.Background(), source, image.Host())
})

// assemble makes an app that answers as its environment says.
func assemble(t *testing.T, env map[string]string) (v1.Image, error) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Skipf("SKIP: %v", err)
	}
	return image.Assemble(program, image.Options{
		Dockerfile: []byte("FROM scratch\nCOPY --from=build /out/app /app\nENTRYPOINT [\"/app\"]\n"), Env: env,
	})
}

// push pushes an app that answers as its environment says.
func (d *desk) push(tag string, env map[string]string) {
	d.t.Helper()
	img, err := assemble(d.t, env)
	if err == nil {
		_, err = registry.New(ecr.NewFromConfig(d.config())).Push(context.Background(), registry.Push{Repository: d.w.repo, Tag: tag, Image: img})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// shop is the shop's stack as its owner makes it.
func (d *desk) shop() *cloudformation.CreateStackInput {
	d.t.Helper()
	body, err := os.ReadFile(filepath.Join("../testdata", cmp.Or(d.file, "stranger.yaml")))
	if err != nil {
		d.t.Fatal(err)
	}
	a, _ := d.w.box.Account(d.account)
	in := &cloudformation.CreateStackInput{
		StackName: aws.String("shop"), TemplateBody: aws.String(string(body)),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityAutoExpand},
	}
	for key, value := range map[string]string{"Network": a.VPCID, "ZoneA": a.SubnetIDs[0], "ZoneB": a.SubnetIDs[1], "Version": d.w.repo + ":one"} {
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: &key, ParameterValue: &value})
	}
	return in
}

// makeShop creates the shop's stack as its owner does, without orgship.
func (d *desk) makeShop() {
	d.t.Helper()
	d.makeShopOf(func(*cloudformation.CreateStackInput) {})
}

// makeShopOf creates it as somebody has edited it.
func (d *desk) makeShopOf(edit func(*cloudformation.CreateStackInput)) {
	d.t.Helper()
	api := cloudformation.NewFromConfig(d.config())
	in := d.shop()
	edit(in)
	if _, err := api.CreateStack(context.Background(), in); err != nil {
		d.t.Fatal(err)
	}
	wait := cloudformation.NewStackCreateCompleteWaiter(api, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 200*time.Millisecond
	})
	if err := wait.Wait(context.Background(), &cloudformation.DescribeStacksInput{StackName: aws.String("shop")}, time.Minute); err != nil {
		d.t.Fatal(err)
	}
	balancers, err := elasticloadbalancingv2.NewFromConfig(d.config()).DescribeLoadBalancers(context.Background(), &elasticloadbalancingv2.DescribeLoadBalancersInput{})
	if err != nil || len(balancers.LoadBalancers) != 1 {
		d.t.Fatalf("the shop's load balancer: %+v, error %v", balancers, err)
	}
	d.url, d.says = "http://"+*balancers.LoadBalancers[0].DNSName+"/", "one"
}

// play plays a situation on the desk.
func (d *desk) play(s situation) {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), "report.json")
	args := strings.Fields(strings.NewReplacer("REPO", d.w.repo, "TMP", d.w.dir, "REPORT", file).Replace(s.args))
	if s.outcome != "" {
		args = append(args, "--report", file)
	}
	end := func() {}
	if s.trouble != nil {
		end = s.trouble(d)
	}
	r := d.run(args...)
	end()
	if r.status != s.status {
		d.t.Errorf("exit status %d, want %d", r.status, s.status)
	}
	first := r.stderr
	if s.outcome != "" {
		document, err := os.ReadFile(file)
		if err != nil {
			d.t.Fatalf("no report: %v\n%s", err, r.stderr)
		}
		got, err := report.Read(document)
		if err != nil || got.Verdict != s.verdict || got.Outcome != s.outcome {
			d.t.Errorf("%s, %s, want %s, %s (error %v)", got.Verdict, got.Outcome, s.verdict, s.outcome, err)
		}
		first = got.Headline() + "\n" + got.Summary
	}
	if !regexp.MustCompile(s.line).MatchString(first) {
		d.t.Errorf("%q isn't said: %q", s.line, first)
	}
	d.endState(s.serves)
	if d.t.Failed() {
		d.t.Logf("orgship %s\n%s", strings.Join(args, " "), r.stderr)
	}
}

// endState holds what has to be true whatever happened: the shop serves, its stack
// rests, and nothing is left over.
func (d *desk) endState(serves string) {
	d.t.Helper()
	if serves != "" {
		d.says = serves
	}
	if got := d.ask(); !strings.Contains(got, d.says) {
		d.t.Errorf("the shop says %q, not %q", got, d.says)
	}
	api := cloudformation.NewFromConfig(d.config())
	out, err := api.DescribeStacks(context.Background(), &cloudformation.DescribeStacksInput{StackName: aws.String("shop")})
	if err != nil || len(out.Stacks) != 1 || strings.Contains(string(out.Stacks[0].StackStatus), "FAILED") {
		d.t.Errorf("the stack: %+v, error %v", out, err)
	}
	sets, err := api.ListChangeSets(context.Background(), &cloudformation.ListChangeSetsInput{StackName: aws.String("shop")})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, set := range sets.Summaries {
		if set.ExecutionStatus == types.ExecutionStatusAvailable {
			d.t.Errorf("change set %s is left", *set.ChangeSetName)
		}
	}
}

func (d *desk) ask() string {
	r, err := cmp.Or(d.client, http.DefaultClient).Get(d.url)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(r.Body, 200))
	return string(body)
}
