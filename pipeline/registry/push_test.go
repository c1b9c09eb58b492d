package registry_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	mediatypes "github.com/google/go-containerregistry/pkg/v1/types"

	"orgship/pipeline/registry"
)

func randomImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(4096, 3)
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.Config(img, v1.Config{Labels: map[string]string{registry.RevisionLabel: "abc123", registry.VersionLabel: "1.0"}})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digestOf(t *testing.T, i interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	d, err := i.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

// sizes returns the bytes of an image's blobs.
func sizes(t *testing.T, img v1.Image) int64 {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	n := m.Config.Size
	for _, l := range m.Layers {
		n += l.Size
	}
	return n
}

// wantHint checks an error's text and that its hint holds something of use.
func wantHint(t *testing.T, err error, text, hint string) {
	t.Helper()
	var h interface{ Hint() string }
	if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got error %v, want one line with %q", err, text)
	}
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), hint) {
		t.Fatalf("error %v has no hint with %q", err, hint)
	}
}

func TestPushSendsWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("team/app", types.ImageTagMutabilityImmutable)
	c := registry.New(w.client(owner, "admin"))
	img := randomImage(t)

	pushed, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "1.0", Image: img})
	if err != nil {
		t.Fatal(err)
	}
	want := registry.Pushed{Reference: uri + "@" + digestOf(t, img), Digest: digestOf(t, img), Tag: "1.0", BlobBytesSent: sizes(t, img), BlobsSent: 4}
	if pushed != want {
		t.Errorf("got  %+v\nwant %+v", pushed, want)
	}
	pushed, err = c.Push(ctx, registry.Push{Repository: uri, Tag: "1.0", Image: img})
	if want.BlobBytesSent, want.BlobsSent, want.AlreadyThere = 0, 0, true; err != nil || pushed != want {
		t.Errorf("again: got %+v, %v", pushed, err)
	}
	pushed, err = c.Push(ctx, registry.Push{Repository: uri, Tag: "stable", Image: img})
	if err != nil || pushed.AlreadyThere || pushed.BlobBytesSent != 0 || w.count("PUT", "/manifests/stable") != 1 {
		t.Errorf("another tag: got %+v, %v", pushed, err)
	}

	layer := static.NewLayer([]byte("one more layer"), mediatypes.DockerLayer)
	more, err := mutate.AppendLayers(img, layer)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := more.Manifest()
	pushed, err = c.Push(ctx, registry.Push{Repository: uri, Tag: "1.1", Image: more})
	if err != nil || pushed.BlobBytesSent != m.Config.Size+int64(len("one more layer")) || pushed.BlobsSkipped != 3 || pushed.BlobsSent != 2 {
		t.Errorf("one changed layer: got %+v, %v", pushed, err)
	}
}

func TestPushByDigestAndIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	c := registry.New(w.client(owner, "admin"))
	img := randomImage(t)
	for i, there := range []bool{false, true} {
		pushed, err := c.Push(ctx, registry.Push{Repository: uri, Image: img})
		if err != nil || pushed.Reference != uri+"@"+digestOf(t, img) || pushed.Tag != "" || pushed.AlreadyThere != there {
			t.Errorf("push %d by digest: got %+v, %v", i, pushed, err)
		}
	}
	idx, err := random.Index(512, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "multi", Index: idx})
	if err != nil || pushed.Digest != digestOf(t, idx) || pushed.BlobsSent != 4 {
		t.Errorf("index: got %+v, %v", pushed, err)
	}
}

func TestTagTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	first, second := randomImage(t), randomImage(t)
	c := registry.New(w.client(owner, "admin"))
	if _, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "1.0", Image: first}); err != nil {
		t.Fatal(err)
	}
	uploads := w.count("POST", "/blobs/uploads/")
	_, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "1.0", Image: second})
	var taken *registry.TagTakenError
	if !errors.As(err, &taken) || taken.Have != digestOf(t, first) || taken.Want != digestOf(t, second) {
		t.Fatalf("got %v", err)
	}
	wantHint(t, err, digestOf(t, second), uri+"@"+digestOf(t, first))
	if now := w.count("POST", "/blobs/uploads/"); now != uploads {
		t.Errorf("%d uploads began before the refusal", now-uploads)
	}
	// Who may push and not look is refused by the registry.
	_, err = registry.New(w.client(owner, "pusher")).Push(ctx, registry.Push{Repository: uri, Tag: "1.0", Image: second})
	if err == nil || !strings.Contains(err.Error(), "TAG_INVALID: The image tag '1.0' already exists") {
		t.Errorf("got %v", err)
	}

	mutable := w.create("mutable", types.ImageTagMutabilityMutable)
	for _, img := range []v1.Image{first, second} {
		if _, err := c.Push(ctx, registry.Push{Repository: mutable, Tag: "latest", Image: img}); err != nil {
			t.Errorf("mutable tag: %v", err)
		}
	}
}

