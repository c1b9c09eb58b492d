package demo_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"orgship/demo"
	"orgship/image"
	"orgship/pipeline/registry"
	"orgship/sandbox/task"
)

// builder makes images whose program only the runtime below can run.
type builder struct {
	program func(demo.Version) string // content of the layer; nil: the same for all
	change  func(demo.Version) (demo.Version, error)
	built   []demo.Version
}

func (*builder) About() string { return "by a builder of the test's" }

func (b *builder) Build(_ context.Context, v demo.Version) (v1.Image, error) {
	b.built = append(b.built, v)
	content := "program"
	if b.program != nil {
		content = b.program(v)
	}
	if b.change != nil {
		var err error
		if v, err = b.change(v); err != nil {
			return nil, err
		}
	}
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte(content), types.OCILayer))
	if err != nil {
		return nil, err
	}
	host := image.Host()
	return mutate.ConfigFile(img, &v1.ConfigFile{
		OS: host.OS, Architecture: host.Architecture,
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{digestOf(img)}},
		Config: v1.Config{
			Env:        []string{"VARIANT=" + v.Variant, "VERSION=" + v.Tag, "REVISION=" + v.Revision},
			Labels:     map[string]string{registry.VersionLabel: v.Tag, registry.RevisionLabel: v.Revision},
			Entrypoint: []string{"/hello"},
		},
	})
}

func digestOf(img v1.Image) v1.Hash {
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		panic(fmt.Sprint("can't happen: ", len(layers), err))
	}
	digest, err := layers[0].Digest() // not compressed: it is the diff id too
	if err != nil {
		panic(err)
	}
	return digest
}

// runtime runs tasks inside the test's own process: each answers as the image
// that it pulled says.
type runtime struct{}

func (runtime) Start(ctx context.Context, spec task.Spec) (task.Task, error) {
	ref, err := name.ParseReference(spec.Image, name.Insecure)
	if err != nil {
		return nil, err
	}
	img, err := remote.Image(ref, remote.WithContext(ctx), remote.WithAuth(&authn.Basic{Username: spec.Username, Password: spec.Password}))
	if err != nil {
		return nil, &task.PullError{Image: spec.Image, Reason: "pulling", Err: err}
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &running{digest: digest.String(), address: listener.Addr().String(), done: make(chan struct{})}
	r.server = &http.Server{Handler: hello(file.Config.Env), ReadHeaderTimeout: 5 * time.Second}
	go r.server.Serve(listener)
	return r, nil
}

// hello answers as the demo app does.
func hello(env []string) http.Handler {
	set := map[string]string{}
	for _, e := range env {
		key, value, _ := strings.Cut(e, "=")
		set[key] = value
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-App-Version", set["VERSION"])
		w.Header().Set("X-Image-Revision", set["REVISION"])
		fmt.Fprintf(w, "Hello World! (%s)\n", set["VARIANT"])
	})
}

// running is a task of the runtime.
type running struct {
	digest, address string
	server          *http.Server
	end             sync.Once
	done            chan struct{}
}

func (r *running) Digest() string        { return r.digest }
func (r *running) Done() <-chan struct{} { return r.done }
func (r *running) Exit() (int, string)   { return 0, "" }

func (r *running) Dial(ctx context.Context, _ int) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", r.address)
}

func (r *running) Stop(ctx context.Context, _ time.Duration) error {
	err := r.server.Shutdown(ctx)
	r.end.Do(func() { close(r.done) })
	return err
}
