package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"orgship/ci/internal/dagger"
)

// Where things are in the program's container.
const (
	programPath     = "/usr/local/bin/orgship"
	certificates    = "/etc/ssl/certs/ca-certificates.crt"
	credentialsPath = "/run/secrets/credentials"
	inFolder        = "/in/"
	outFolder       = "/out/"
	sandboxHost     = "sandbox"
	sandboxPort     = 4566
	sandboxRegion   = "eu-west-1"
)

// The command line that the functions run, alone in a container.
func (o *Orgship) Program() *dagger.Container {
	build := o.toolchain(o.Source).
		WithWorkdir("ci/program").
		WithExec([]string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", "/orgship", "."})
	return dag.Container().
		WithFile(programPath, build.File("/orgship")).
		WithFile(certificates, build.File(certificates)).
		WithDirectory(outFolder, dag.Directory()).
		WithMountedTemp("/tmp").
		WithEnvVariable("ORGSHIP_GO_IMAGE", o.GoImage).
		WithEntrypoint([]string{programPath})
}

// input is a file that the program reads.
type input struct {
	flag string
	file *dagger.File
}

// run runs a verb of the program that talks to AWS, and returns what came of it.
// It is an error only if nothing was found out.
func (o *Orgship) run(ctx context.Context, verb string, args []string, inputs ...input) (*Report, error) {
	if o.Credentials == nil {
		return nil, missing("credentials", `--credentials cmd://"aws configure export-credentials --format process"; without an account: dagger call demo`)
	}
	c, sandbox, err := o.bound(ctx)
	if err != nil {
		return nil, err
	}
	c = c.WithMountedSecret(credentialsPath, o.Credentials)
	args = slices.Concat(args, []string{"--credentials=" + credentialsPath, "--role=" + o.Role}, flag("region", o.Region)) // an empty role is none
	if sandbox != "" {
		args = slices.Concat(args, flag("endpoint", sandbox), []string{fmt.Sprintf("--speed=%g", o.Speed)})
		if verb == "release" || verb == "rollback" { // those that ask the service
			args = append(args, "--proxy="+sandbox)
		}
	}
	for _, in := range inputs {
		if in.file != nil {
			path := inFolder + in.flag
			c, args = c.WithMountedFile(path, in.file), append(args, "--"+in.flag+"="+path)
		}
	}
	return execute(ctx, c, verb, args)
}

// bound is the program's container. If there is a sandbox, it is bound to it, and
// its URL is where the program finds it: on its own loopback, for the names of the
// sandbox's images begin with that address.
func (o *Orgship) bound(ctx context.Context) (c *dagger.Container, sandbox string, err error) {
	if o.Endpoint == nil {
		return o.Program(), "", nil
	}
	port, err := portOf(ctx, o.Endpoint)
	c = o.Program().WithServiceBinding(sandboxHost, o.Endpoint).WithEnvVariable("ORGSHIP_SANDBOX", sandboxHost+":"+port)
	return c, "http://127.0.0.1:" + port, err
}

// portOf returns the port that a service listens on; it is started for that.
func portOf(ctx context.Context, s *dagger.Service) (string, error) {
	started, err := s.Start(ctx)
	if err != nil {
		return "", fmt.Errorf("starting the endpoint: %w", err)
	}
	ports, err := started.Ports(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the endpoint's port: %w", err)
	}
	if len(ports) == 0 {
		return "", missing("port of the endpoint", "--endpoint tcp://localhost:4566")
	}
	port, err := ports[0].Port(ctx)
	return fmt.Sprint(port), err
}

// execute runs the program in its container. A change of the world happens each
// time it is asked for: no earlier result is taken for it.
func execute(ctx context.Context, c *dagger.Container, verb string, args []string) (*Report, error) {
	c = c.WithEnvVariable("ORGSHIP_RUN", rand.Text()).
		WithExec(slices.Concat([]string{programPath, verb, "--report=" + outFolder + documentName, "--markdown=" + outFolder + markdownName}, args),
			dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny, ExperimentalPrivilegedNesting: true})
	status, err := c.ExitCode(ctx)
	if err != nil {
		return nil, fmt.Errorf("running orgship %s: %w", verb, err)
	}
	r := &Report{Verdict: verdictOf(status)}
	if r.Output, err = c.Stdout(ctx); err != nil {
		return nil, err
	}
	if r.Trouble, err = c.Stderr(ctx); err != nil {
		return nil, err
	}
	r.Trouble = trouble(r.Trouble)
	written, err := c.Directory(outFolder).Entries(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(written, documentName) {
		if status == 0 {
			return r, nil
		}
		return nil, r.failure()
	}
	if r.Document, err = c.File(outFolder + documentName).Contents(ctx); err != nil {
		return nil, err
	}
	r.Text, err = c.File(outFolder + markdownName).Contents(ctx)
	return r, err
}

// trouble is the error that the program complained of last, with its hint.
func trouble(stderr string) string {
	at := strings.LastIndex("\n"+stderr, "\nerror: ")
	if at < 0 {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(stderr[at:], "error: "))
}

// missing is an argument that has to be given.
func missing(argument, hint string) error {
	return failure(statusError, argument+": not given\nhint: "+hint)
}

// toolchain is a container with Go and a source.
func (o *Orgship) toolchain(source *dagger.Directory) *dagger.Container {
	return dag.Container().From(o.GoImage).
		WithMountedCache("/cache/mod", dag.CacheVolume("orgship-go-mod")).
		WithMountedCache("/cache/build", dag.CacheVolume("orgship-go-build")).
		WithEnvVariable("GOMODCACHE", "/cache/mod").
		WithEnvVariable("GOCACHE", "/cache/build").
		WithEnvVariable("CGO_ENABLED", "0").
		WithDirectory("/src", source).
		WithWorkdir("/src")
}