func TestLogsInAgain(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*world){
		"expired":  func(w *world) { w.ecr.ExpireTokens() },
		"unknown":  func(w *world) { w.ecr.ForgetTokens() },
		"in order": func(*world) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx := context.Background()
			uri := w.create("app", types.ImageTagMutabilityImmutable)
			api := &counting{Client: w.client(owner, "admin")}
			c := registry.New(api)
			if _, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "1", Image: randomImage(t)}); err != nil {
				t.Fatal(err)
			}
			spoil(w)
			if _, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "2", Image: randomImage(t)}); err != nil {
				t.Fatal(err)
			}
			spoil(w)
			if _, err := c.Find(ctx, uri+":2"); err != nil {
				t.Fatal(err)
			}
			want := 3
			if name == "in order" {
				want = 1
			}
			if api.logins != want {
				t.Errorf("logged in %d times, want %d", api.logins, want)
			}
		})
	}
}

func TestPushRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	img := randomImage(t)
	admin := registry.New(w.client(owner, "admin"))

	_, err := admin.Push(ctx, registry.Push{Repository: w.host + "/111111111111/nope", Tag: "1", Image: img})
	wantHint(t, err, `"nope" does not exist in the registry of account 111111111111`, "aws ecr create-repository --repository-name nope")
	if !errors.Is(err, registry.ErrRepositoryNotFound) {
		t.Errorf("no match: %v", err)
	}
	_, err = registry.New(w.client(dev, "admin")).Push(ctx, registry.Push{Repository: uri, Tag: "1", Image: img})
	wantHint(t, err, "it needs ecr:BatchCheckLayerAvailability", "policy of repository app")
	if !errors.Is(err, registry.ErrDenied) {
		t.Errorf("no match: %v", err)
	}
	_, err = registry.New(w.client(owner, "puller")).Push(ctx, registry.Push{Repository: uri, Tag: "1", Image: img})
	wantHint(t, err, "it needs ecr:BatchCheckLayerAvailability", "own policies")
	for name, p := range map[string]registry.Push{
		"docker hub":      {Repository: "docker.io/library/app", Image: img},
		"no host":         {Repository: "app", Image: img},
		"empty":           {Image: img},
		"other region":    {Repository: "11111111111.dkr.ecr.eu-west-1.amazonaws.com/app", Image: img},
		"upper case":      {Repository: w.host + "/111111111111/App", Image: img},
		"with tag":        {Repository: uri + ":1", Image: img},
		"nothing to push": {Repository: uri},
		"bad tag":         {Repository: uri, Tag: "a b", Image: img},
	} {
		_, err := admin.Push(ctx, p)
		if err == nil || !strings.HasPrefix(err.Error(), "pushing: ") {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if got := registry.Target(p.Repository, p.Tag); p.Image != nil && (got == nil || got.Error() != err.Error()) {
			t.Errorf("%s: before pushing it is %v, then %v", name, got, err)
		}
	}
	if err := errors.Join(registry.Target(uri, "1"), registry.Target(uri, "")); err != nil {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := admin.Push(gone, registry.Push{Repository: uri, Tag: "1", Image: img}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: got %v", err)
	}
}

// Another client gets in with our login, and it is asked for once.
func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	api := &counting{Client: w.client(owner, "admin")}
	c := registry.New(api)
	username, password, err := c.Login(ctx)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := name.NewTag(uri+":1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	auth := authn.FromConfig(authn.AuthConfig{Username: username, Password: password})
	if err := remote.Write(reference, randomImage(t), remote.WithAuth(auth), remote.WithContext(ctx)); err != nil {
		t.Error(err)
	}
	if _, err := c.Find(ctx, uri+":1"); err != nil {
		t.Error(err)
	}
	if api.logins != 1 {
		t.Errorf("logged in %d times, want once", api.logins)
	}
	_, _, err = registry.New(w.client(owner, "reader")).Login(ctx)
	wantHint(t, err, "logging in to ECR: AccessDeniedException", "aws ecr get-login-password")
}

func TestLoginRefusedOrUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	push := registry.Push{Repository: uri, Tag: "1", Image: randomImage(t)}
	stranger := registry.New(w.client(owner, "nobody"))
	for _, err := range []error{second(stranger.Push(ctx, push)), second(stranger.Find(ctx, uri+":1"))} {
		if err == nil || !strings.Contains(err.Error(), "security token included in the request is invalid") {
			t.Errorf("got %v", err)
		}
	}
	_, err := registry.New(w.client(owner, "reader")).Push(ctx, push)
	wantHint(t, err, "logging in to ECR: AccessDeniedException: User: arn:aws:iam::111111111111:user/reader is not authorized to perform: ecr:GetAuthorizationToken", "aws ecr get-login-password")

	gone := httptest.NewServer(nil)
	gone.Close()
	push.Repository = strings.TrimPrefix(gone.URL, "http://") + "/111111111111/app"
	_, err = registry.New(w.client(owner, "admin")).Push(ctx, push)
	wantHint(t, err, "connection refused", "AWS_ENDPOINT_URL")
	w.host = strings.TrimPrefix(gone.URL, "http://") // the API too
	_, err = registry.New(w.client(owner, "admin")).Find(ctx, push.Repository+":1")
	wantHint(t, err, "connection refused", "AWS_ENDPOINT_URL")
}

