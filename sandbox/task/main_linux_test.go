package task_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"orgship/sandbox/task"
)

// appVariable names, in the environment, where testdata/app is built.
const appVariable = "ORGSHIP_TEST_APP"

func TestMain(m *testing.M) {
	task.Init()
	if os.Getenv(crashVariable) != "" {
		crash()
	}
	if os.Getenv(forbiddenVariable) != "" {
		forbidden()
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(appVariable) == "" {
		dir, err := os.MkdirTemp("", "orgship-test-app-")
		if err != nil {
			log.Print(err)
			return 1
		}
		defer os.RemoveAll(dir)
		app := filepath.Join(dir, "app")
		build := exec.Command("go", "build", "-ldflags=-s -w", "-o", app, "./testdata/app")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			log.Printf("building testdata/app: %v\n%s", err, out)
			return 1
		}
		os.Setenv(appVariable, app)
	}
	return m.Run()
}

// entry is one entry of a layer; a file unless said otherwise.
type entry struct {
	name     string
	kind     byte // tar.TypeReg when 0
	body     string
	link     string
	mode     int64 // 0644, or 0755 for a directory, when 0
	uid, gid int
	promised int64 // the size that the header tells when it isn't that of body; the layer ends here
}

func layer(t testing.TB, entries ...entry) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Mode: e.mode, Uid: e.uid, Gid: e.gid, Size: int64(len(e.body)), ModTime: time.Unix(1e9, 0)}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
			if e.kind == tar.TypeDir {
				h.Mode = 0o755
			}
		}
		if e.promised != 0 {
			h.Size = e.promised
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil && entries[len(entries)-1].promised == 0 {
		t.Fatal(err)
	}
	contents := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	l, err := tarball.LayerFromOpener(contents, tarball.WithCompressionLevel(gzip.NoCompression), tarball.WithCompressedCaching)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// appLayer holds testdata/app as /app.
func appLayer(t testing.TB) v1.Layer {
	t.Helper()
	appOnce.Do(func() {
		b, err := os.ReadFile(os.Getenv(appVariable))
		if err != nil {
			t.Fatal(err)
		}
		appMade = layer(t, entry{name: "app", body: string(b), mode: 0o755})
	})
	return appMade
}

// The layer of the app is made once: packing it takes longer than most tests.
var (
	appOnce sync.Once
	appMade v1.Layer
)

// hub is a registry that asks for a password, as ECR does.
type hub struct {
	host string
	mu   sync.Mutex
	deny string // what it answers to who asks for a manifest; "" lets them
}

const password = "canary-password"

func newHub(t testing.TB) *hub {
	t.Helper()
	h := &hub{}
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); given != password {
			w.Header().Set("Www-Authenticate", `Basic realm="https://x/",service="ecr.amazonaws.com"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintln(w, "Not Authorized")
			return
		}
		h.mu.Lock()
		deny := h.deny
		h.mu.Unlock()
		if deny != "" && strings.Contains(r.URL.Path, deny) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"User: arn:aws:sts::1:x is not authorized to perform: ecr:BatchGetImage"}]}`)
			return
		}
		images.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	h.host = s.Listener.Addr().String()
	return h
}

// refuse makes the hub deny requests whose path holds this.
func (h *hub) refuse(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deny = path
}

// push makes an image and returns its reference.
func (h *hub) push(t testing.TB, config v1.Config, layers ...v1.Layer) string {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.Config(img, config); err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewDigest(h.host+"/111111111111/app@"+digest.String(), name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithAuth(&authn.Basic{Username: "AWS", Password: password})); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

// app pushes an image that runs testdata/app.
func (h *hub) app(t testing.TB, args ...string) string {
	t.Helper()
	return h.push(t, v1.Config{Entrypoint: []string{"/app"}, Cmd: args}, appLayer(t))
}

func newRuntime(t testing.TB) *task.Local {
	t.Helper()
	r, err := task.NewLocal(task.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing the runtime: %v", err)
		}
	})
	return r
}

// A running task with what it says.
type running struct {
	task.Task
	output *output
}

// start starts a task that is stopped when the test ends.
func start(t testing.TB, r task.Runtime, spec task.Spec) running {
	t.Helper()
	out := &output{news: make(chan struct{}, 1)}
	spec.Username, spec.Password = "AWS", password
	spec.Stdout, spec.Stderr = out, out
	started, err := r.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Stop(context.Background(), 0); err != nil {
			t.Errorf("stopping the task: %v", err)
		}
	})
	return running{started, out}
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// output is what a task writes.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	news chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.news <- struct{}{}:
	default:
	}
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// says waits until the task has written this.
func (r running) says(t testing.TB, want string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !strings.Contains(r.output.String(), want) {
		select {
		case <-r.output.news:
		case <-r.Done():
			if !strings.Contains(r.output.String(), want) {
				t.Fatalf("the task ended without saying %q:\n%s", want, r.output)
			}
		case <-deadline:
			t.Fatalf("the task does not say %q:\n%s", want, r.output)
		}
	}
}

// ends waits for the task's end and returns how it ended.
func (r running) ends(t testing.TB) (int, string) {
	t.Helper()
	select {
	case <-r.Done():
	case <-time.After(time.Minute):
		t.Fatal("the task does not end")
	}
	return r.Exit()
}

// get asks the task's own server, on a port, through Dial.
func (r running) get(t *testing.T, port int, path string, values ...string) (int, string) {
	t.Helper()
	r.says(t, "ready")
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return r.Dial(ctx, port)
		},
	}}
	query := url.Values{}
	for i := 0; i < len(values); i += 2 {
		query.Set(values[i], values[i+1])
	}
	answer, err := client.Get("http://task" + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// info is what testdata/app tells about itself.
type info struct {
	UID, GID, PID int
	Hostname, Dir string
	Env, FDs      []string
	Status        map[string]string
	Processes     map[string]string
}

func (r running) info(t *testing.T, port int) info {
	t.Helper()
	status, body := r.get(t, port, "/info")
	var i info
	if err := json.Unmarshal([]byte(body), &i); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v: %s", status, err, body)
	}
	return i
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("still not: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
