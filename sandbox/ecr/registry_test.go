package ecr_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	mediatypes "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// failure reads the error envelope of the registry.
func failure(t *testing.T, res reply) (code, message string) {
	t.Helper()
	var body struct {
		Errors []struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(res.Body), &body); err != nil || len(body.Errors) != 1 {
		t.Fatalf("status %d: reading the error: %v %v", res.StatusCode, body, err)
	}
	return body.Errors[0].Code, body.Errors[0].Message
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, headers := range map[string][]string{
		"no credential":   nil,
		"foreign token":   {"Authorization", "Basic QVdTOmFiYw=="}, // AWS:abc
		"foreign key":     {"Authorization", "Basic QVdTOmFiYy54eXo="},
		"bearer":          {"Authorization", "Bearer abc"},
		"other user name": {"Authorization", "Basic " + "cm9vdDphYmM="},
	} {
		res := w.do("", "GET", "/v2/", "", headers...)
		want := `Basic realm="http://` + w.host + `/",service="ecr.amazonaws.com"`
		if res.StatusCode != http.StatusUnauthorized || res.Header.Get("Www-Authenticate") != want || res.Body != "Not Authorized\n" {
			t.Errorf("%s: got %d %q %q", name, res.StatusCode, res.Header.Get("Www-Authenticate"), res.Body)
		}
		if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("%s: got content type %q", name, kind)
		}
	}
	res := w.do(owner, "GET", "/v2/", "")
	if res.StatusCode != http.StatusOK || res.Header.Get("Docker-Distribution-Api-Version") != "registry/2.0" {
		t.Errorf("logged in: got %d %v", res.StatusCode, res.Header)
	}
}

func TestExpiredTokenHasNoChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	token := w.login(owner)
	w.ExpireTokens()
	r, _ := http.NewRequest(http.MethodGet, "http://"+w.host+"/v2/111111111111/app/manifests/1", nil)
	r.SetBasicAuth(token.Username, token.Password)
	res := w.send(r)
	code, message := failure(t, res)
	if res.StatusCode != http.StatusForbidden || code != "DENIED" || message != "Your authorization token has expired. Reauthenticate and try again." {
		t.Errorf("got %d %s %s", res.StatusCode, code, message)
	}
	if got := res.Header.Get("Www-Authenticate"); got != "" {
		t.Errorf("got challenge %q, want none", got)
	}
	if res := w.do(owner, "GET", "/v2/", ""); res.StatusCode != http.StatusOK {
		t.Errorf("a new token: got %d", res.StatusCode)
	}
}

func TestPushAndPull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("team/app")
	img := randomImage(t)
	w.push("team/app:1.0", img)
	for _, ref := range []string{"team/app:1.0", "team/app@" + digestOf(t, img)} {
		got, err := remote.Image(w.ref(ref), w.auth(owner))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(got); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
		if digestOf(t, got) != digestOf(t, img) {
			t.Errorf("%s: got another image", ref)
		}
	}
	if _, err := remote.Head(w.ref("team/app:1.0"), w.auth(owner)); err != nil {
		t.Error(err)
	}
}

func TestPushAndPullIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	idx, err := random.Index(1024, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(w.ref("app:multi"), idx, w.auth(owner)); err != nil {
		t.Fatal(err)
	}
	got, err := remote.Index(w.ref("app:multi"), w.auth(owner))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(got); err != nil {
		t.Error(err)
	}
	out, err := w.DescribeImages(as(owner), &awsecr.DescribeImagesInput{RepositoryName: aws.String("app")})
	if err != nil || len(out.ImageDetails) != 4 {
		t.Fatalf("got %d images, %v; want the index and its three", len(out.ImageDetails), err)
	}
	i := slices.IndexFunc(out.ImageDetails, func(d types.ImageDetail) bool { return len(d.ImageTags) > 0 })
	var largest int64
	for j, d := range out.ImageDetails {
		if j != i {
			largest = max(largest, *d.ImageSizeInBytes)
		}
	}
	if size := *out.ImageDetails[i].ImageSizeInBytes; size != largest || size == 0 {
		t.Errorf("the index has size %d, its largest image %d", size, largest)
	}
}

