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
	"orgship/pipeline/session"
)

// pushCommand is the verb push.
type pushCommand struct {
	Source     string `arg:"" help:"What to push: folder of an OCI layout, tarball as docker save writes it, or demo:blue and demo:green, which are assembled here without Docker; inside an engine container:ID too."`
	Repository string `arg:"" name:"repository[:tag]" help:"Where to: <account>.dkr.ecr.<region>.amazonaws.com/<repository>, of the sandbox <host:port>/<account>/<repository>."`
	Version    string `placeholder:"VERSION" help:"Version of a demo image; else the tag."`
	Revision   string `placeholder:"REVISION" help:"Revision of a demo image: what proves that it answers; else made of its source."`
	DryRun     bool   `help:"Only find out whether it is there."`

	owner        report.Account // of the repository
	SameRevision bool           `help:"Of a container whose tag is taken: take the image that has it, if it is of the same revision and version."`
	output
	connection
}

// Run pushes, and prints the reference by digest.
func (c *pushCommand) Run(p *running) error {
	rec := report.NewRecorder(report.KindPush, version(), nil, report.PushStep)
	rec.Begin(report.PushStep)
	push := c.push
	if id, ok := strings.CutPrefix(c.Source, "container:"); ok {
		push = func(p *running) (registry.Pushed, error) { return c.publish(p, id) }
	}
	err := c.check()
	var pushed registry.Pushed
	if err == nil {
		pushed, err = push(p)
	}
	if err != nil {
		return c.refused(p, report.KindPush, "", err)
	}
	sent, outcome := c.sent(pushed), report.Pushed
	if pushed.AlreadyThere || c.DryRun {
		outcome = report.Unchanged
	}
	fmt.Fprintln(p.Stderr, sent)
	rec.Edit(func(r *report.Report) {
		r.Account = c.owner
		r.Image = &report.Image{
			Reference: pushed.Reference, Digest: pushed.Digest, Tag: pushed.Tag, Bytes: pushed.BlobBytesSent, AlreadyThere: pushed.AlreadyThere,
		}
	})
	rec.Finish(report.PushStep, report.Done, sent)
	return c.finish(p, &work{end: func(bool) {}}, rec.Close(report.Successful, outcome, sent), pushed.Reference, nil)
}

// check refuses what can't be meant.
func (c *pushCommand) check() error {
	switch {
	case strings.HasSuffix(c.Repository, ":"):
		return &usageError{fmt.Sprintf("%q has a colon and no tag", c.Repository), "name the tag, or leave the colon out; in a script, check that the variable is set"}
	case report.Clean(c.Version) != c.Version:
		return &usageError{fmt.Sprintf("--version: %q holds what can't be shown on one line", shorten(c.Version, 100)), "e.g. --version 1.0.0"}
	case report.Clean(c.Revision) != c.Revision:
		return &usageError{fmt.Sprintf("--revision: %q holds what can't be shown on one line", shorten(c.Revision, 100)), "e.g. --revision $(git rev-parse HEAD)"}
	case strings.HasPrefix(c.Source, "container:"): // whoever publishes it checks where to
		return nil
	}
	return registry.Target(c.target())
}

// push pushes what can be read or assembled here.
func (c *pushCommand) push(p *running) (registry.Pushed, error) {
	if c.SameRevision {
		return registry.Pushed{}, &usageError{"--same-revision is for a container", "inside an engine: container:ID; what is pushed from here is the same bytes whenever it is"}
	}
	push, err := c.load(p.ctx)
	if err != nil {
		return registry.Pushed{}, err
	}
	conn, err := c.open(p)
	if err != nil {
		return registry.Pushed{}, err
	}
	images, err := c.registry(p, conn, push.Repository)
	if err != nil {
		return registry.Pushed{}, err
	}
	push.DryRun = c.DryRun
	return images.Push(p.ctx, push)
}

// publish has a container pushed by who runs the program. No login is given out
// for what is no repository in ECR.
func (c *pushCommand) publish(p *running, id string) (registry.Pushed, error) {
	to := Destination{SameRevision: c.SameRevision}
	to.Repository, to.Tag = c.target()
	switch err := registry.Target(to.Repository, to.Tag); {
	case p.Publish == nil:
		return registry.Pushed{}, &usageError{"there are no containers here", "container:ID is for the Dagger module: dagger call publish; here name an OCI layout, a tarball or demo:blue"}
	case id == "":
		return registry.Pushed{}, &usageError{"the container has no id", "name it as container:ID"}
	case err != nil:
		return registry.Pushed{}, err
	case to.Tag == "":
		return registry.Pushed{}, &usageError{fmt.Sprintf("pushing a container to %q: it needs a tag", to.Repository), "name one: " + to.Repository + ":1.0.0"}
	case c.DryRun:
		return registry.Pushed{}, &usageError{"a dry run can't tell about a container: its digest is known once it is pushed", "leave --dry-run out: what is there is not sent, and an immutable tag stays what it is"}
	}
	conn, err := c.open(p)
	if err != nil {
		return registry.Pushed{}, err
	}
	images, err := c.registry(p, conn, to.Repository)
	if err != nil {
		return registry.Pushed{}, err
	}
	to.Login, to.Find = images.Login, images.Find
	return p.Publish(p.ctx, id, to)
}

// registry is what pushes to a repository, and notes whose that is.
func (c *pushCommand) registry(p *running, conn *session.Session, repository string) (*registry.Client, error) {
	var err error
	if c.owner, err = conn.Owner(repository); err != nil {
		return nil, err
	}
	return conn.Registry(p.ctx, repository)
}

// target takes the tag off the repository; "" is none. What can't be read is the
// repository: check says what is wrong with it.
func (c *pushCommand) target() (repository, tag string) {
	to, err := registry.Parse(c.Repository)
	if err != nil || to.Tag == "" {
		return c.Repository, ""
	}
	return strings.TrimSuffix(c.Repository, ":"+to.Tag), to.Tag
}

// load reads or assembles what to push.
func (c *pushCommand) load(ctx context.Context) (push registry.Push, err error) {
	repository, tag := c.target()
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

// sent says what was sent.
func (c *pushCommand) sent(pushed registry.Pushed) string {
	switch {
	case pushed.AlreadyThere:
		return "it is there already: nothing was sent"
	case c.DryRun:
		return "dry run: it is not there, and would be pushed"
	case strings.HasPrefix(c.Source, "container:"):
		return "pushed"
	}
	return fmt.Sprintf("%s sent: %d blobs, %d were there", report.Size(pushed.BlobBytesSent), pushed.BlobsSent, pushed.BlobsSkipped)
}
