package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"orgship/dockerfiles"
	"orgship/image"
)

func compile(t *testing.T) *image.Binary {
	t.Helper()
	b, err := image.Compile(t.Context(), dockerfiles.Hello(), image.Host())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func config(t *testing.T, img v1.Image) *v1.ConfigFile {
	t.Helper()
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// pushed returns the image as a registry gives it back.
func pushed(t *testing.T, img v1.Image) v1.Image {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/hello:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	back, err := remote.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// TestSettings restates what the Dockerfiles declare.
func TestSettings(t *testing.T) {
	t.Parallel()
	b := compile(t)
	for variant, source := range map[string][]byte{"Blue": dockerfiles.Blue(), "Green": dockerfiles.Green()} {
		img, err := image.Assemble(b, image.Options{Dockerfile: source, Version: "1.2.3", Revision: "abc"})
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(pushed(t, img)); err != nil {
			t.Errorf("%s: %v", variant, err)
		}
		want := v1.Config{
			Entrypoint:   []string{"/hello"},
			Env:          []string{"VARIANT=" + variant, "VERSION=1.2.3", "REVISION=abc"},
			ExposedPorts: map[string]struct{}{"8080/tcp": {}},
			User:         "65532:65532",
			WorkingDir:   "/",
			StopSignal:   "SIGTERM",
			Labels: map[string]string{
				"org.opencontainers.image.title":       "hello",
				"org.opencontainers.image.description": "Says hello: variant " + variant,
				"org.opencontainers.image.version":     "1.2.3",
				"org.opencontainers.image.revision":    "abc",
				"org.opencontainers.image.licenses":    "Apache-2.0",
			},
		}
		file := config(t, img)
		if diff := cmp.Diff(want, file.Config); diff != "" {
			t.Errorf("%s: settings (-want +got):\n%s", variant, diff)
		}
		if file.OS != "linux" || file.Architecture != image.Host().Architecture {
			t.Errorf("%s: platform %s/%s", variant, file.OS, file.Architecture)
		}
	}
}

// TestFlags compares the compiler's flags with the Dockerfiles' RUN lines.
func TestFlags(t *testing.T) {
	t.Parallel()
	want := `RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o /out/hello main.go`
	for _, source := range [][]byte{dockerfiles.Blue(), dockerfiles.Green()} {
		if !bytes.Contains(source, []byte("\n"+want+"\n")) {
			t.Errorf("no line %q in\n%s", want, source)
		}
	}
	program, err := os.ReadFile("compile.go")
	if err != nil {
		t.Fatal(err)
	}
	flags := `"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", "app", "main.go"`
	if !bytes.Contains(program, []byte(flags)) {
		t.Errorf("the program doesn't compile with %s", flags)
	}
}

func TestVariantsDifferInNameOnly(t *testing.T) {
	t.Parallel()
	blue := regexp.MustCompile(`\bBlue\b`).ReplaceAll(dockerfiles.Blue(), []byte("Green"))
	blue = bytes.ReplaceAll(blue, []byte(".blue"), []byte(".green"))
	blue = bytes.ReplaceAll(blue, []byte(":blue"), []byte(":green"))
	if diff := cmp.Diff(string(dockerfiles.Green()), string(blue)); diff != "" {
		t.Errorf("Dockerfile.blue (+) is not Dockerfile.green (-) with another name:\n%s", diff)
	}
}

func TestReproducible(t *testing.T) {
	t.Parallel()
	digests := map[string]bool{}
	for range 2 {
		img, err := image.Build(t.Context(), dockerfiles.Hello(), image.Host(), image.Options{Dockerfile: dockerfiles.Blue()})
		if err != nil {
			t.Fatal(err)
		}
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[digest.String()] = true
	}
	if len(digests) != 1 {
		t.Errorf("two builds of the same gave %v", digests)
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	img, err := image.Assemble(compile(t), image.Options{Dockerfile: dockerfiles.Green(), Env: map[string]string{"VARIANT": "Purple", "MORE": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"VARIANT=Purple", "VERSION=dev", "REVISION=unknown", "MORE=yes"}
	if diff := cmp.Diff(want, config(t, img).Config.Env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// TestLayer looks into the layer: one executable file.
func TestLayer(t *testing.T) {
	t.Parallel()
	img, err := image.Assemble(compile(t), image.Options{Dockerfile: dockerfiles.Blue()})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	r := tar.NewReader(content)
	header, err := r.Next()
	if err != nil || header.Name != "hello" || header.Mode != 0o755 || header.ModTime.Unix() != 0 {
		t.Fatalf("file %+v, %v", header, err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("more than one file: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := compile(t)
	final := "FROM golang AS build\nRUN make\nFROM scratch\nCOPY --from=build /a /a\n"
	tests := []struct {
		name, dockerfile string
		options          image.Options
		want             string
	}{
		{"a base that needs pulling", "ARG BASE=alpine:3\nFROM ${BASE}\n", image.Options{}, "line 2: the base alpine:3 needs Docker"},
		{"a command", final + "RUN ls\n", image.Options{}, "line 5: RUN in the final stage needs Docker"},
		{"two copies", final + "COPY --from=build /b /b\n", image.Options{}, "line 5: COPY"},
		{"a copy from the context", "FROM scratch\nCOPY a /a\n", image.Options{}, "line 2: COPY a /a needs Docker"},
		{"nothing copied", "FROM scratch\n", image.Options{}, "copies nothing"},
		{"no such argument", final, image.Options{Version: "1"}, "no ARG VERSION"},
		{"an entrypoint for a shell", final + "ENTRYPOINT /a -x\n", image.Options{}, "line 5: ENTRYPOINT has to be a JSON list"},
		{"an open quote", final + "LABEL a=\"b\n", image.Options{}, "line 5: the quote of a is not closed"},
		{"no value", final + "ENV A b\n", image.Options{}, "line 5: \"A b\" is not of the form"},
	}
	for _, tt := range tests {
		tt.options.Dockerfile = []byte(tt.dockerfile)
		_, err := image.Assemble(b, tt.options)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	tests := []struct {
		name     string
		ctx      context.Context
		source   string
		platform v1.Platform
		want     string
	}{
		{"not Go", t.Context(), "package main\nfunc main() { nothing() }\n", image.Host(), "undefined: nothing"},
		{"not Linux", t.Context(), "package main\nfunc main() {}\n", v1.Platform{OS: "windows", Architecture: "amd64"}, `not "windows"`},
		{"no such architecture", t.Context(), "package main\nfunc main() {}\n", v1.Platform{OS: "linux", Architecture: "z80"}, "unsupported GOOS/GOARCH pair linux/z80"},
		{"interrupted", ended, "package main\nfunc main() {}\n", image.Host(), "context canceled"},
	}
	for _, tt := range tests {
		_, err := image.Compile(tt.ctx, []byte(tt.source), tt.platform)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestNoToolchain(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := image.Compile(t.Context(), dockerfiles.Hello(), image.Host())
	var toolchain *image.ToolchainError
	if !errors.As(err, &toolchain) || !errors.Is(err, exec.ErrNotFound) || !strings.Contains(toolchain.Hint(), "https://go.dev/dl") {
		t.Errorf("error %v", err)
	}
}
