package images

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// loaded is an image or an index of images.
type loaded struct {
	image v1.Image
	index v1.ImageIndex
}

// load reads an image: a folder is an OCI layout, a file an archive of one or what
// docker save writes. An archive is unpacked into dir, which clean removes.
func load(path, dir string) (l loaded, clean func(), err error) {
	clean = func() {}
	info, err := os.Stat(path)
	if err != nil {
		return l, clean, err
	}
	if !info.IsDir() {
		if l.image, err = tarball.ImageFromPath(path, nil); err == nil {
			return l, clean, nil
		}
		if err := unpack(path, dir); err != nil {
			return l, clean, err
		}
		path, clean = dir, func() { _ = os.RemoveAll(dir) }
	}
	l, err = fromLayout(path)
	return l, clean, err
}

// fromLayout reads the one image or index that a layout is about.
func fromLayout(path string) (l loaded, err error) {
	root, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return l, fmt.Errorf("it is no OCI layout, and no archive of an image: %w", err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return l, err
	}
	if n := len(manifest.Manifests); n != 1 {
		return l, fmt.Errorf("its index.json names %d images, not one", n)
	}
	only := manifest.Manifests[0]
	if only.MediaType.IsIndex() {
		l.index, err = root.ImageIndex(only.Digest)
		return l, err
	}
	l.image, err = root.Image(only.Digest)
	return l, err
}

// unpack unpacks the files of an OCI archive.
func unpack(path, dir string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // names in an archive can't lead out of it
	if err != nil {
		return err
	}
	defer root.Close()
	for from := tar.NewReader(file); ; {
		header, err := from.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("it is no archive of an image: %w", err)
		case header.Typeflag != tar.TypeReg:
			continue
		}
		if err := write(root, filepath.FromSlash(header.Name), from); err != nil {
			return err
		}
	}
}

func write(root *os.Root, name string, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	to, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
