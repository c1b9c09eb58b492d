package registry

import (
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Load reads an image, or an index of images, that was built before: a folder
// is an OCI layout, a file a tarball as docker save, docker buildx and Dagger
// write it (with a manifest.json). What is read is in the returned Push, which
// says nothing yet of where to put it; the path must stay until it is pushed.
func Load(path string) (Push, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Push{}, notAnImage(path, err)
	}
	if info.IsDir() {
		return loadLayout(path)
	}
	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		return Push{}, notAnImage(path, err)
	}
	return Push{Image: image}, nil
}

// loadLayout reads the one image or index that a layout is about.
func loadLayout(path string) (Push, error) {
	root, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return Push{}, notAnImage(path, err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return Push{}, notAnImage(path, err)
	}
	if n := len(manifest.Manifests); n != 1 {
		return Push{}, notAnImage(path, fmt.Errorf("its index.json names %d images, and only one can be pushed", n))
	}
	only := manifest.Manifests[0]
	if only.MediaType.IsIndex() {
		index, err := root.ImageIndex(only.Digest)
		return Push{Index: index}, wrap(path, err)
	}
	image, err := loadOne(root, only)
	return Push{Image: image}, wrap(path, err)
}

func loadOne(root v1.ImageIndex, d v1.Descriptor) (v1.Image, error) {
	if d.MediaType != types.OCIManifestSchema1 && d.MediaType != types.DockerManifestSchema2 {
		return nil, fmt.Errorf("%q is not the type of an image", d.MediaType)
	}
	return root.Image(d.Digest)
}

func wrap(path string, err error) error {
	if err == nil {
		return nil
	}
	return notAnImage(path, err)
}

func notAnImage(path string, err error) error {
	return &hinted{
		fmt.Errorf("reading an image from %q: %w", path, err),
		"name the folder of an OCI layout, or a tarball as docker save writes it",
	}
}
