package main

import (
	"context"
	"errors"

	"orgship/ci/internal/dagger"
)

// on is an image that says which platform it is for: engine v0.21.7 says of all
// that it builds of a Dockerfile from scratch that it is for its own. Stop signal,
// health check and volumes of such an image get lost.
func on(ctx context.Context, platform dagger.Platform, built *dagger.Container) (*dagger.Container, error) {
	said, err := built.Platform(ctx)
	if err != nil || platform == "" || said == platform {
		return built, err
	}
	c := dag.Container(dagger.ContainerOpts{Platform: platform}).WithRootfs(built.Rootfs())
	for _, take := range []func(context.Context, *dagger.Container, *dagger.Container) (*dagger.Container, error){takeCommand, takeVariables, takeLabels, takePorts} {
		if c, err = take(ctx, built, c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func takeCommand(ctx context.Context, from, to *dagger.Container) (*dagger.Container, error) {
	entrypoint, err1 := from.Entrypoint(ctx)
	args, err2 := from.DefaultArgs(ctx)
	user, err3 := from.User(ctx)
	workdir, err4 := from.Workdir(ctx)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	if len(entrypoint) > 0 {
		to = to.WithEntrypoint(entrypoint)
	}
	if len(args) > 0 {
		to = to.WithDefaultArgs(args)
	}
	return to.WithUser(user).WithWorkdir(workdir), nil
}

func takeVariables(ctx context.Context, from, to *dagger.Container) (*dagger.Container, error) {
	variables, err := from.EnvVariables(ctx)
	for _, v := range variables {
		name, err1 := v.Name(ctx)
		value, err2 := v.Value(ctx)
		to, err = to.WithEnvVariable(name, value), errors.Join(err, err1, err2)
	}
	return to, err
}

func takeLabels(ctx context.Context, from, to *dagger.Container) (*dagger.Container, error) {
	labels, err := from.Labels(ctx)
	for _, l := range labels {
		name, err1 := l.Name(ctx)
		value, err2 := l.Value(ctx)
		to, err = to.WithLabel(name, value), errors.Join(err, err1, err2)
	}
	return to, err
}

func takePorts(ctx context.Context, from, to *dagger.Container) (*dagger.Container, error) {
	ports, err := from.ExposedPorts(ctx)
	for _, p := range ports {
		port, err1 := p.Port(ctx)
		protocol, err2 := p.Protocol(ctx)
		to, err = to.WithExposedPort(port, dagger.ContainerWithExposedPortOpts{Protocol: protocol}), errors.Join(err, err1, err2)
	}
	return to, err
}
