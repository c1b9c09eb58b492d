package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"orgship/ci/internal/dagger"
)

// golangci is the linter of `make check`.
const golangci = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

// Run the Go tests of the pipeline and of the program.
// +check
func (o *Orgship) CheckTests(
	// The repository.
	// +defaultPath="/"
	// +ignore=[".git", "bin", "ci/internal", "ci/program/e2e"]
	source *dagger.Directory,
) *dagger.Container {
	rights := dagger.ContainerWithExecOpts{InsecureRootCapabilities: true} // the sandbox's tasks are Linux namespaces
	return o.toolchain(source).
		WithExec([]string{"go", "vet", "./..."}).
		WithExec([]string{"go", "test", "./..."}, rights).
		WithWorkdir("ci/program").
		WithExec([]string{"go", "vet", "./..."}).
		WithExec([]string{"go", "test", "./..."}, rights)
}

// Run the linter over the Go code.
// +check
func (o *Orgship) CheckLint(
	// The repository.
	// +defaultPath="/"
	// +ignore=[".git", "bin", "ci"]
	source *dagger.Directory,
) *dagger.Container {
	return o.toolchain(source).WithExec([]string{"go", "run", golangci, "run", "./..."})
}

// Look for what CloudFormation and the blue/green hook refuse in the templates.
// +check
func (o *Orgship) CheckTemplates(
	ctx context.Context,
	// Folder of the templates.
	// +defaultPath="/cfn"
	// +ignore=["**", "!*.yaml"]
	templates *dagger.Directory,
) (*dagger.Container, error) {
	files, err := templates.Glob(ctx, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there are no templates to check")
	}
	return o.Program().WithMountedDirectory("/cfn", templates).WithWorkdir("/cfn").WithExec(append([]string{programPath, "lint"}, files...)), nil
}

// Build the demo app's Dockerfiles, for amd64 and arm64.
// +check
func (o *Orgship) CheckDockerfiles(
	ctx context.Context,
	// Build context.
	// +defaultPath="/dockerfiles"
	// +ignore=["**", "!Dockerfile.*", "!.dockerignore", "!hello/main.go"]
	context *dagger.Directory,
) error {
	for _, variant := range []Variant{Blue, Green} {
		for _, platform := range []dagger.Platform{"linux/amd64", "linux/arm64"} {
			revision := strings.Repeat("0", 40)
			image, err := o.Image(ctx, variant, context, "", "check", revision, nil, platform, "")
			if err == nil {
				err = saysOf(ctx, image, platform, revision)
			}
			if err != nil {
				return fmt.Errorf("building %s for %s: %w", variant, platform, err)
			}
		}
	}
	return nil
}

// saysOf compares what an image says of itself.
func saysOf(ctx context.Context, image *dagger.Container, platform dagger.Platform, revision string) error {
	said, err1 := image.Label(ctx, "org.opencontainers.image.revision")
	target, err2 := image.Platform(ctx)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if said != revision || target != platform {
		return fmt.Errorf("the image says that its revision is %q, and its platform %q", said, target)
	}
	return nil
}

// Look whether the generated code is that of the functions: dagger develop changes nothing.
// +check
func (o *Orgship) CheckGenerated(
	ctx context.Context,
	// The module.
	// +defaultPath="/"
	// +ignore=["**", "!dagger.json", "!ci/*.go", "!ci/go.*", "!ci/.gitattributes", "!ci/internal/**"]
	source *dagger.Directory,
) error {
	changes := source.AsModuleSource().GeneratedContextChangeset()
	same, err := changes.IsEmpty(ctx)
	if err != nil || same {
		return err
	}
	patch, err := changes.AsPatch().Contents(ctx)
	if err != nil {
		return err
	}
	return fmt.Errorf("the generated code isn't that of the functions; run dagger develop and commit:\n%.2000s", patch)
}

// Run the demo: each of its claims has to be so.
// +check
func (o *Orgship) CheckDemo(ctx context.Context) error {
	r, err := o.Demo(ctx, 60)
	if err != nil {
		return err
	}
	return r.Assert()
}
