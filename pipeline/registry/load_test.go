package registry_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"orgship/pipeline/registry"
)

// written writes images in each form, and returns the paths.
func written(t *testing.T, image v1.Image, index v1.ImageIndex) (folder, file, indexed, several string) {
	t.Helper()
	dir := t.TempDir()
	folder, indexed, several = filepath.Join(dir, "folder"), filepath.Join(dir, "indexed"), filepath.Join(dir, "several")
	file = filepath.Join(dir, "image.tar")
	for path, fill := range map[string]func(layout.Path) error{
		folder:  func(p layout.Path) error { return p.AppendImage(image) },
		indexed: func(p layout.Path) error { return p.AppendIndex(index) },
		several: func(p layout.Path) error { return errors.Join(p.AppendImage(image), p.AppendIndex(index)) },
	} {
		p, err := layout.Write(path, empty.Index)
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := tarball.WriteToFile(file, name.MustParseReference("x:1"), image); err != nil {
		t.Fatal(err)
	}
	return folder, file, indexed, several
}

func TestLoad(t *testing.T) {
	t.Parallel()
	image, err := random.Image(100, 2)
	if err != nil {
		t.Fatal(err)
	}
	index, err := random.Index(100, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	folder, file, indexed, several := written(t, image, index)
	for path, want := range map[string]interface{ Digest() (v1.Hash, error) }{folder: image, indexed: index} {
		loaded, err := registry.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		var got interface{ Digest() (v1.Hash, error) } = loaded.Image
		if loaded.Image == nil {
			got = loaded.Index
		}
		have, _ := got.Digest()
		if wanted, _ := want.Digest(); have != wanted {
			t.Errorf("%s: digest %s, want %s", path, have, wanted)
		}
	}
	loaded, err := registry.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	have, _ := loaded.Image.ConfigName()
	if want, _ := image.ConfigName(); have != want { // a tarball has layers of its own compression
		t.Errorf("%s: image %s, want %s", file, have, want)
	}
	rubbish := filepath.Join(t.TempDir(), "rubbish")
	if err := os.WriteFile(rubbish, []byte("no tar"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, why := range map[string]string{
		several: "names 2 images", rubbish: "reading an image from", t.TempDir(): "index.json", filepath.Join(t.TempDir(), "none"): "no such file",
	} {
		_, err := registry.Load(path)
		var hinted interface{ Hint() string }
		if err == nil || !strings.Contains(err.Error(), why) || !errors.As(err, &hinted) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
