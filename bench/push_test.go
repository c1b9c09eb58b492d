package bench

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"orgship/pipeline/registry"
)

const (
	pushRounds = 5
	baseLayers = 4
	baseLayer  = 8 << 20
	appLayer   = 4 << 20
)

// BenchmarkPush pushes images of four layers of 8 MiB and one of 4 MiB, all of
// random bytes, from OCI layouts on disk: again what is there, then with the
// small layer changed. Bytes are counted at the registry's listener.
func BenchmarkPush(b *testing.B) {
	p := newPushing(b)
	pushers := []pusher{{name: "orgship", push: p.ours(b)}}
	if path, there := peer(b, "skopeo"); there {
		pushers = append(pushers, pusher{name: "skopeo", push: p.skopeo(b, path), starts: p.starting(b, path)})
	}
	for b.Loop() {
		for round := range pushRounds {
			changed := p.layout(b, fmt.Sprint("changed-", round), p.base, uint64(round)+100)
			for i := range pushers {
				w := &pushers[i]
				tag := fmt.Sprint("round-", round)
				w.again.add(p.measure(b, w, p.first, "first"))
				w.retagged.add(p.measure(b, w, p.first, tag+"-same"))
				w.changed.add(p.measure(b, w, changed, tag))
			}
		}
	}
	p.report(b, pushers)
}

// pushing is a registry whose traffic is counted, and images on disk.
type pushing struct {
	*world
	host string // of the counting listener
	wire *counter
	dir  string
	base []v1.Layer
	// first is the layout of the image that is pushed first.
	first string
}

// pusher is a way to push an image from a layout: ours or a peer.
type pusher struct {
	name                     string
	push                     func(layout, repository, tag string) error
	starts                   time.Duration // that a program takes to do nothing
	begun                    bool
	again, retagged, changed cost
}

// cost is what pushes took.
type cost struct {
	took        []time.Duration
	blobs, wire []int64
}

func (c *cost) add(took time.Duration, blobs, wire int64) {
	c.took, c.blobs, c.wire = append(c.took, took), append(c.blobs, blobs), append(c.wire, wire)
}

func (c cost) String() string {
	return fmt.Sprintf("%s, %s of blobs, %s on the wire", seconds(newSpread(c.took).median()), size(mean(c.blobs)), size(mean(c.wire)))
}

func mean(of []int64) int64 {
	sum := int64(0)
	for _, n := range of {
		sum += n
	}
	return sum / int64(max(1, len(of)))
}

func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/1024)
	}
	return fmt.Sprintf("%.2f MiB", float64(n)/(1<<20))
}