func TestRegistryAsksForTheActionsOfECR(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img := randomImage(t)
	w.guard.actions()
	w.push("app:1", img)
	push := []string{"BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "GetAuthorizationToken", "InitiateLayerUpload", "PutImage", "UploadLayerPart"}
	got := w.guard.actions()
	slices.Sort(got)
	for _, a := range got {
		if !slices.Contains(push, a) {
			t.Errorf("a push asked for %s", a)
		}
	}
	for _, a := range push {
		if a != "BatchGetImage" && !slices.Contains(got, a) {
			t.Errorf("a push did not ask for %s", a)
		}
	}
	pulled, err := remote.Image(w.ref("app:1"), w.auth(dev))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(pulled); err != nil {
		t.Fatal(err)
	}
	got = w.guard.actions()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"BatchGetImage", "GetAuthorizationToken", "GetDownloadUrlForLayer"}, got); diff != "" {
		t.Errorf("a pull asked for (-want +got)\n%s", diff)
	}
	for _, q := range w.guard.asked {
		t.Errorf("left over: %v", q)
	}
}

func TestDeniedPush(t *testing.T) {
	t.Parallel()
	actions := []string{"InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage", "BatchCheckLayerAvailability"}
	for _, action := range actions {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.create("app")
			w.guard.deny("ecr:" + action)
			err := remote.Write(w.ref("app:1"), randomImage(t), w.auth(owner))
			if err == nil || (action != "BatchCheckLayerAvailability" && !strings.Contains(err.Error(), "DENIED: User: arn:aws:iam::111111111111:user/admin is not authorized to perform: ecr:"+action)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	digest := "sha256:" + strings.Repeat("a", 64)
	tests := []struct {
		name, method, path, body string
		status                   int
		code, message            string
	}{
		{"no repository", "GET", "/v2/111111111111/nope/manifests/1", "", 404, "NAME_UNKNOWN", "The repository with name 'nope' does not exist in the registry with id '111111111111'"},
		{"no repository to push to", "POST", "/v2/111111111111/nope/blobs/uploads/", "", 404, "NAME_UNKNOWN", "The repository with name 'nope' does not exist"},
		{"no tag", "GET", "/v2/111111111111/app/manifests/1", "", 404, "MANIFEST_UNKNOWN", "Requested image not found"},
		{"no digest", "GET", "/v2/111111111111/app/manifests/" + digest, "", 404, "MANIFEST_UNKNOWN", "Requested image not found"},
		{"no blob", "GET", "/v2/111111111111/app/blobs/" + digest, "", 404, "BLOB_UNKNOWN", ""},
		{"no upload", "PATCH", "/v2/111111111111/app/blobs/uploads/x", "", 404, "BLOB_UPLOAD_UNKNOWN", ""},
		{"bad name", "GET", "/v2/111111111111/App/manifests/1", "", 400, "NAME_INVALID", "repositoryName"},
		{"no account", "GET", "/v2/app/manifests/1", "", 404, "UNSUPPORTED", "does not model GET /v2/app/manifests/1"},
		{"catalog", "GET", "/v2/_catalog", "", 404, "UNSUPPORTED", "does not model"},
		{"delete blob", "DELETE", "/v2/111111111111/app/blobs/" + digest, "", 405, "UNSUPPORTED", ""},
		{"not JSON", "PUT", "/v2/111111111111/app/manifests/1", "{", 400, "MANIFEST_INVALID", "Invalid JSON syntax"},
		{"no media type", "PUT", "/v2/111111111111/app/manifests/1", "{}", 400, "MANIFEST_INVALID", "media type"},
		{"too large", "PUT", "/v2/111111111111/app/manifests/1", strings.Repeat(" ", 4<<20+1), 400, "MANIFEST_INVALID", "4194304"},
		{"tags of no repository", "GET", "/v2/111111111111/nope/tags/list", "", 404, "NAME_UNKNOWN", ""},
		{"page size", "GET", "/v2/111111111111/app/tags/list?n=x", "", 400, "PAGINATION_NUMBER_INVALID", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			res := w.do(owner, test.method, test.path, test.body)
			code, message := failure(t, res)
			if res.StatusCode != test.status || code != test.code || !strings.Contains(message, test.message) {
				t.Errorf("got %d %s %q", res.StatusCode, code, message)
			}
		})
	}
}

func TestManifestNeedsItsParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img := randomImage(t)
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	res := w.do(owner, "PUT", "/v2/111111111111/app/manifests/1", string(raw), "Content-Type", string(mediatypes.DockerManifestSchema2))
	code, message := failure(t, res)
	if res.StatusCode != http.StatusBadRequest || code != "MANIFEST_BLOB_UNKNOWN" || !strings.Contains(message, "required for pushing image into repository with name 'app'") {
		t.Errorf("image without layers: got %d %s %s", res.StatusCode, code, message)
	}
	idx, err := random.Index(64, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = idx.RawManifest(); err != nil {
		t.Fatal(err)
	}
	res = w.do(owner, "PUT", "/v2/111111111111/app/manifests/1", string(raw), "Content-Type", string(mediatypes.OCIImageIndex))
	if code, message = failure(t, res); code != "MANIFEST_BLOB_UNKNOWN" || !strings.Contains(message, "Images with digests") {
		t.Errorf("index without images: got %d %s %s", res.StatusCode, code, message)
	}
	res = w.do(owner, "PUT", "/v2/111111111111/app/manifests/sha256:"+strings.Repeat("a", 64), string(raw), "Content-Type", string(mediatypes.OCIImageIndex))
	if code, _ = failure(t, res); code != "DIGEST_INVALID" {
		t.Errorf("wrong digest: got %d %s", res.StatusCode, code)
	}
}

func TestImmutableTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app", func(in *awsecr.CreateRepositoryInput) {
		in.ImageTagMutability = types.ImageTagMutabilityImmutableWithExclusion
		in.ImageTagMutabilityExclusionFilters = []types.ImageTagMutabilityExclusionFilter{{Filter: aws.String("dev-*"), FilterType: "WILDCARD"}}
	})
	first, second := randomImage(t), randomImage(t)
	w.push("app:1.0", first)
	w.push("app:1.0", first) // the same again is fine
	err := remote.Write(w.ref("app:1.0"), second, w.auth(owner))
	const text = "TAG_INVALID: The image tag '1.0' already exists in the 'app' repository and cannot be overwritten because the repository is immutable."
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want %s", err, text)
	}
	w.push("app:dev-1", first)
	w.push("app:dev-1", second) // excluded
	if _, err := w.PutImageTagMutability(as(owner), &awsecr.PutImageTagMutabilityInput{RepositoryName: aws.String("app"), ImageTagMutability: types.ImageTagMutabilityMutable}); err != nil {
		t.Fatal(err)
	}
	w.push("app:1.0", second)
}

func TestTagsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img := randomImage(t)
	var want []string
	for i := range 7 {
		tag := fmt.Sprintf("v%d", i)
		want = append(want, tag)
		w.push("app:"+tag, img)
	}
	got, err := remote.List(w.tagFor("app").Repository, w.auth(owner), remote.WithPageSize(3))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	res := w.do(owner, "GET", "/v2/111111111111/app/tags/list?n=2&last=v1", "")
	if !strings.Contains(res.Body, `["v2","v3"]`) || !strings.Contains(res.Header.Get("Link"), "last=v3") {
		t.Errorf("got %s, Link %q", res.Body, res.Header.Get("Link"))
	}
}

func TestDeleteThroughTheRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img := randomImage(t)
	w.push("app:1", img)
	w.push("app:2", img)
	if err := remote.Delete(w.ref("app:1"), w.auth(owner)); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Head(w.ref("app:2"), w.auth(owner)); err != nil {
		t.Errorf("the other tag is gone too: %v", err)
	}
	if err := remote.Delete(w.ref("app@"+digestOf(t, img)), w.auth(owner)); err != nil {
		t.Fatal(err)
	}
	out, err := w.ListImages(as(owner), &awsecr.ListImagesInput{RepositoryName: aws.String("app")})
	if err != nil || len(out.ImageIds) != 0 {
		t.Errorf("got %v, %v", out, err)
	}
}

// blob uploads content in the given way and returns the last answer.
func blob(w *world, content []byte, chunk int) reply {
	digest, _, _ := v1.SHA256(bytes.NewReader(content))
	start := w.do(owner, "POST", "/v2/111111111111/app/blobs/uploads/", "")
	at := start.Header.Get("Location")
	for from := 0; chunk > 0 && from < len(content); from += chunk {
		part := content[from:min(from+chunk, len(content))]
		res := w.do(owner, "PATCH", at, string(part), "Content-Range", fmt.Sprintf("%d-%d", from, from+len(part)-1))
		if res.StatusCode != http.StatusAccepted {
			return res
		}
		at = res.Header.Get("Location")
	}
	rest := ""
	if chunk == 0 {
		rest = string(content)
	}
	return w.do(owner, "PUT", at+"?digest="+digest.String(), rest)
}

func TestUploadsInOneAndInChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	content := bytes.Repeat([]byte("0123456789"), 1000)
	for _, chunk := range []int{0, 1024, 10000, 9999} {
		if res := blob(w, content, chunk); res.StatusCode != http.StatusCreated {
			t.Errorf("chunks of %d: got %d", chunk, res.StatusCode)
		}
	}
	digest, _, _ := v1.SHA256(bytes.NewReader(content))
	path := "/v2/111111111111/app/blobs/"
	if res := w.do(owner, "POST", path+"uploads/?digest="+digest.String(), string(content)); res.StatusCode != http.StatusCreated {
		t.Errorf("in one request: got %d", res.StatusCode)
	}
	for header, want := range map[string]string{"bytes=5-9": "56789", "bytes=9995-": "56789", "bytes=-3": "789"} {
		res := w.do(owner, "GET", path+digest.String(), "", "Range", header)
		if res.StatusCode != http.StatusPartialContent || res.Body != want {
			t.Errorf("%s: got %d %q, want %q", header, res.StatusCode, res.Body, want)
		}
	}
	res := w.do(owner, "HEAD", path+digest.String(), "")
	if res.StatusCode != http.StatusOK || res.Length != int64(len(content)) || res.Header.Get("Docker-Content-Digest") != digest.String() {
		t.Errorf("HEAD: got %d %v", res.StatusCode, res.Header)
	}
	// Mounting is off unless an account turns it on: an upload begins.
	if res := w.do(owner, "POST", path+"uploads/?mount="+digest.String()+"&from=111111111111/other", ""); res.StatusCode != http.StatusAccepted {
		t.Errorf("mount: got %d", res.StatusCode)
	}
}

func TestUploadsThatGoWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	w.create("other")
	begin := func() string {
		return w.do(owner, "POST", "/v2/111111111111/app/blobs/uploads/", "").Header.Get("Location")
	}
	digest := "sha256:" + strings.Repeat("a", 64)

	at := begin()
	w.do(owner, "PATCH", at, "12345")
	if res := w.do(owner, "PATCH", at, "x", "Content-Range", "9-9"); res.StatusCode != http.StatusRequestedRangeNotSatisfiable || res.Header.Get("Range") != "0-4" {
		t.Errorf("gap: got %d, Range %q", res.StatusCode, res.Header.Get("Range"))
	}
	if res := w.do(owner, "PUT", at+"?digest="+digest, "x", "Content-Range", "9-9"); res.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("gap before the end: got %d", res.StatusCode)
	}
	if res := w.do(owner, "GET", at, ""); res.StatusCode != http.StatusNoContent || res.Header.Get("Range") != "0-4" {
		t.Errorf("state: got %d, Range %q", res.StatusCode, res.Header.Get("Range"))
	}
	if code, _ := failure(t, w.do(owner, "PUT", at+"?digest=md5:1", "")); code != "DIGEST_INVALID" {
		t.Errorf("md5: got %s", code)
	}
	if res := w.do(owner, "PUT", at+"?digest="+digest, ""); res.StatusCode != http.StatusBadRequest {
		t.Errorf("wrong digest: got %d", res.StatusCode)
	}
	if code, _ := failure(t, w.do(owner, "PATCH", at, "x")); code != "BLOB_UPLOAD_UNKNOWN" {
		t.Errorf("after a wrong digest: got %s", code)
	}

	at = begin()
	if code, _ := failure(t, w.do(owner, "PATCH", strings.Replace(at, "/app/", "/other/", 1), "x")); code != "BLOB_UPLOAD_UNKNOWN" {
		t.Errorf("an upload of another repository: got %s", code)
	}
	if res := w.do(owner, "DELETE", at, ""); res.StatusCode != http.StatusNoContent {
		t.Errorf("cancel: got %d", res.StatusCode)
	}
	if code, _ := failure(t, w.do(owner, "PUT", at+"?digest="+digest, "")); code != "BLOB_UPLOAD_UNKNOWN" {
		t.Errorf("after cancel: got %s", code)
	}
	at = begin()
	if _, err := w.DeleteRepository(as(owner), &awsecr.DeleteRepositoryInput{RepositoryName: aws.String("app")}); err != nil {
		t.Fatal(err)
	}
	if code, _ := failure(t, w.do(owner, "PATCH", at, "x")); code != "NAME_UNKNOWN" {
		t.Errorf("repository gone: got %s", code)
	}
}

func TestBlobsBelongToTheirRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	w.create("other")
	img := randomImage(t)
	w.push("app:1", img)
	layers, _ := img.Layers()
	digest, _ := layers[0].Digest()
	if res := w.do(owner, "HEAD", "/v2/111111111111/other/blobs/"+digest.String(), ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("a blob shows in another repository: %d", res.StatusCode)
	}
	w.push("other:1", img)
	if _, err := w.DeleteRepository(as(owner), &awsecr.DeleteRepositoryInput{RepositoryName: aws.String("app"), Force: true}); err != nil {
		t.Fatal(err)
	}
	got, err := remote.Image(w.ref("other:1"), w.auth(owner))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(got); err != nil {
		t.Errorf("deleting one repository took the other's layers: %v", err)
	}
}

func TestArtifactWithSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img := randomImage(t)
	w.push("app:1", img)
	desc, err := remote.Head(w.ref("app:1"), w.auth(owner))
	if err != nil {
		t.Fatal(err)
	}
	note := mutate.Subject(mutate.MediaType(randomImage(t), mediatypes.OCIManifestSchema1), *desc).(v1.Image)
	w.push("app:note", note)
	out, err := w.DescribeImages(as(owner), &awsecr.DescribeImagesInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("note")}}})
	if err != nil || aws.ToString(out.ImageDetails[0].SubjectManifestDigest) != desc.Digest.String() {
		t.Errorf("got %+v, %v", out, err)
	}
	// A client asks the registry, and needs no fallback tag.
	index, err := remote.Referrers(w.ref("app@"+desc.Digest.String()).(name.Digest), w.auth(owner))
	if err != nil {
		t.Fatal(err)
	}
	listed, err := index.IndexManifest()
	if err != nil || len(listed.Manifests) != 1 {
		t.Fatalf("referrers: %+v, error %v", listed, err)
	}
	digest, err := note.Digest()
	if err != nil || listed.Manifests[0].Digest != digest || listed.Manifests[0].ArtifactType == "" {
		t.Errorf("referrers: %+v, want %s (error %v)", listed.Manifests, digest, err)
	}
	none := w.do(owner, "GET", "/v2/111111111111/app/referrers/"+desc.Digest.String()+"?artifactType=application%2Fx", "")
	if none.Header.Get("OCI-Filters-Applied") != "artifactType" || none.Header.Get("Content-Type") != string(mediatypes.OCIImageIndex) || !strings.Contains(none.Body, `"manifests":[]`) {
		t.Errorf("filtered: %+v", none)
	}
	type in = awsecr.ListImageReferrersInput
	subject := &types.SubjectIdentifier{ImageDigest: aws.String(desc.Digest.String())}
	for name, row := range map[string]struct {
		in   in
		want int
	}{
		"all":          {in{SubjectId: subject}, 1},
		"of its type":  {in{SubjectId: subject, Filter: &types.ListImageReferrersFilter{ArtifactTypes: []string{listed.Manifests[0].ArtifactType}}}, 1},
		"of another":   {in{SubjectId: subject, Filter: &types.ListImageReferrersFilter{ArtifactTypes: []string{"application/x"}}}, 0},
		"archived":     {in{SubjectId: subject, Filter: &types.ListImageReferrersFilter{ArtifactStatus: types.ArtifactStatusFilterArchived}}, 0},
		"of the other": {in{SubjectId: &types.SubjectIdentifier{ImageDigest: aws.String(digest.String())}}, 0},
	} {
		row.in.RepositoryName = aws.String("app")
		found, err := w.ListImageReferrers(as(owner), &row.in)
		if err != nil || len(found.Referrers) != row.want {
			t.Errorf("%s: %+v, error %v", name, found, err)
		}
	}
}
