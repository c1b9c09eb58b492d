package faults

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"orgship/pipeline/report"
)

// people are what people type, and files that they name.
func people() []situation {
	var list []situation
	usage := func(name, args, line string) {
		list = append(list, situation{name: name, args: args, status: 2, line: `^error: .*` + line})
	}
	refused := func(name, args, line string) {
		list = append(list, situation{name: name, args: args, status: 1, verdict: report.Failed, outcome: report.Refused, line: line})
	}
	const release = "release shop REPO:two --account team-a "
	for name, flag := range map[string]string{
		"an empty account": "--account=", "an OU that is empty": "--ou=", "NaN": "--max-lost NaN%", "an infinite rate": "--probe-rate Inf",
		"a negative count": "--consecutive -1", "a canary of nothing": "--routing canary:0:5", "no time to decide": "--deadline 0s",
		"CPU that Fargate hasn't": "--cpu 300", "memory that doesn't fit": "--memory 30000 --cpu 256", "no such mode": "--on-interrupt maybe",
		"a status that is none": "--expect-status 42", "a pattern that is none": "--expect-pattern (", "a wait of seconds": "--termination-wait 90s",
		"a parameter without value": "--parameter Version", "a URL that is none": "--check-url nowhere", "a header that is none": "--expect-header a(b=c",
	} {
		named, _, _ := strings.Cut(strings.ReplaceAll(flag, "=", " "), " ")
		usage(name, release+flag, named)
	}
	usage("two accounts", release+"--account dev-1", "account")
	usage("an empty stack", "release  --account team-a", "")
	usage("a stack's name that can't be", "release shop_1 REPO:two --account team-a", "shop_1")
	usage("an image without a tag", "release shop REPO --account team-a", "names no image")
	usage("an image that isn't in ECR", "release shop nginx:1 --account team-a", "not an image or a repository in ECR")
	usage("a push without a tag's name", "push REPO: demo:blue", "")
	usage("destroy without yes", "destroy shop --account team-a", `(?s)no terminal to ask on.*hint: orgship destroy shop --yes`)
	usage("no such verb", "relaese shop", "relaese")
	usage("no such flag", release+"--cannary 10", "cannary")
	usage("a report where nobody can write", release+"--report /nowhere/r.json", "/nowhere/r.json")
	refused("no such tag", "release shop REPO:nope --account team-a", "no such image")
	refused("no such account", "release shop REPO:two --account nobody", `no account of the Organization is named "nobody"`)
	refused("an account outside the OU", "release shop REPO:two --account prod-1 --ou ou-sbox-dev00001", "is not in")
	refused("an account that may not pull", "release shop REPO:two --account prod-1", "may not pull")
	refused("a parameter that isn't there", release+"--parameter Nope=1", "Nope")
	refused("no way back", "rollback shop --account team-a", "no record of an earlier image")
	refused("a rollback of another's OU", "rollback shop --account team-a --ou ou-sbox-prod0001", "is not in")
	refused("a destruction in another's OU", "destroy shop --account team-a --yes --ou ou-sbox-prod0001", "is not in")
	refused("an output that isn't there", release+"--check-output Nope", `no output "Nope"`)
	list = append(list,
		situation{name: "a stack that isn't there", args: "release shopp REPO:two --account team-a", status: 1, verdict: report.Failed, outcome: report.Refused, line: "^Nothing was touched\n.*no value and no default"},
		situation{name: "a URL that nobody answers at", args: release + "--check-url http://127.0.0.1:1/", status: 2, verdict: report.Error, outcome: report.Refused, line: "nothing was touched"},
		situation{name: "destroying what isn't there", args: "destroy shopp --account team-a --yes", verdict: report.Successful, outcome: report.Unchanged, line: "there is no stack"},
		situation{name: "a dry run", args: release + "--dry-run", verdict: report.Successful, outcome: report.Unchanged, line: "dry run: green deployment"},
		situation{name: "a dry run of a destruction", args: "destroy shop --account team-a --dry-run", verdict: report.Successful, outcome: report.Unchanged, line: "would delete"},
	)
	return append(list, files()...)
}

// files are templates that are none.
func files() []situation {
	var list []situation
	for name, content := range map[string]string{
		"broken YAML": "Resources: [", "no resources": "Description: nothing\n", "binary": "\x00\x01\x02",
		"an alias": "A: &a {}\nResources: *a\n", "JSON that breaks off": `{"Resources": {`, "a list": "- 1\n- 2\n", "too long": "# " + strings.Repeat("x", 52000) + "\nResources: {}\n",
	} {
		file := strings.ReplaceAll(name, " ", "-") + ".yaml"
		list = append(list, situation{
			name: "template: " + name, args: "release shop REPO:two --account team-a --template TMP/" + file,
			status: 2, verdict: report.Error, outcome: report.Refused, line: `^Nothing was touched.*\n.+`,
			trouble: func(d *desk) func() {
				if err := os.WriteFile(filepath.Join(d.w.dir, file), []byte(content), 0o600); err != nil {
					d.t.Fatal(err)
				}
				return func() {}
			},
		})
	}
	for name, path := range map[string]string{"a device": "/dev/zero", "a folder": "/tmp", "no file": "/nowhere.yaml", "nothing": "/dev/null"} {
		list = append(list, situation{name: "template: " + name, args: "release shop REPO:two --account team-a --template " + path, status: 2, line: path})
	}
	return list
}

