package main

import (
	"context"
	"slices"
	"strings"

	"orgship/ci/internal/dagger"
)

// Variant is one of the demo app's two versions.
type Variant string

const (
	// Says "Hello World! (Blue)".
	Blue Variant = "BLUE"
	// Says "Hello World! (Green)".
	Green Variant = "GREEN"
)

// greetings are what the variants say.
var greetings = map[Variant]string{Blue: "Hello World! (Blue)", Green: "Hello World! (Green)"}

// Build a variant of the demo app, or any Dockerfile.
func (o *Orgship) Image(
	ctx context.Context,
	// Which variant of the demo app; it is built from the Dockerfile of its name.
	// +default="BLUE"
	variant Variant,
	// Build context: the folder of the Dockerfile.
	// +defaultPath="/dockerfiles"
	context *dagger.Directory,
	// Dockerfile in the context, instead of a variant's.
	// +optional
	dockerfile string,
	// Version that the image says it is: build argument VERSION.
	// +default="dev"
	version string,
	// Revision that proves which image answers, such as the commit: build argument REVISION.
	// +default="unknown"
	revision string,
	// Further build arguments, NAME=VALUE.
	// +optional
	buildArg []string,
	// Platform to build for, such as linux/arm64; else the engine's own.
	// +optional
	platform dagger.Platform,
	// Stage to build; else the last.
	// +optional
	target string,
) (*dagger.Container, error) {
	if dockerfile == "" {
		dockerfile = "Dockerfile." + strings.ToLower(string(variant))
	}
	arguments := slices.Concat([]string{"GO_IMAGE=" + o.GoImage, "VERSION=" + version, "REVISION=" + revision}, buildArg)
	options := dagger.DirectoryDockerBuildOpts{Dockerfile: dockerfile, Platform: platform, Target: target}
	for _, a := range arguments {
		name, value, _ := strings.Cut(a, "=")
		options.BuildArgs = append(options.BuildArgs, dagger.BuildArg{Name: name, Value: value})
	}
	return on(ctx, platform, context.DockerBuild(options))
}

// Push an image and return its reference by digest.
//
// What is there is not sent, and an immutable tag is never fought.
//
//	dagger -c 'publish $(image --variant GREEN) 111111111111.dkr.ecr.eu-west-1.amazonaws.com/demoecshwapp-ecr-repo:2.0.0'
//
// +cache="session"
func (o *Orgship) Publish(
	ctx context.Context,
	// Image to push.
	image *dagger.Container,
	// Where to: <account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>, of a sandbox 127.0.0.1:<port>/<account>/<repository>:<tag>.
	repository string,
	// The same image for other platforms: together they become one multi-platform image.
	// +optional
	variants []*dagger.Container,
) (string, error) {
	return o.push(ctx, append([]*dagger.Container{image}, variants...), repository)
}

// push pushes an image, for one platform or several, and returns its reference by digest.
func (o *Orgship) push(ctx context.Context, platforms []*dagger.Container, repository string, flags ...string) (string, error) {
	var ids []string
	for _, c := range platforms {
		id, err := c.ID(ctx)
		if err != nil {
			return "", err
		}
		ids = append(ids, string(id))
	}
	r, err := o.run(ctx, "push", append([]string{"container:" + strings.Join(ids, ","), repository}, flags...))
	if err != nil {
		return "", err
	}
	return r.Result()
}
