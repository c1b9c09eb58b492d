package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"dagger.io/dagger"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/cli"
	"orgship/pipeline/registry"
)

// Where the engine runs this program to look into an image's tarball.
const (
	indexPath   = "/.orgship/index"
	tarballPath = "/image.tar"
)

// publisher has the engine push containers.
type publisher struct{ engine *engine }

// publish is cli.Program's Publish. Ids names a container, or several with a comma
// between: one image for several platforms. What is there is not sent. A tag that
// can't be moved from another image is a *registry.TagTakenError, unless to says that
// the same revision stands for this one. How much the engine sends it doesn't tell.
func (p *publisher) publish(ctx context.Context, ids string, to cli.Destination) (registry.Pushed, error) {
	client, err := p.engine.connect(ctx)
	if err != nil {
		return registry.Pushed{}, err
	}
	c, variants := load(client, ids)
	digest, err := p.digest(ctx, client, c, variants)
	if err != nil {
		return registry.Pushed{}, fmt.Errorf("reading the image to push: %w", plain(err))
	}
	pushed := registry.Pushed{Reference: to.Repository + "@" + digest, Digest: digest, Tag: to.Tag}
	have, err := found(ctx, to)
	switch {
	case err != nil:
		return registry.Pushed{}, err
	case have == digest:
		pushed.AlreadyThere = true
		return pushed, nil
	}
	reference, err := p.push(ctx, client, c, variants, to)
	if err != nil {
		return builtBefore(ctx, c, to, refusal(ctx, to, digest, err))
	}
	if _, sent, ok := strings.Cut(reference, "@"); ok && sent != digest { // it was compressed otherwise
		pushed.Reference, pushed.Digest = to.Repository+"@"+sent, sent
	}
	return pushed, nil
}

// load returns the containers of a session by their ids.
func load(client *dagger.Client, ids string) (first *dagger.Container, others []*dagger.Container) {
	for id := range strings.SplitSeq(ids, ",") {
		others = append(others, client.LoadContainerFromID(dagger.ContainerID(id)))
	}
	return others[0], others[1:]
}

// push has the engine push a container under its tag, and returns its reference
// with the digest.
func (p *publisher) push(ctx context.Context, client *dagger.Client, c *dagger.Container, variants []*dagger.Container, to cli.Destination) (string, error) {
	username, password, err := to.Login(ctx)
	if err != nil {
		return "", err
	}
	host, _, _ := strings.Cut(to.Repository, "/")
	service, err := p.engine.registry(ctx, host)
	if err != nil {
		return "", err
	}
	reference, err := c.WithRegistryAuth(host, username, client.SetSecret("registry-password-of-"+host, password)).
		Publish(ctx, to.Repository+":"+to.Tag, dagger.ContainerPublishOpts{PlatformVariants: variants, RegistryService: service})
	if err != nil {
		return "", plain(err)
	}
	return reference, nil
}

// found returns the digest that the tag names: "" when it is free, or when the
// caller may push and not look.
func found(ctx context.Context, to cli.Destination) (string, error) {
	image, err := to.Find(ctx, to.Repository+":"+to.Tag)
	if errors.Is(err, registry.ErrImageNotFound) || errors.Is(err, registry.ErrDenied) {
		return "", nil
	}
	return image.Digest, err
}

// refusal says why a push failed: by the tag, or by anything else.
func refusal(ctx context.Context, to cli.Destination, digest string, err error) error {
	if have, e := found(ctx, to); e == nil && have != "" && have != digest && strings.Contains(err.Error(), "immutable") {
		err = &registry.TagTakenError{Repository: to.Repository, Tag: to.Tag, Have: have, Want: digest}
	}
	return fmt.Errorf("pushing to %s:%s: %w", to.Repository, to.Tag, err)
}

// builtBefore is the image that has the tag already, if the same revision will do
// and it is of the container's own revision and version; else the refusal stands.
func builtBefore(ctx context.Context, c *dagger.Container, to cli.Destination, refused error) (registry.Pushed, error) {
	var taken *registry.TagTakenError
	if !to.SameRevision || !errors.As(refused, &taken) {
		return registry.Pushed{}, refused
	}
	there, err := to.Find(ctx, to.Repository+"@"+taken.Have)
	if err != nil || there.Revision == "" {
		return registry.Pushed{}, refused
	}
	for label, have := range map[string]string{registry.RevisionLabel: there.Revision, registry.VersionLabel: there.Version} {
		if want, err := c.Label(ctx, label); err != nil || want != have {
			return registry.Pushed{}, refused
		}
	}
	return registry.Pushed{Reference: there.Reference, Digest: there.Digest, Tag: to.Tag, AlreadyThere: true}, nil
}

// digest returns the digest that the containers get when they are pushed: of an
// image, or of the index of several. The engine looks, so that no image comes here.
func (p *publisher) digest(ctx context.Context, client *dagger.Client, c *dagger.Container, variants []*dagger.Container) (digest string, err error) {
	program, err := p.engine.program(client)
	if err != nil {
		return "", err
	}
	err = p.engine.shown.aside(ctx, "the image's digest", func(ctx context.Context) error {
		index, err := client.Container().
			WithMountedFile(indexPath, program).
			WithMountedFile(tarballPath, c.AsTarball(dagger.ContainerAsTarballOpts{PlatformVariants: variants})).
			WithExec([]string{indexPath, tarballPath}).
			Stdout(ctx)
		if err == nil {
			digest, err = only(index)
		}
		return err
	})
	return digest, err
}

// only returns the digest of the one image or index that an OCI layout's
// index.json names.
func only(index string) (string, error) {
	manifest, err := v1.ParseIndexManifest(strings.NewReader(index))
	if err != nil {
		return "", fmt.Errorf("parsing index.json: %w", err)
	}
	if n := len(manifest.Manifests); n != 1 {
		return "", fmt.Errorf("parsing index.json: it names %d images, not one", n)
	}
	return manifest.Manifests[0].Digest.String(), nil
}

// printIndex prints the index.json of a tarball: what the engine runs this program
// for.
func printIndex(tarball string, w io.Writer) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err != nil {
			return fmt.Errorf("reading %q: looking for index.json: %w", tarball, err)
		}
		if h.Name == "index.json" {
			_, err := io.Copy(w, r)
			return err
		}
	}
}
