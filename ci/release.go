package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"orgship/ci/internal/dagger"
)

// Bring an image into an account, blue/green, and prove over HTTP that it answers.
//
// A wrong answer goes back while blue still lives. The call fails then, with the verdict as exit status.
//
// +cache="session"
func (o *Orgship) Release(
	ctx context.Context,
	// Name of the CloudFormation stack.
	stack string,
	// Image in ECR, by tag or digest; what is released is its digest.
	image string,
	// Account of the stack, by id or name; else the credentials' own.
	// +optional
	account string,
	// Template of the stack; else the one it has, and for a new stack cfn/bluegreen.yaml.
	// +optional
	template *dagger.File,
	// Parameters of the template, NAME=VALUE; one that isn't given keeps its value.
	// +optional
	parameter []string,
	// Text that the right answer holds; with-expectation says more. The image's own revision has to answer in any case.
	// +optional
	expectBody string,
	// Stop after the plan.
	// +optional
	dryRun bool,
) (*Report, error) {
	return o.run(ctx, "release", slices.Concat([]string{stack, image}, flag("account", account), flag("ou", o.Unit), flag("parameter", parameter...),
		flag("expect-body", expectBody), when("dry-run", dryRun), o.Change, o.Expectation, o.Asking), input{"template", template})
}

// Build a variant of the demo app, publish it and release it: what a merge does.
//
// Version and tag are made of the variant and the revision. An image that is there under this tag, of the same revision, is
// released as it is: one build reaches all accounts.
//
// +cache="session"
func (o *Orgship) Ship(
	ctx context.Context,
	// Name of the CloudFormation stack.
	stack string,
	// Repository in ECR: <account>.dkr.ecr.<region>.amazonaws.com/<repository>, of a sandbox 127.0.0.1:<port>/<account>/<repository>.
	repository string,
	// Revision of the source, such as the commit: what proves which image answers.
	revision string,
	// Which variant; it is built from the Dockerfile of its name.
	// +default="GREEN"
	variant Variant,
	// Build context: the folder of the Dockerfiles.
	// +defaultPath="/dockerfiles"
	context *dagger.Directory,
	// Account of the stack, by id or name; else the credentials' own.
	// +optional
	account string,
	// Parameters of the template, NAME=VALUE; one that isn't given keeps its value.
	// +optional
	parameter []string,
	// Text that the right answer holds; else what the variant says.
	// +optional
	expectBody string,
) (*Report, error) {
	if revision == "" {
		return nil, missing("revision", `--revision "$(git rev-parse HEAD)"`)
	}
	version := fmt.Sprintf("%s-%.12s", strings.ToLower(string(variant)), revision)
	image, err := o.Image(ctx, variant, context, "", version, revision, nil, "", "")
	if err != nil {
		return nil, err
	}
	reference, err := o.push(ctx, []*dagger.Container{image}, repository+":"+version, "--same-revision")
	if err != nil {
		return nil, err
	}
	if expectBody == "" {
		expectBody = greetings[variant]
	}
	return o.Release(ctx, stack, reference, account, nil, parameter, expectBody, false)
}

// Go back: cancel the release under way, or release the image from before, which the stack knows.
// +cache="session"
func (o *Orgship) Rollback(
	ctx context.Context,
	// Name of the CloudFormation stack.
	stack string,
	// Account of the stack, by id or name; else the credentials' own.
	// +optional
	account string,
	// Image to go back to; else the one from before.
	// +optional
	image string,
	// Text that the right answer holds; with-expectation says more.
	// +optional
	expectBody string,
	// Stop after the plan.
	// +optional
	dryRun bool,
) (*Report, error) {
	return o.run(ctx, "rollback", slices.Concat([]string{stack}, flag("account", account), flag("ou", o.Unit), flag("image", image), flag("expect-body", expectBody),
		when("dry-run", dryRun), o.Expectation, o.Asking))
}

// Ask a service over HTTP until the verdict is clear.
// +cache="session"
func (o *Orgship) Verify(
	ctx context.Context,
	// Where the service answers; http:// may be left out.
	url string,
	// Image revision that has to answer.
	// +optional
	revision string,
	// Text that the right answer holds; with-expectation says more.
	// +optional
	expectBody string,
	// How long to go on asking.
	// +default="2m"
	deadline string,
	// Time between two questions.
	// +default="1s"
	interval string,
) (*Report, error) {
	c, sandbox, err := o.bound(ctx)
	if err != nil {
		return nil, err
	}
	return execute(ctx, c, "verify", slices.Concat([]string{url}, flag("revision", revision), flag("expect-body", expectBody), flag("deadline", deadline),
		flag("interval", interval), flag("proxy", sandbox), o.Expectation))
}

