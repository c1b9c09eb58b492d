package images_test

import (
	"archive/tar"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"orgship/sandbox/images"
	"orgship/sandbox/wire"
)

// own is an ECR that knows what begins with "own/".
type own struct{}

func (own) Resolve(ref string) (string, error) {
	if !strings.HasPrefix(ref, "own/") {
		return "", wire.NotModelled("pulling %q", ref)
	}
	return "127.0.0.1:1/" + ref, nil
}

func open(t *testing.T, c images.Config) *images.Service {
	t.Helper()
	c.ECR = own{}
	s, err := images.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files writes an image in every form there is: by form, the path.
func files(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	dir := t.TempDir()
	forms := map[string]string{"layout": filepath.Join(dir, "layout"), "archive": filepath.Join(dir, "oci.tar"), "save": filepath.Join(dir, "save.tar"), "index": filepath.Join(dir, "index")}
	l, err := layout.Write(forms["layout"], empty.Index)
	check(t, err)
	check(t, l.AppendImage(img))
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	i, err := layout.Write(forms["index"], empty.Index)
	check(t, err)
	check(t, i.AppendIndex(index))
	check(t, tarball.WriteToFile(forms["save"], name.MustParseReference("anything:at-all"), img))
	file, err := os.Create(forms["archive"])
	check(t, err)
	w := tar.NewWriter(file)
	check(t, w.AddFS(os.DirFS(forms["layout"])))
	check(t, w.Close())
	check(t, file.Close())
	return forms
}

// TestFiles serves images from files, by the names that Docker gives them.
func TestFiles(t *testing.T) {
	t.Parallel()
	img, err := random.Image(100, 1)
	check(t, err)
	want, err := img.Digest()
	check(t, err)
	for form, path := range files(t, img) {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			s := open(t, images.Config{Files: map[string]string{"httpd": path}})
			for _, same := range []string{"httpd", "httpd:latest", "docker.io/httpd", "docker.io/library/httpd:latest", "library/httpd"} {
				at, err := s.Resolve(t.Context(), same)
				check(t, err)
				if at.ECR || at.Secure || !strings.HasPrefix(at.Reference, "127.0.0.1:") {
					t.Errorf("%s: %+v", same, at)
				}
				ref, err := name.ParseReference(at.Reference, name.Insecure)
				check(t, err)
				pulled, err := remote.Image(ref)
				check(t, err)
				if got, err := pulled.Digest(); err != nil || got != want {
					t.Errorf("%s: %s, %v; want %s", same, got, err, want)
				}
			}
			for _, other := range []string{"httpd:2", "nginx", "quay.io/httpd"} {
				_, err := s.Check(other)
				if err == nil || !strings.Contains(err.Error(), "orgship sandbox --image "+other+"=FILE") || !strings.Contains(err.Error(), "--pull-through ") {
					t.Errorf("%s: %v", other, err)
				}
			}
		})
	}
}

// TestPullThrough asks another registry.
func TestPullThrough(t *testing.T) {
	t.Parallel()
	there := httptest.NewServer(registry.New())
	t.Cleanup(there.Close)
	host := strings.TrimPrefix(there.URL, "http://")
	img, err := random.Image(100, 1)
	check(t, err)
	ref, err := name.ParseReference(host+"/library/nginx:1.27", name.Insecure)
	check(t, err)
	check(t, remote.Write(ref, img))
	s := open(t, images.Config{PullThrough: map[string]string{"docker.io": there.URL, "public.ecr.aws": "https://mirror.example"}})
	at, err := s.Resolve(t.Context(), "nginx:1.27")
	if err != nil || at.Reference != host+"/library/nginx:1.27" || at.Secure {
		t.Errorf("%+v, %v", at, err)
	}
	digest := "sha256:" + strings.Repeat("a", 64)
	at, err = s.Resolve(t.Context(), "public.ecr.aws/nginx/nginx@"+digest)
	if err != nil || at.Reference != "mirror.example/nginx/nginx@"+digest || !at.Secure {
		t.Errorf("%+v, %v", at, err)
	}
	if at, err := s.Resolve(t.Context(), "own/app:1"); err != nil || !at.ECR || at.Reference != "127.0.0.1:1/own/app:1" {
		t.Errorf("%+v, %v", at, err)
	}
	if _, err := s.Check("quay.io/a/b"); err == nil {
		t.Error("another registry is asked")
	}
}

// TestRefusals refuses options before anything runs, and says what to write.
func TestRefusals(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	check(t, os.WriteFile(text, []byte("no image"), 0o600))
	for what, row := range map[string]struct {
		config images.Config
		text   string
	}{
		"a name":    {images.Config{Files: map[string]string{"UPPER CASE": text}}, `image "UPPER CASE"`},
		"a file":    {images.Config{Files: map[string]string{"httpd": text + "s"}}, "no such file"},
		"a scheme":  {images.Config{PullThrough: map[string]string{"docker.io": "127.0.0.1:5000"}}, "isn't the URL of a registry"},
		"a path":    {images.Config{PullThrough: map[string]string{"docker.io": "http://127.0.0.1:5000/v2/"}}, "isn't the URL of a registry"},
		"something": {images.Config{PullThrough: map[string]string{"docker.io": "ftp://127.0.0.1"}}, "isn't the URL of a registry"},
	} {
		_, err := images.New(row.config)
		hinted, ok := err.(interface{ Hint() string })
		if err == nil || !strings.Contains(err.Error(), row.text) || !ok || hinted.Hint() == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	s := open(t, images.Config{Files: map[string]string{"httpd": text}})
	if _, err := s.Resolve(t.Context(), "httpd"); err == nil || !strings.Contains(err.Error(), "no archive of an image") {
		t.Errorf("a file of text: %v", err)
	}
}
