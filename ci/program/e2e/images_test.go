package e2e

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// registryAddress is the same in every run: an engine that knows the images by it
// has what it built with them in its cache.
const registryAddress = "127.0.0.1:47671"

// serveImages starts a registry on loopback, which lives as long as the tests,
// with an image of this machine's Go and one to build on.
func (w *world) serveImages() error {
	listener, err := net.Listen("tcp", registryAddress)
	if err != nil { // in use
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return err
	}
	go func() {
		_ = http.Serve(listener, registry.New(registry.Logger(log.New(io.Discard, "", 0)))) //nolint:gosec // on loopback, for a test
	}()
	toolchain, err := goLayer()
	if err != nil {
		return err
	}
	host := listener.Addr().String()
	w.goImage, w.base = host+"/golang:1.26", host+"/base:1"
	environment := []string{"PATH=/go/bin:/usr/local/go/bin:/bin", "HOME=/root", "GOPATH=/go", "GOTOOLCHAIN=local", "GOPROXY=" + goEnv("GOPROXY")}
	if err := put(w.goImage, toolchain, v1.Config{Env: environment, WorkingDir: "/go"}); err != nil {
		return err
	}
	var marker layer
	marker.file("etc/marker", 0o644, []byte("the base of a test\n"))
	base, err := marker.done()
	if err != nil {
		return err
	}
	digest, err := base.Digest()
	w.marker = digest.String()
	if err != nil {
		return err
	}
	return put(w.base, base, v1.Config{Labels: map[string]string{"base": "marker"}})
}

// put pushes an image of one layer.
func put(reference string, l v1.Layer, config v1.Config) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return err
	}
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), l)
	if err != nil {
		return err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", runtime.GOARCH, config
	if img, err = mutate.ConfigFile(img, file); err != nil {
		return err
	}
	return remote.Write(ref, img)
}

// goLayer holds a Go toolchain, a shell and certificates. It is the same, byte
// for byte, as long as they are: the engine then has it already.
func goLayer() (v1.Layer, error) {
	var l layer
	for _, folder := range []string{"tmp", "root", "go", "bin", "etc/ssl/certs", "usr/local"} {
		l.folder(folder, 0o1777)
	}
	if err := l.shell(); err != nil {
		return nil, err
	}
	l.copy("/etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/ca-certificates.crt")
	l.tree(goEnv("GOROOT"), "usr/local/go")
	return l.done()
}

// goEnv asks the go command; the tests run with one.
func goEnv(name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// layer is a tar archive in the making. The first error stays.
type layer struct {
	buffer bytes.Buffer
	writer *tar.Writer
	err    error
}

func (l *layer) add(h *tar.Header, content []byte) {
	if l.writer == nil {
		l.writer = tar.NewWriter(&l.buffer)
	}
	if l.err == nil {
		l.err = l.writer.WriteHeader(h)
	}
	if l.err == nil {
		_, l.err = l.writer.Write(content)
	}
}

func (l *layer) folder(name string, mode int64) {
	l.add(&tar.Header{Name: name + "/", Mode: mode, Typeflag: tar.TypeDir}, nil)
}

func (l *layer) file(name string, mode int64, content []byte) {
	l.add(&tar.Header{Name: name, Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg}, content)
}

// copy adds a file of this machine's.
func (l *layer) copy(from, to string) {
	content, err := os.ReadFile(from)
	if err != nil && l.err == nil {
		l.err = err
	}
	l.file(to, 0o755, content)
}

// tree adds a folder of this machine's, without what compiling doesn't need.
func (l *layer) tree(from, to string) {
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inner, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case inner == "test" || inner == "api" || inner == "doc" || entry.Name() == "testdata":
			return fs.SkipDir
		case entry.IsDir():
			l.folder(filepath.Join(to, inner), 0o755)
		case entry.Type().IsRegular() && !strings.HasSuffix(path, "_test.go"):
			l.copy(path, filepath.Join(to, inner))
		}
		return l.err
	})
	if l.err == nil {
		l.err = err
	}
}

// shell adds the shell that RUN lines start: busybox, or the machine's own.
func (l *layer) shell() error {
	for _, name := range []string{"busybox", "sh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		l.copy(path, "bin/sh")
		for _, library := range libraries(path) {
			l.copy(library, strings.TrimPrefix(library, "/"))
		}
		return l.err
	}
	return &unavailable{"neither busybox nor sh is on the PATH, for an image with Go"}
}

// libraryPath is a path in what ldd prints.
var libraryPath = regexp.MustCompile(`/\S+`)

// libraries are what a program is linked with; none if it is static.
func libraries(program string) []string {
	out, err := exec.Command("ldd", program).Output()
	if err != nil {
		return nil // "not a dynamic executable"
	}
	return libraryPath.FindAllString(string(out), -1)
}

// done is the layer, uncompressed.
func (l *layer) done() (v1.Layer, error) {
	if l.err == nil {
		l.err = l.writer.Close()
	}
	if l.err != nil {
		return nil, fmt.Errorf("making a layer: %w", l.err)
	}
	return static.NewLayer(l.buffer.Bytes(), types.OCIUncompressedLayer), nil
}
