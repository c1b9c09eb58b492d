package e2e

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/image"
	"orgship/pipeline/registry"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/serving"
	"orgship/pipeline/verify"
)

// stranger compiles an app that knows nothing of orgship.
var stranger = sync.OnceValues(func() (*image.Binary, error) {
	source, err := os.ReadFile("testdata/app/main.go")
	if err != nil {
		return nil, err
	}
	return image.Compile(context.Background(), source, image.Host())
})

// stranger pushes an image that answers as its environment says.
func (w *world) stranger(tag string, env map[string]string) string {
	w.t.Helper()
	binary, err := stranger()
	if err != nil {
		w.t.Skipf("SKIP: %v", err)
	}
	img, err := image.Assemble(binary, image.Options{
		Dockerfile: []byte("FROM scratch\nCOPY --from=build /out/app /app\nENTRYPOINT [\"/app\"]\n"), Env: env,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	pushed, err := registry.New(ecr.NewFromConfig(w.config("shared-services"))).Push(w.t.Context(), registry.Push{Repository: w.repo, Tag: tag, Image: img})
	if err != nil {
		w.t.Fatal(err)
	}
	return pushed.Reference
}

// make creates a stranger's stack as they would, without orgship.
func (w *world) make(name, version string) {
	w.t.Helper()
	body, err := os.ReadFile("testdata/stranger.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	var parameters []types.Parameter
	for key, value := range map[string]string{"Network": w.dev.VPCID, "ZoneA": w.dev.SubnetIDs[0], "ZoneB": w.dev.SubnetIDs[1], "Version": version} {
		parameters = append(parameters, types.Parameter{ParameterKey: &key, ParameterValue: &value})
	}
	api := cloudformation.NewFromConfig(w.config(w.dev.Name))
	_, err = api.CreateStack(w.t.Context(), &cloudformation.CreateStackInput{
		StackName: &name, TemplateBody: aws.String(string(body)), Parameters: parameters,
		Capabilities: []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityAutoExpand},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	wait := cloudformation.NewStackCreateCompleteWaiter(api, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 200*time.Millisecond
	})
	if err := wait.Wait(w.t.Context(), &cloudformation.DescribeStacksInput{StackName: &name}, time.Minute); err != nil {
		w.t.Fatal(err)
	}
}

// withRecords lets a releaser read AWS's records, as the program does.
func (w *world) withRecords(c *release.Config) {
	cfg := w.config(w.dev.Name)
	c.Records = serving.New(elasticloadbalancingv2.NewFromConfig(cfg), ecs.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg))
}

// TestStrangers takes stacks over that nobody here made, with apps that nobody
// here wrote: a good version is released and proved, a bad one is taken back, and
// the report says who was affected.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type env = map[string]string
	tests := []struct {
		name        string
		before, now env
		body        string // that the new version has to say; "": its status is enough
		verdict     report.Verdict
		outcome     report.Outcome
		harm        string // to customers: "", "lost" or "wrong"
		text        string
	}{
		{"a plain app", env{"SAY": "one"}, env{"SAY": "two"}, "two", report.Successful, report.Released, "", "by AWS's records"},
		{"nothing to expect", env{"SAY": "one"}, env{"SAY": "two"}, "", report.Successful, report.Released, "", "by AWS's records"},
		{"another body every time", env{"SAY": "shop 5", "BODY": "clock"}, env{"SAY": "shop 6", "BODY": "clock"}, "shop 6", report.Successful, report.Released, "", "by AWS's records"},
		{"another body every time, and wrong", env{"SAY": "shop 5", "BODY": "clock"}, env{"SAY": "oops", "BODY": "clock"}, "shop 6", report.Failed, report.RolledBack, "wrong", "body lacks"},
		{"another body on every host", env{"SAY": "one", "BODY": "host"}, env{"SAY": "two", "BODY": "host"}, "two", report.Successful, report.Released, "", "by AWS's records"},
		{"a binary body", env{"SAY": "one", "BODY": "binary"}, env{"SAY": "two", "BODY": "binary"}, "two", report.Successful, report.Released, "", "by AWS's records"},
		{"a body of megabytes", env{"SAY": "one"}, env{"SAY": "two", "BODY": "endless"}, "two", report.Successful, report.Released, "", "by AWS's records"},
		{"a redirect where there was none", env{"SAY": "one"}, env{"SAY": "two", "STATUS": "302"}, "", report.Failed, report.RolledBack, "wrong", "status is 302"},
		{"every tenth answer is wrong", env{"SAY": "one"}, env{"SAY": "two", "WRONG": "oops", "EVERY": "10"}, "two", report.Failed, report.RolledBack, "wrong", "body lacks"},
		{"every tenth answer is an error", env{"SAY": "one"}, env{"SAY": "two", "STATUS": "503", "EVERY": "10"}, "two", report.Failed, report.RolledBack, "lost", "requests were lost"},
		{"it dies again and again", env{"SAY": "one"}, env{"SAY": "two", "DIES_AFTER_MS": "1500"}, "two", report.Failed, report.RolledBack, "lost", "requests were lost"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, box: w.box, dev: w.dev, repo: w.repo}
			name := "shop-" + string(rune('a'+i))
			w.make(name, w.stranger(name+"-before", test.before))
			check := release.Check{Check: verify.Check{Body: test.body, Interval: 50 * time.Millisecond, Timeout: 2 * time.Second}, Rate: 50}
			r, err := w.releaser(w.dev, w.withRecords).Release(t.Context(), release.Request{
				Stack: name, Image: w.stranger(name+"-now", test.now), Check: check,
			})
			must(t, r, err, test.verdict, test.outcome)
			if !strings.Contains(r.Summary, test.text) {
				t.Errorf("summary %q lacks %q", r.Summary, test.text)
			}
			s := r.Serving
			if (s.Lost > 0) != (test.harm == "lost") || (s.Wrong > 0) != (test.harm == "wrong") {
				t.Errorf("%d lost, %d wrong: %s", s.Lost, s.Wrong, r.Headline())
			}
			if s.Evidence == nil || !s.Evidence.Proved {
				t.Errorf("AWS's records don't prove what serves: %+v", s.Evidence)
			}
			if test.verdict == report.Successful {
				w.backAgain(name, test.before["SAY"])
			}
		})
	}
}

// backAgain goes back to the image that ran before the stack was taken over.
func (w *world) backAgain(name, body string) {
	w.t.Helper()
	r, err := w.releaser(w.dev, w.withRecords).Rollback(w.t.Context(), release.Request{
		Stack: name, Check: release.Check{Check: verify.Check{Body: body, Interval: 50 * time.Millisecond, Timeout: 2 * time.Second}, Rate: 50},
	})
	must(w.t, r, err, report.Successful, report.Released)
	if r.Serving.Lost > 0 || r.Serving.Evidence == nil || !r.Serving.Evidence.Proved {
		w.t.Errorf("%s: %+v", r.Headline(), r.Serving.Evidence)
	}
}