func newPushing(b *testing.B) *pushing {
	p := &pushing{world: newWorld(b, 60), wire: &counter{}, dir: b.TempDir()}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: p.wire.blobs(p.box), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(p.wire.listener(listener)) }()
	b.Cleanup(func() { _ = server.Close() })
	p.host = listener.Addr().String()
	for i := range baseLayers {
		p.base = append(p.base, randomLayer(b, uint64(i), baseLayer))
	}
	p.first = p.layout(b, "first", p.base, 99)
	client := ecr.NewFromConfig(p.config("shared-services"))
	for _, name := range []string{"orgship", "skopeo"} {
		if _, err := client.CreateRepository(b.Context(), &ecr.CreateRepositoryInput{RepositoryName: &name}); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// measure pushes and returns what that cost. Before a pusher's first
// measurement the base is brought there.
func (p *pushing) measure(b *testing.B, w *pusher, from, tag string) (took time.Duration, blobs, wire int64) {
	b.Helper()
	if !w.begun {
		w.begun = true
		if err := w.push(p.first, w.name, "first"); err != nil {
			b.Fatal(err)
		}
	}
	blobs, wire = p.wire.blobBytes.Load(), p.wire.wireBytes.Load()
	begin := time.Now()
	if err := w.push(from, w.name, tag); err != nil {
		b.Fatal(err)
	}
	return time.Since(begin), p.wire.blobBytes.Load() - blobs, p.wire.wireBytes.Load() - wire
}

// ours pushes with a client that each push makes anew, as a program does.
func (p *pushing) ours(b *testing.B) func(from, repository, tag string) error {
	cfg, shared := p.config("shared-services"), p.account("shared-services").ID
	cfg.BaseEndpoint = aws.String("http://" + p.host)
	return func(from, repository, tag string) error {
		img, err := read(from)
		if err != nil {
			return err
		}
		_, err = registry.New(ecr.NewFromConfig(cfg)).Push(b.Context(), registry.Push{
			Repository: p.host + "/" + shared + "/" + repository, Tag: tag, Image: img,
		})
		return err
	}
}

// skopeo is given the login, which costs ours a call.
func (p *pushing) skopeo(b *testing.B, path string) func(from, repository, tag string) error {
	shared := p.account("shared-services")
	out, err := ecr.NewFromConfig(p.config("shared-services")).GetAuthorizationToken(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	login := decoded(b, aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	return func(from, repository, tag string) error {
		return run(command(b, p.box.Endpoint(), p.box.Info().Region, shared, path, "--insecure-policy", "copy", "--quiet",
			"--dest-tls-verify=false", "--dest-creds", login, "oci:"+from, "docker://"+p.host+"/"+shared.ID+"/"+repository+":"+tag))
	}
}

// starting returns how long a program takes to tell its version.
func (p *pushing) starting(b *testing.B, path string) time.Duration {
	b.Helper()
	var took []time.Duration
	for range pushRounds {
		begin := time.Now()
		if err := run(command(b, p.box.Endpoint(), p.box.Info().Region, p.account("shared-services"), path, "--version")); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	return newSpread(took).median()
}

// layout writes an image of the base and an app's layer, and returns its directory.
func (p *pushing) layout(b *testing.B, name string, base []v1.Layer, seed uint64) string {
	b.Helper()
	img, err := mutate.AppendLayers(mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1),
		append(base[:len(base):len(base)], randomLayer(b, seed, appLayer))...)
	if err != nil {
		b.Fatal(err)
	}
	at, err := layout.Write(filepath.Join(p.dir, name), empty.Index)
	if err == nil {
		err = at.AppendImage(img)
	}
	if err != nil {
		b.Fatal(err)
	}
	return string(at)
}

// read opens the only image of a layout.
func read(dir string) (v1.Image, error) {
	at, err := layout.FromPath(dir)
	if err != nil {
		return nil, err
	}
	index, err := at.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	return at.Image(manifest.Manifests[0].Digest)
}

// randomLayer is a layer of one file of random bytes, the same for the same seed.
func randomLayer(b *testing.B, seed uint64, bytesIn int64) v1.Layer {
	b.Helper()
	var whole bytes.Buffer
	archive := tar.NewWriter(&whole)
	err := archive.WriteHeader(&tar.Header{Name: "data", Mode: 0o644, Size: bytesIn})
	if err == nil {
		_, err = io.CopyN(archive, rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}), bytesIn)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(whole.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func (p *pushing) report(b *testing.B, pushers []pusher) {
	ours := pushers[0]
	blobs := max(mean(ours.again.blobs), mean(ours.retagged.blobs))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(blobs), "blob-bytes-again")
	b.ReportMetric(newSpread(ours.again.took).median().Seconds(), "s-again")
	b.ReportMetric(newSpread(ours.changed.took).median().Seconds(), "s-one-layer")
	rows := []row{
		{what: "push what is there, under its tag", ours: ours.again.String(), goal: "0 B of blobs", met: blobs == 0},
		{what: "push what is there, under a new tag", ours: ours.retagged.String(), goal: "0 B of blobs", met: blobs == 0},
		{what: "push with one layer of 4 MiB changed", ours: ours.changed.String()},
	}
	if len(pushers) > 1 {
		for i, c := range []cost{pushers[1].again, pushers[1].retagged, pushers[1].changed} {
			rows[i].peer = "skopeo copy: " + c.String()
		}
		rows[0].peer += fmt.Sprintf(" (%s to start)", seconds(pushers[1].starts))
	}
	results.add(rows...)
}

// counter counts the bytes that a server receives and sends.
type counter struct {
	wireBytes atomic.Int64 // both ways, headers and all
	blobBytes atomic.Int64 // bodies of requests that upload blobs
}

func (c *counter) listener(l net.Listener) net.Listener { return countedListener{l, c} }

type countedListener struct {
	net.Listener
	c *counter
}

func (l countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{conn, l.c}, nil
}

type countedConn struct {
	net.Conn
	c *counter
}

func (n countedConn) Read(p []byte) (int, error) {
	read, err := n.Conn.Read(p)
	n.c.wireBytes.Add(int64(read))
	return read, err
}

func (n countedConn) Write(p []byte) (int, error) {
	written, err := n.Conn.Write(p)
	n.c.wireBytes.Add(int64(written))
	return written, err
}

// blobs counts what is uploaded to next.
func (c *counter) blobs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/blobs/uploads/") {
			r.Body = countedBody{r.Body, c}
		}
		next.ServeHTTP(w, r)
	})
}

type countedBody struct {
	io.ReadCloser
	c *counter
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.c.blobBytes.Add(int64(n))
	return n, err
}
