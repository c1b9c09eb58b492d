package e2e

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"orgship/pipeline/account"
	"orgship/pipeline/registry"
	"orgship/sandbox/wire"
)

// TestPlatforms publishes one image for two platforms: once, again, and as another
// image under the same tag.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	inFull(t)
	b := newBox(t)
	c := b.in(t)
	c.shell(t, "$o | share --account shared-services | result").ok(t)

	first := c.shell(t, platformScript(b.repo, "one")).ok(t)
	digest := platformDigest(t, b, "1.0.0")
	if want := b.repo + "@" + digest; first != want {
		t.Errorf("published %q, the tag names %q", first, want)
	}
	want := map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}
	if diff := cmp.Diff(want, platformsOf(t, b, first)); diff != "" {
		t.Errorf("what the programs of the platforms are for (-want +got):\n%s", diff)
	}

	before := len(b.Calls())
	if again := c.shell(t, platformScript(b.repo, "one")).ok(t); again != first {
		t.Errorf("published again it is %q, not %q", again, first)
	}
	for _, call := range b.since(before) {
		if call.Service == wire.Registry && call.Operation != http.MethodGet && call.Operation != http.MethodHead {
			t.Errorf("published again: %s %s", call.Operation, call.Path)
		}
	}

	taken := c.shell(t, platformScript(b.repo, "two"))
	line := fmt.Sprintf("tag %q of %s already names %s and can't be made to name sha256:", "1.0.0", b.repo, digest)
	if taken.status != 1 || !strings.Contains(taken.stderr, line) || !strings.Contains(taken.stderr, "hint: push under a tag of its own") {
		t.Errorf("another image under the tag: %s", taken)
	}
	if now := platformDigest(t, b, "1.0.0"); now != digest {
		t.Errorf("the tag names %s now", now)
	}
}

// platformScript publishes an image of a revision for amd64 and arm64.
func platformScript(repo, revision string) string {
	image := "$($o | image --version 1.0.0 --revision " + revision + " --platform linux/%s)"
	return fmt.Sprintf("$o | publish "+image+" %s:1.0.0 --variants "+image, "amd64", repo, "arm64")
}

// platformDigest asks the registry which digest a tag names.
func platformDigest(t *testing.T, b *box, tag string) string {
	t.Helper()
	ref, err := name.ParseReference(b.repo + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(ref, ecrLogin(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return found.Digest.String()
}

// platformsOf pulls an image of several platforms, and says for which machine the
// program of each was compiled.
func platformsOf(t *testing.T, b *box, reference string) map[string]elf.Machine {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref, ecrLogin(t, b))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	machines := map[string]elf.Machine{}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		program, err := elf.NewFile(bytes.NewReader(fileOf(t, image, "hello")))
		if err != nil {
			t.Fatal(err)
		}
		platform := m.Platform.OS + "/" + m.Platform.Architecture
		if of := config.OS + "/" + config.Architecture; of != platform {
			t.Errorf("the image for %s says that it is for %s", platform, of)
		}
		machines[platform] = program.Machine
	}
	return machines
}

// fileOf is the content of a file in an image.
func fileOf(t *testing.T, image v1.Image, path string) []byte {
	t.Helper()
	files := mutate.Extract(image)
	defer func() { _ = files.Close() }()
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("looking for %s: %s", path, err)
		}
		if strings.TrimPrefix(h.Name, "/") != path {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
}

// ecrLogin signs in to a sandbox's registry, as the account that owns the
// repository.
func ecrLogin(t *testing.T, b *box) remote.Option {
	t.Helper()
	return remote.WithAuth(&authn.Basic{Username: "AWS", Password: ecrPassword(t, b)})
}

// ecrPassword is a new token of ECR's.
func ecrPassword(t *testing.T, b *box) string {
	t.Helper()
	key, err := account.ParseCredentials([]byte(b.credentials(t, "shared-services")))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := account.Config(t.Context(), account.Options{Credentials: key, Region: "eu-west-1", Endpoint: b.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	_, password, err := registry.New(ecr.NewFromConfig(cfg)).Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return password
}
