package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/demo"
	"orgship/dockerfiles"
	"orgship/image"
	"orgship/pipeline/registry"
	"orgship/pipeline/report"
)

// pushCommand is the verb push.
type pushCommand struct {
	Source     string `arg:"" help:"What to push: folder of an OCI layout, tarball as docker save writes it, or demo:blue and demo:green, which are assembled here without Docker."`
	Repository string `arg:"" name:"repository[:tag]" help:"Where to: <account>.dkr.ecr.<region>.amazonaws.com/<repository>, of the sandbox <host:port>/<account>/<repository>."`
	Version    string `placeholder:"VERSION" help:"Version of a demo image; else the tag."`
	Revision   string `placeholder:"REVISION" help:"Revision of a demo image: what proves that it answers; else made of its source."`
	DryRun     bool   `help:"Only find out whether it is there."`
	JSON       bool   `name:"json" help:"Print JSON: reference, digest, bytes sent."`
	connection
}

// Run pushes, and prints the reference by digest.
func (c *pushCommand) Run(p *running) error {
	push, err := c.load(p.ctx)
	if err != nil {
		return err
	}
	conn, err := c.open(p)
	if err != nil {
		return err
	}
	cfg, err := conn.Configure(p.ctx, "")
	if err != nil {
		return err
	}
	push.DryRun = c.DryRun
	pushed, err := cfg.Images.Push(p.ctx, push)
	if err != nil {
		return err
	}
	return c.print(p, pushed)
}

// load reads or assembles what to push.
func (c *pushCommand) load(ctx context.Context) (registry.Push, error) {
	repository, tag := c.Repository, ""
	if slash, colon := strings.LastIndex(repository, "/"), strings.LastIndex(repository, ":"); colon > slash {
		repository, tag = repository[:colon], repository[colon+1:]
	}
	var push registry.Push
	var err error
	variant, ours := strings.CutPrefix(c.Source, "demo:")
	if ours {
		push.Image, err = assemble(ctx, variant, image.Options{Version: cmp.Or(c.Version, tag), Revision: c.Revision})
	} else {
		push, err = registry.Load(c.Source)
	}
	push.Repository, push.Tag = repository, tag
	return push, err
}

// assemble makes an image of the demo app: its variant blue or green.
func assemble(ctx context.Context, variant string, o image.Options) (v1.Image, error) {
	file, known := map[string][]byte{"blue": dockerfiles.Blue(), "green": dockerfiles.Green()}[variant]
	if !known {
		return nil, &usageError{fmt.Sprintf("there is no demo image %q", variant), "there are demo:blue and demo:green"}
	}
	o.Dockerfile = file
	o.Revision = cmp.Or(o.Revision, demo.Revision(o.Version, variant, file))
	return image.Build(ctx, dockerfiles.Hello(), image.Host(), o)
}

// print says on stderr what was sent, and on stdout where it is.
func (c *pushCommand) print(p *running, pushed registry.Pushed) error {
	switch {
	case pushed.AlreadyThere:
		fmt.Fprintln(p.Stderr, "it is there already: nothing was sent")
	case c.DryRun:
		fmt.Fprintln(p.Stderr, "dry run: it is not there, and would be pushed")
	default:
		fmt.Fprintf(p.Stderr, "%s sent: %d blobs, %d were there\n", report.Size(pushed.BlobBytesSent), pushed.BlobsSent, pushed.BlobsSkipped)
	}
	if c.JSON {
		return printJSON(p, pushed)
	}
	_, err := fmt.Fprintln(p.Stdout, pushed.Reference)
	return err
}
