// Package image assembles the images of the demo app without Docker: the Go
// toolchain compiles the app, and what its Dockerfile declares for the final
// stage becomes the image's configuration. The same inputs and the same Go
// release give the same digest.
package image

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Options say what goes into an image.
type Options struct {
	Dockerfile []byte // dockerfiles.Blue() or dockerfiles.Green()
	Version    string // build argument VERSION; "" keeps the Dockerfile's default
	Revision   string // build argument REVISION; "" keeps the Dockerfile's default
	// Env overrides environment variables of the Dockerfile, or adds some:
	// VARIANT=Purple makes an image that answers wrongly.
	Env map[string]string
}

// Host returns the platform that runs on this machine: linux on its architecture.
func Host() v1.Platform { return v1.Platform{OS: "linux", Architecture: runtime.GOARCH} }

// Build compiles the app's source for a platform and assembles one image of
// it. To make several, call Compile once and Assemble for each.
func Build(ctx context.Context, source []byte, platform v1.Platform, o Options) (v1.Image, error) {
	b, err := Compile(ctx, source, platform)
	if err != nil {
		return nil, err
	}
	return Assemble(b, o)
}

// Assemble makes an image of a compiled app, with the settings of the
// Dockerfile's final stage. Errors name the Dockerfile's line.
func Assemble(b *Binary, o Options) (v1.Image, error) {
	s, err := readDockerfile(o.Dockerfile, o.arguments())
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	for _, name := range sortedKeys(o.Env) {
		s.setEnv(name, o.Env[name])
	}
	layer, err := binaryLayer(b.content, s.binary)
	if err != nil {
		return nil, fmt.Errorf("assembling the image: %w", err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.Append(img, mutate.Addendum{
		Layer:     layer,
		MediaType: types.OCILayer,
		History:   v1.History{Created: v1.Time{Time: epoch()}, CreatedBy: "COPY " + s.binary, Comment: "orgship"},
	})
	if err != nil {
		return nil, fmt.Errorf("assembling the image: %w", err)
	}
	img, err = mutate.ConfigFile(img, configFile(img, b.platform, s.config))
	if err != nil {
		return nil, fmt.Errorf("assembling the image: %w", err)
	}
	return img, nil
}

func (o Options) arguments() map[string]string {
	args := map[string]string{}
	if o.Version != "" {
		args["VERSION"] = o.Version
	}
	if o.Revision != "" {
		args["REVISION"] = o.Revision
	}
	return args
}

func configFile(img v1.Image, platform v1.Platform, config v1.Config) *v1.ConfigFile {
	file, err := img.ConfigFile()
	if err != nil { // can't happen: the image is in memory
		panic("image: internal error: " + err.Error())
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Variant = platform.OS, platform.Architecture, platform.Variant
	file.Created = v1.Time{Time: epoch()}
	file.Config = config
	return file
}

// binaryLayer returns a layer that holds one executable file.
func binaryLayer(content []byte, path string) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: strings.TrimPrefix(path, "/"), Mode: 0o755, Size: int64(len(content)),
		ModTime: epoch(), Format: tar.FormatPAX,
	}
	if err := w.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// epoch is the time of all that is in an image, so that builds can be repeated.
func epoch() time.Time { return time.Unix(0, 0).UTC() }

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
