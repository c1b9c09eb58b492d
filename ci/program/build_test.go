package main

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dagger.io/dagger"
	"github.com/google/go-cmp/cmp"

	"orgship/demo"
)

// tarball writes a tarball of files, name and content in turn.
func tarball(t *testing.T, files ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	w := tar.NewWriter(f)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "layout")
	if err := unpack(tarball(t, "oci-layout", "{}", "blobs/sha256/aa", "blob"), to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"oci-layout": "{}", "blobs/sha256/aa": "blob"} {
		if got, err := os.ReadFile(filepath.Join(to, name)); string(got) != want {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	if err := unpack(tarball(t, "../out", "x"), to); err == nil {
		t.Error("a file is written outside")
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(to), "out")); !os.IsNotExist(err) {
		t.Errorf("outside: %v", err)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	v := demo.Version{Tag: "2.0.0", Revision: "abc"}
	env := map[string]string{"ORGSHIP_GO_IMAGE": "mirror/golang"}
	b := builder{getenv: func(name string) string { return env[name] }}
	want := []dagger.BuildArg{{Name: "VERSION", Value: "2.0.0"}, {Name: "REVISION", Value: "abc"}, {Name: "GO_IMAGE", Value: "mirror/golang"}}
	if diff := cmp.Diff(want, b.arguments(v)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("ab", 32)
	one := `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"` + digest + `"}]}`
	var out strings.Builder
	if err := printIndex(tarball(t, "blobs/sha256/aa", "blob", "index.json", one), &out); err != nil || out.String() != one {
		t.Fatalf("printed %q, %v", out.String(), err)
	}
	if got, err := only(out.String()); got != digest || err != nil {
		t.Errorf("digest %q, %v", got, err)
	}
	for index, want := range map[string]string{
		"":                                   "parsing index.json: ",
		`{"schemaVersion":2,"manifests":[]}`: "parsing index.json: it names 0 images, not one",
	} {
		if _, err := only(index); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", index, err, want)
		}
	}
	path := tarball(t, "blobs/sha256/aa", "blob")
	if err := printIndex(path, &out); err == nil || !strings.Contains(err.Error(), "looking for index.json") {
		t.Errorf("no index: %v", err)
	}
}