// Say what the right answer is, for release, rollback and verify.
func (o *Orgship) WithExpectation(
	// Status of the right answer; else 200.
	// +optional
	status int,
	// Regular expression (RE2) that the body matches.
	// +optional
	pattern string,
	// Headers of the answer, NAME=VALUE.
	// +optional
	header []string,
	// Header that tells which image answers; else X-Image-Revision.
	// +optional
	revisionHeader string,
	// Header that tells which version answers; else X-App-Version.
	// +optional
	versionHeader string,
	// How long one answer may take; else 5s.
	// +optional
	timeout string,
	// Right answers in a row that decide; else 3.
	// +optional
	consecutive int,
	// Name to ask for at the URL, in the Host header and by SNI; its certificate has to be for it. Else the URL's.
	// +optional
	host string,
) *Orgship {
	return o.changed(func(o *Orgship) {
		o.Expectation = slices.Concat(o.Expectation, number("expect-status", status), flag("expect-pattern", pattern), flag("expect-header", header...),
			flag("revision-header", revisionHeader), flag("version-header", versionHeader), flag("timeout", timeout), number("consecutive", consecutive), flag("check-host", host))
	})
}

// Say where and how often release and rollback ask.
func (o *Orgship) WithQuestions(
	// Where the service answers; else an output of the stack says.
	// +optional
	url string,
	// Output of the stack with the load balancer's DNS name; else LoadBalancerDNSName.
	// +optional
	output string,
	// Path to ask for; else /.
	// +optional
	path string,
	// Time between two questions; else 500ms.
	// +optional
	interval string,
	// Requests a second of the probe that looks for lost requests all the while; else 10, -1: no probe.
	// +optional
	rate int,
	// Don't ask for the image's own revision in the answer.
	// +optional
	anyRevision bool,
	// What has to show that the new image serves: tasks (AWS's records), header (each answer says its revision), auto or none; else auto.
	// +optional
	proof string,
	// By how much the success rate may fall below what it was before the release goes back, such as 0.5%; else 1%.
	// +optional
	maxLost string,
	// Whether the version that serves now has to answer first: required, or ignore to mend a service that is down; else required.
	// +optional
	baseline string,
) *Orgship {
	return o.changed(func(o *Orgship) {
		o.Asking = slices.Concat(o.Asking, flag("check-url", url), flag("check-output", output), flag("check-path", path), flag("interval", interval),
			number("rate", rate), when("any-revision", anyRevision), flag("proof", proof), flag("max-lost", maxLost), flag("baseline", baseline))
	})
}

// Routing is how traffic moves from blue to green.
type Routing string

const (
	// All of it at once.
	AllAtOnce Routing = "ALL_AT_ONCE"
	// A share first, the rest after a while.
	Canary Routing = "CANARY"
	// The same share again and again, with a while in between.
	Linear Routing = "LINEAR"
)

// Say how traffic moves and how long going back is one call, for plan, deploy and release; else as the template says.
func (o *Orgship) WithRouting(
	// How traffic moves.
	routing Routing,
	// Share of the traffic that moves in a step of a canary or linear routing, in percent.
	// +default=20
	percent int,
	// Minutes between the steps of a canary or linear routing.
	// +default=5
	minutes int,
	// How long blue stays after the shift, in whole minutes ("5m"): the time in which going back is one call.
	// +optional
	terminationWait string,
) *Orgship {
	how := strings.ReplaceAll(strings.ToLower(string(routing)), "_", "-")
	if routing != AllAtOnce {
		how = fmt.Sprintf("%s:%d:%d", how, percent, minutes)
	}
	return o.changed(func(o *Orgship) {
		o.Change = slices.Concat(o.Change, flag("routing", how), flag("termination-wait", terminationWait))
	})
}

// Say what else becomes of the stack, for plan, deploy and release.
func (o *Orgship) WithStack(
	// CPU units of a task: 256 is a quarter of a CPU.
	// +optional
	cpu int,
	// Memory of a task in MiB.
	// +optional
	memory int,
	// Number of tasks; an update of its own, not to be mixed with a new image.
	// +optional
	tasks int,
	// Container whose image it is; else the one that the load balancer sends to.
	// +optional
	container string,
	// Tags of the stack, NAME=VALUE; without any the tags stay.
	// +optional
	tag []string,
	// What the template needs to be allowed; else CAPABILITY_IAM.
	// +optional
	capability []string,
	// Role (ARN) for CloudFormation to work with; else the caller's own rights.
	// +optional
	role string,
) *Orgship {
	return o.changed(func(o *Orgship) {
		o.Change = slices.Concat(o.Change, number("cpu", cpu), number("memory", memory), number("tasks", tasks), flag("container", container),
			flag("tag", tag...), flag("capability", capability...), flag("stack-role", role))
	})
}
