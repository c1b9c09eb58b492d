package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"dagger.io/dagger"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/demo"
	"orgship/dockerfiles"
	"orgship/pipeline/registry"
)

// builder is a demo.Builder that has the engine build the Dockerfiles.
type builder struct {
	engine *engine
	getenv func(string) string
	dir    string // for images; "": os.TempDir

	folder *dagger.Directory // dockerfiles, once the engine has it
}

// About implements demo.Builder.
func (*builder) About() string { return "with their Dockerfiles, by the engine" }

// Build implements demo.Builder.
func (b *builder) Build(ctx context.Context, v demo.Version) (v1.Image, error) {
	client, err := b.engine.connect(ctx)
	if err != nil {
		return nil, err
	}
	source, err := b.source(ctx, client)
	if err != nil {
		return nil, err
	}
	c := source.DockerBuild(dagger.DirectoryDockerBuildOpts{Dockerfile: v.Dockerfile, BuildArgs: b.arguments(v)})
	if !strings.EqualFold(filepath.Ext(v.Dockerfile), "."+v.Variant) {
		c = c.WithEnvVariable("VARIANT", v.Variant)
	}
	if c, err = c.Sync(ctx); err != nil {
		return nil, fmt.Errorf("building version %q: %w", v.Tag, plain(err))
	}
	var image v1.Image
	err = b.engine.shown.aside(ctx, "image "+v.Tag+" "+v.Variant, func(ctx context.Context) (err error) {
		image, err = b.export(ctx, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the image of version %q: %w", v.Tag, plain(err))
	}
	return image, nil
}

// source is the folder dockerfiles, as far as an image is made of it.
func (b *builder) source(ctx context.Context, client *dagger.Client) (_ *dagger.Directory, err error) {
	if b.folder != nil {
		return b.folder, nil
	}
	err = b.engine.shown.aside(ctx, "the folder dockerfiles", func(ctx context.Context) (err error) {
		b.folder, err = client.Directory().
			WithNewFile("Dockerfile.blue", string(dockerfiles.Blue())).
			WithNewFile("Dockerfile.green", string(dockerfiles.Green())).
			WithNewFile("hello/main.go", string(dockerfiles.Hello())).
			Sync(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("giving the engine the demo app's source: %w", err)
	}
	return b.folder, nil
}

// arguments are the build arguments of a version.
func (b *builder) arguments(v demo.Version) []dagger.BuildArg {
	arguments := []dagger.BuildArg{{Name: "VERSION", Value: v.Tag}, {Name: "REVISION", Value: v.Revision}}
	for _, name := range []string{"GO_IMAGE", "BASE_IMAGE"} {
		if value := b.getenv("ORGSHIP_" + name); value != "" {
			arguments = append(arguments, dagger.BuildArg{Name: name, Value: value})
		}
	}
	return arguments
}

// export brings a container here, as the image that the engine would publish.
func (b *builder) export(ctx context.Context, c *dagger.Container) (v1.Image, error) {
	dir, err := os.MkdirTemp(b.dir, "orgship-image-")
	if err != nil {
		return nil, err
	}
	tarball := filepath.Join(dir, "image.tar")
	if _, err := c.AsTarball().Export(ctx, tarball); err != nil {
		return nil, err
	}
	layout := filepath.Join(dir, "layout")
	if err := unpack(tarball, layout); err != nil {
		return nil, fmt.Errorf("reading what the engine built: %w", err)
	}
	push, err := registry.Load(layout)
	if err == nil && push.Image == nil {
		err = errors.New("the engine built an index of images")
	}
	return push.Image, errors.Join(err, os.Remove(tarball))
}

// unpack unpacks the files of a tarball, which is an OCI layout.
func unpack(tarball, to string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(to) // nothing gets out of it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && h.Typeflag == tar.TypeReg {
			err = write(root, h.Name, r)
		}
		if err != nil {
			return err
		}
	}
}

func write(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
