package task

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// An image as its registry describes it: its layers are read when asked for.
type image struct {
	digest   string // of the manifest (or index) that the reference names
	unpacked string // of the manifest for this machine: names the unpacked copy
	config   v1.Config
	layers   []v1.Layer
}

// resolve asks the registry for the image, with the credentials of the spec.
// It does so for every task, so that an account that may no longer pull is
// refused even where another one's copy is at hand.
func resolve(ctx context.Context, spec Spec) (*image, error) {
	img, err := ask(ctx, spec)
	if err != nil {
		return nil, &PullError{Image: spec.Image, Reason: words(err), Err: err}
	}
	return img, nil
}

func ask(ctx context.Context, spec Spec) (*image, error) {
	options := []name.Option{name.Insecure}
	if spec.Secure {
		options = nil
	}
	ref, err := name.ParseReference(spec.Image, options...)
	if err != nil {
		return nil, err
	}
	descriptor, err := remote.Get(ref, remote.WithContext(ctx), remote.WithAuth(credentials(spec)),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return nil, err
	}
	found, err := descriptor.Image()
	if err != nil {
		return nil, err
	}
	img := &image{digest: descriptor.Digest.String()}
	return img, img.read(found)
}

func (i *image) read(from v1.Image) error {
	digest, err := from.Digest()
	if err != nil {
		return err
	}
	config, err := from.ConfigFile()
	if err != nil {
		return err
	}
	if i.layers, err = from.Layers(); err != nil {
		return err
	}
	i.unpacked, i.config = digest.Hex, config.Config
	return nil
}

// mayRead asks the registry for each layer without reading it, for an image
// whose unpacked copy is at hand.
func (i *image) mayRead(spec Spec) error {
	for _, layer := range i.layers {
		ok, err := partial.Exists(layer)
		if err == nil && !ok {
			err = errors.New("a layer of the image is gone")
		}
		if err != nil {
			return &PullError{Image: spec.Image, Reason: words(err), Err: err}
		}
	}
	return nil
}

func credentials(spec Spec) authn.Authenticator {
	if spec.Username == "" && spec.Password == "" {
		return authn.Anonymous
	}
	return &authn.Basic{Username: spec.Username, Password: spec.Password}
}

// words returns what a registry said, without the request around it.
func words(err error) string {
	var answered *transport.Error
	if !errors.As(err, &answered) {
		return err.Error()
	}
	var said []string
	for _, d := range answered.Errors {
		said = append(said, fmt.Sprintf("%s: %s", strings.ToLower(strings.ReplaceAll(string(d.Code), "_", " ")), d.Message))
	}
	if len(said) == 0 {
		return fmt.Sprintf("unexpected status from registry: %d", answered.StatusCode)
	}
	return strings.Join(said, "; ")
}