func second[T any](_ T, err error) error { return err }

func TestNoTokenInErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	c := registry.New(w.client(dev, "puller"))
	_, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "1", Image: randomImage(t)})
	if err == nil {
		t.Fatal("a puller pushed")
	}
	for _, secret := range []string{"secret-puller", "QVdTO", "Basic "} { // QVdTO: "AWS:" in base64
		if bytes.Contains([]byte(err.Error()), []byte(secret)) {
			t.Errorf("the error holds %q", secret)
		}
	}
}

func TestTagsThatAreImmutableInPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityMutable)
	c := registry.New(w.client(owner, "admin"))
	_, err := w.client(owner, "admin").PutImageTagMutability(ctx, &awsecr.PutImageTagMutabilityInput{
		RepositoryName: aws.String("app"), ImageTagMutability: types.ImageTagMutabilityImmutableWithExclusion,
		ImageTagMutabilityExclusionFilters: []types.ImageTagMutabilityExclusionFilter{{Filter: aws.String("dev*"), FilterType: "WILDCARD"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	first, second := randomImage(t), randomImage(t)
	for _, tag := range []string{"1.0", "dev"} {
		if _, err := c.Push(ctx, registry.Push{Repository: uri, Tag: tag, Image: first}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "dev", Image: second}); err != nil {
		t.Errorf("an excluded tag: %v", err)
	}
	_, err = c.Push(ctx, registry.Push{Repository: uri, Tag: "1.0", Image: second})
	var taken *registry.TagTakenError
	if !errors.As(err, &taken) || taken.Have != digestOf(t, first) {
		t.Errorf("got %v", err)
	}
}

// A proxy that answers in place of the registry is none: a push that isn't there
// is no success.
func TestPushReadsBack(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter){
		"created, it says": func(w http.ResponseWriter) { w.WriteHeader(http.StatusCreated) },
		"a page":           func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>log in</html>")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.create("demo", types.ImageTagMutabilityMutable)
			w.swallow = func(rw http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") {
					return false
				}
				answer(rw)
				return true
			}
			_, err := registry.New(w.client(owner, "admin")).Push(t.Context(), registry.Push{Repository: w.host + "/" + owner + "/demo", Tag: "1", Image: randomImage(t)})
			if err == nil || !strings.Contains(err.Error(), "was pushed, and isn't there") {
				t.Errorf("error %v", err)
			}
		})
	}
}