// races are several at once.
func races() []situation {
	const release = "release shop REPO:two --account team-a --expect-body two"
	return []situation{
		{name: "a rollback beside the first release", trouble: first("release", "shop", "REPO:three", "--expect-body", "three"),
			args: "rollback shop --account team-a", verdict: report.Successful, outcome: report.RolledBack, line: `^Now serving: sha256:\w+`},
		{name: "somebody cancels", trouble: meanwhile(cancelled), args: release, status: 1, verdict: report.Failed, outcome: report.RolledBack, line: `(?s)^Now serving: `},
		{name: "somebody releases another image", trouble: first("release", "shop", "REPO:three", "--expect-body", "three"),
			args: release, status: 1, verdict: report.Failed, outcome: report.Refused, line: "busy with another operation", serves: "three"},
		{name: "somebody releases the same", trouble: first(strings.Fields(release)...), args: release, verdict: report.Successful, outcome: report.Released, line: "^Now serving", serves: "two"},
		{name: "a rollback beside a release", trouble: first("release", "shop", "REPO:three", "--expect-body", "three"),
			args: "rollback shop --account team-a", verdict: report.Successful, outcome: report.RolledBack, line: "^Now serving"},
		{name: "a release beside a destruction", trouble: deleting, args: "release gone REPO:two --account team-a --template TMP/gone.yaml", status: 1,
			verdict: report.Failed, outcome: report.Refused, line: "it is being deleted"},
		{name: "a release that is killed, and run again", trouble: killed, args: strings.ReplaceAll(release, "two", "three") + " --termination-wait 2m",
			verdict: report.Successful, outcome: report.Released, line: "^Now serving", serves: "three"},
		{name: "two rollbacks", trouble: first("rollback", "shop"), args: "rollback shop --account team-a", verdict: report.Successful, outcome: report.Released,
			line: "^Now serving", serves: "two"},
		{name: "and a third", args: "rollback shop --account team-a", verdict: report.Successful, outcome: report.Unchanged, line: "^Nothing was touched"},
	}
}

// begun waits until the shop's stack changes.
func (d *desk) begun() {
	d.t.Helper()
	api := cloudformation.NewFromConfig(d.config())
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		out, err := api.DescribeStacks(context.Background(), &cloudformation.DescribeStacksInput{StackName: aws.String("shop")})
		if err != nil {
			d.t.Fatal(err)
		}
		if out.Stacks[0].StackStatus == "UPDATE_IN_PROGRESS" {
			return
		}
	}
	d.t.Error("the stack doesn't change")
}

// meanwhile does something as soon as the stack changes.
func meanwhile(do func(d *desk)) func(d *desk) func() {
	return func(d *desk) func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.begun()
			do(d)
		}()
		return func() { <-done }
	}
}

func cancelled(d *desk) {
	_, err := cloudformation.NewFromConfig(d.config()).CancelUpdateStack(context.Background(), &cloudformation.CancelUpdateStackInput{StackName: aws.String("shop")})
	if err != nil {
		d.t.Error(err)
	}
}

// first has somebody run the program first, until the stack changes and on.
func first(args ...string) func(d *desk) func() {
	return func(d *desk) func() {
		own := append([]string(nil), args...)
		for i := range own {
			own[i] = strings.ReplaceAll(own[i], "REPO", d.w.repo)
		}
		if !strings.Contains(strings.Join(own, " "), "--account") {
			own = append(own, "--account", d.account)
		}
		c := d.command(own...)
		var said bytes.Buffer
		c.Stderr = &said
		if err := c.Start(); err != nil {
			d.t.Fatal(err)
		}
		d.begun()
		return func() { _ = c.Wait() }
	}
}

// killed begins a release and kills it.
func killed(d *desk) func() {
	c := d.command("release", "shop", d.w.repo+":three", "--account", d.account, "--expect-body", "three", "--termination-wait", "2m")
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.begun()
	_ = c.Process.Signal(syscall.SIGKILL)
	_ = c.Wait()
	return func() {}
}

// deleting makes a stack that takes its time to be deleted, and begins to.
func deleting(d *desk) func() {
	in := d.shop()
	in.StackName = aws.String("gone")
	if err := os.WriteFile(filepath.Join(d.w.dir, "gone.yaml"), []byte(*in.TemplateBody), 0o600); err != nil {
		d.t.Fatal(err)
	}
	api := cloudformation.NewFromConfig(d.config())
	if _, err := api.CreateStack(context.Background(), in); err != nil {
		d.t.Fatal(err)
	}
	wait := cloudformation.NewStackCreateCompleteWaiter(api, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 200*time.Millisecond
	})
	if err := wait.Wait(context.Background(), &cloudformation.DescribeStacksInput{StackName: in.StackName}, time.Minute); err != nil {
		d.t.Fatal(err)
	}
	if _, err := api.DeleteStack(context.Background(), &cloudformation.DeleteStackInput{StackName: in.StackName}); err != nil {
		d.t.Fatal(err)
	}
	return func() {}
}
