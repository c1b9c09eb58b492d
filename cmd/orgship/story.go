package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// Whom the story is about.
const (
	storyUnit    = "development"
	storyShared  = "shared-services"
	storyDev     = "dev-1"
	storyProd    = "prod-1" // outside the unit
	storyStack   = "hello"
	storyLibrary = "demoecshwapp-ecr" // the stack of the repository
	storyRate    = 200                // requests a second
)

// chapter is a part of the story.
type chapter struct {
	name  string // at most 8 letters: it labels a row of the timeline
	title string
	tell  func(context.Context) error
}

func (d *demo) chapters() []chapter {
	return []chapter{
		{"share", "The ECR repository is shared with an organizational unit", d.share},
		{"push", "Three versions are built once and pushed", d.push},
		{"access", "Who may pull? The repository's policy is asked for each account, then each account tries", d.access},
		{"blue", "Blue goes into " + storyDev, d.blue},
		{"green", fmt.Sprintf("Green is released blue/green while a probe asks at %d requests/s", storyRate), d.green},
		{"wrong", "Purple is released, where Green is expected", d.wrong},
		{"back", "Second thoughts about Green: back, in one call", d.back},
		{"refused", "The same release for " + storyProd + ", outside the unit", d.refused},
		{"clean up", "All is taken away again", d.cleanUp},
	}
}

// introduce says what the story plays in.
func (d *demo) introduce() {
	info := d.box.Info()
	d.line(d.paint(bold, "orgship demo") + "  an AWS Organization on this machine, for as long as this runs")
	d.note("sandbox %s, region %s, %d accounts, time runs %gx: a minute takes %s",
		info.Endpoint, info.Region, len(info.Accounts), d.speed, time.Duration(float64(time.Minute)/d.speed).Round(10*time.Millisecond))
	d.note("what follows is real: signed requests, policies, image pulls, processes in containers, HTTP. Each %s was checked.", d.pick("✓", "+"))
}

// releaser returns what releases into an account, and shows it.
func (d *demo) releaser(ctx context.Context, name string) (*release.Releaser, func(), error) {
	cfg, err := d.connection.Configure(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	stop := func() {}
	cfg.Watch = func(r *report.Recorder) { stop = d.follow(r) }
	return release.New(cfg), func() { stop() }, nil
}

func (d *demo) share(ctx context.Context) error {
	var uri string
	document, err := d.work(ctx, storyShared, func(r *release.Releaser) (document report.Report, err error) {
		uri, document, err = r.Share(ctx, d.connection.Organization(), release.Shared{Stack: storyLibrary, Unit: storyUnit})
		return document, err
	})
	if err != nil {
		return err
	}
	d.repository = uri
	d.fact(strings.Contains(uri, "/"+d.owner()+"/"), "%s is the repository, in %s (stack %s: %s)", uri, storyShared, storyLibrary, document.Stack.Status)
	if d.unit, err = d.connection.Organization().OU(ctx, storyUnit); err != nil {
		return err
	}
	paths := d.box.Info().OrganizationID + "/*/" + d.unit.ID + "/*"
	policy, err := d.policy(ctx)
	d.fact(strings.Contains(policy, paths), "its policy lets in whose aws:PrincipalOrgPaths is like %s: OU %q and all below it", paths, storyUnit)
	return err
}

// policy returns the repository's policy as ECR has it.
func (d *demo) policy(ctx context.Context) (string, error) {
	api, err := d.ecr(ctx, storyShared)
	if err != nil {
		return "", err
	}
	out, err := api.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: aws.String(d.repositoryName())})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.PolicyText), nil
}

// ecr returns a client of an account's ECR.
func (d *demo) ecr(ctx context.Context, name string) (*ecr.Client, error) {
	a, _ := d.box.Account(name)
	cfg, err := d.accounts.For(ctx, a.ID)
	return ecr.NewFromConfig(cfg), err
}

func (d *demo) repositoryName() string {
	return d.repository[strings.LastIndex(d.repository, "/")+1:]
}

// cleanUp deletes the stacks, and proves that nothing is left.
func (d *demo) cleanUp(ctx context.Context) error {
	if err := d.destroy(ctx, storyDev, storyStack); err != nil {
		return err
	}
	images, err := d.deleteImages(ctx)
	if err != nil {
		return err
	}
	d.fact(images == 3, "%d images deleted: only an empty repository can be", images)
	if err := d.destroy(ctx, storyShared, storyLibrary); err != nil {
		return err
	}
	state, err := d.box.State(ctx)
	if err != nil {
		return err
	}
	d.fact(len(state) == 0, "nothing is left in any account: no stack, task, role, log group, load balancer, repository")
	for line := range strings.Lines(state.String()) {
		d.note("left: %s", strings.TrimSpace(line))
	}
	return nil
}

func (d *demo) destroy(ctx context.Context, account, stack string) error {
	document, err := d.work(ctx, account, func(r *release.Releaser) (report.Report, error) { return r.Destroy(ctx, stack) })
	if err != nil {
		return err
	}
	d.fact(document.Outcome == report.Removed, "stack %s in %s: %s, in %s", stack, account, document.Stack.Status, seconds(document.Seconds))
	return nil
}

// seconds renders how long something took.
func seconds(s float64) string { return fmt.Sprintf("%.1fs", s) }
