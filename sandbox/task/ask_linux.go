package task

import (
	"context"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Asked is an image as its registry describes it to one who may pull it, and what
// a task of it runs.
type Asked struct {
	Digest     string // of the manifest or index that the reference names: "sha256:…"
	Config     v1.Config
	Argv       []string // entrypoint and command, of the spec where it has them, else of the image
	StopSignal syscall.Signal
}

// Ask asks the registry for a task's image and for each of its layers, with the
// credentials of the spec, and reads no layer. It is for a runtime that has
// somebody else pull: what is at hand there says nothing about who may pull it.
// An image that can't be had is a [*PullError].
func Ask(ctx context.Context, spec Spec) (Asked, error) {
	img, err := resolve(ctx, spec)
	if err != nil {
		return Asked{}, err
	}
	if err := img.mayRead(spec); err != nil {
		return Asked{}, err
	}
	return Asked{
		Digest: img.digest, Config: img.config, Argv: plan(spec, img).Argv, StopSignal: stopSignal(img.config.StopSignal),
	}, nil
}
