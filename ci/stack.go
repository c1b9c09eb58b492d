package main

import (
	"context"
	"fmt"
	"slices"

	"orgship/ci/internal/dagger"
)

// Make an ECR repository that the accounts of the unit may pull from, today's and tomorrow's.
// +cache="session"
func (o *Orgship) Share(
	ctx context.Context,
	// Account that owns the repository, the shared services account, by id or name; else the credentials' own.
	// +optional
	account string,
	// Name of the repository; else the template's.
	// +optional
	repository string,
	// CloudFormation stack of the repository; else the repository's name with -ecr, demoecshwapp-ecr for the template's own.
	// +optional
	stack string,
	// Template of the repository; else cfn/ecr-repository.yaml.
	// +optional
	template *dagger.File,
	// Images to keep; else as the template says.
	// +optional
	imagesToKeep int,
	// Stop after the plan.
	// +optional
	dryRun bool,
) (*Report, error) {
	if o.Unit == "" {
		return nil, missing("unit", "--unit names the organizational unit whose accounts may pull, by id, name, path of names or org path")
	}
	return o.run(ctx, "share", slices.Concat([]string{o.Unit}, flag("account", account), flag("repository", repository), flag("stack", stack),
		number("images-to-keep", imagesToKeep), when("dry-run", dryRun)), input{"template", template})
}

// Say which accounts of the unit may pull an image, and which condition of its policy decides.
//
// Without a unit all of the Organization is asked. The verdict is failed if an account may not.
//
// +cache="session"
func (o *Orgship) Access(
	ctx context.Context,
	// Repository or image in ECR.
	image string,
	// Accounts to ask for, by id or name; else all of the unit.
	// +optional
	account []string,
	// Role that pulls in the accounts (the task execution role), for policies that name it.
	// +optional
	pullRole string,
) (*Report, error) {
	return o.run(ctx, "access", slices.Concat([]string{image}, account, flag("unit", o.Unit), flag("pull-role", pullRole)))
}

// Say what a release would change, and touch nothing.
// +cache="session"
func (o *Orgship) Plan(
	ctx context.Context,
	// Name of the CloudFormation stack.
	stack string,
	// Image in ECR, by tag or digest.
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
) (*Report, error) {
	return o.run(ctx, "plan", slices.Concat([]string{stack, image}, flag("account", account), flag("unit", o.Unit), flag("parameter", parameter...), o.Change),
		input{"template", template})
}

// Create or update a stack with an image, without asking whether its service answers rightly: release does.
// +cache="session"
func (o *Orgship) Deploy(
	ctx context.Context,
	// Name of the CloudFormation stack.
	stack string,
	// Image in ECR, by tag or digest; what is deployed is its digest.
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
) (*Report, error) {
	return o.run(ctx, "release", slices.Concat([]string{stack, image, "--no-verify"}, flag("account", account), flag("unit", o.Unit), flag("parameter", parameter...),
		o.Change), input{"template", template})
}

// Delete a stack with all that it made, and wait until it is gone.
// +cache="session"
func (o *Orgship) Destroy(
	ctx context.Context,
	// Name of the CloudFormation stack.
	stack string,
	// Account of the stack, by id or name; else the credentials' own.
	// +optional
	account string,
	// Only say whether there is anything to delete.
	// +optional
	dryRun bool,
) (*Report, error) {
	return o.run(ctx, "destroy", slices.Concat([]string{stack, "--yes"}, flag("account", account), flag("ou", o.Unit), when("dry-run", dryRun)))
}

// number is a flag with a number, if it isn't 0.
func number(name string, n int) []string {
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("--%s=%d", name, n)}
}

// when is a flag without a value, if it is set.
func when(name string, set bool) []string {
	if !set {
		return nil
	}
	return []string{"--" + name}
}
