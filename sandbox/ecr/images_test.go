package ecr_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

var app = aws.String("app")

func byTag(tag string) types.ImageIdentifier { return types.ImageIdentifier{ImageTag: &tag} }

func byDigest(digest string) types.ImageIdentifier {
	return types.ImageIdentifier{ImageDigest: &digest}
}

func TestDescribeImages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img := randomImage(t)
	before := time.Now()
	w.push("app:b", img)
	w.push("app:a", img)
	out, err := w.DescribeImages(as(owner), &awsecr.DescribeImagesInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{byTag("a"), byDigest(digestOf(t, img))}})
	if err != nil || len(out.ImageDetails) != 1 {
		t.Fatalf("got %+v, %v; want one image", out, err)
	}
	d := out.ImageDetails[0]
	want := int64(0)
	m, _ := img.Manifest()
	for _, l := range append(m.Layers, m.Config) {
		want += l.Size
	}
	if *d.ImageDigest != digestOf(t, img) || !slices.Equal(d.ImageTags, []string{"a", "b"}) || *d.ImageSizeInBytes != want {
		t.Errorf("got %+v", d)
	}
	if *d.ImageManifestMediaType != string(m.MediaType) || *d.ArtifactMediaType != string(m.Config.MediaType) || d.ImagePushedAt.Before(before) {
		t.Errorf("got %+v", d)
	}
	_, err = w.DescribeImages(as(owner), &awsecr.DescribeImagesInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{byTag("nope")}})
	wantError(t, err, "ImageNotFoundException", "The image with imageId {imageDigest:'null', imageTag:'nope'} does not exist within the repository with name 'app' in the registry with id '111111111111'")
}

func TestListImagesFiltersAndPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	tagged, untagged := randomImage(t), randomImage(t)
	w.push("app:1", tagged)
	w.push("app:2", tagged)
	w.push("app@"+digestOf(t, untagged), untagged)
	list := func(filter *types.ListImagesFilter) []string {
		var got []string
		in := &awsecr.ListImagesInput{RepositoryName: app, Filter: filter, MaxResults: aws.Int32(1)}
		for {
			out, err := w.ListImages(as(owner), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range out.ImageIds {
				got = append(got, aws.ToString(id.ImageTag)+"@"+*id.ImageDigest)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return got
			}
		}
	}
	one, two, none := "1@"+digestOf(t, tagged), "2@"+digestOf(t, tagged), "@"+digestOf(t, untagged)
	for status, want := range map[types.TagStatus][]string{
		"": {one, two, none}, types.TagStatusAny: {one, two, none}, types.TagStatusTagged: {one, two}, types.TagStatusUntagged: {none},
	} {
		if diff := cmp.Diff(want, list(&types.ListImagesFilter{TagStatus: status})); diff != "" {
			t.Errorf("tag status %q (-want +got)\n%s", status, diff)
		}
	}
	if got := list(&types.ListImagesFilter{ImageStatus: types.ImageStatusFilterArchived}); got != nil {
		t.Errorf("archived: got %v", got)
	}
	out, err := w.DescribeImages(as(owner), &awsecr.DescribeImagesInput{RepositoryName: app, Filter: &types.DescribeImagesFilter{TagStatus: types.TagStatusUntagged}})
	if err != nil || len(out.ImageDetails) != 1 || *out.ImageDetails[0].ImageDigest != digestOf(t, untagged) {
		t.Errorf("DescribeImages of the untagged: %+v, %v", out, err)
	}
}

func TestBatchGetImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img, other := randomImage(t), randomImage(t)
	w.push("app:1", img)
	w.push("app:2", other)
	mixed := types.ImageIdentifier{ImageTag: aws.String("1"), ImageDigest: aws.String(digestOf(t, other))}
	out, err := w.BatchGetImage(as(owner), &awsecr.BatchGetImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{
		byTag("1"), byTag("nope"), byDigest("not a digest"), {}, mixed}})
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := img.RawManifest()
	if len(out.Images) != 1 || *out.Images[0].ImageManifest != string(raw) || *out.Images[0].ImageId.ImageDigest != digestOf(t, img) {
		t.Errorf("got %+v", out.Images)
	}
	var got []string
	for _, f := range out.Failures {
		got = append(got, string(f.FailureCode))
	}
	if diff := cmp.Diff([]string{"ImageNotFound", "InvalidImageDigest", "MissingDigestAndTag", "ImageTagDoesNotMatchDigest"}, got); diff != "" {
		t.Error(diff)
	}
	out, err = w.BatchGetImage(as(owner), &awsecr.BatchGetImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{byTag("1")}, AcceptedMediaTypes: []string{"application/vnd.oci.image.index.v1+json"}})
	if err != nil || len(out.Images) != 0 || len(out.Failures) != 1 {
		t.Errorf("an unaccepted media type: %+v, %v", out, err)
	}
	_, err = w.BatchGetImage(as(owner), &awsecr.BatchGetImageInput{RepositoryName: app, ImageIds: make([]types.ImageIdentifier, 101)})
	wantError(t, err, "InvalidParameterException", "between 1 and 100")
}

func TestBatchDeleteImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	img := randomImage(t)
	w.push("app:1", img)
	w.push("app:2", img)
	drop := func(id types.ImageIdentifier) *awsecr.BatchDeleteImageOutput {
		out, err := w.BatchDeleteImage(as(owner), &awsecr.BatchDeleteImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{id}})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := drop(byTag("1")); len(out.ImageIds) != 1 || *out.ImageIds[0].ImageTag != "1" {
		t.Errorf("got %+v", out)
	}
	if _, err := remote.Head(w.ref("app:2"), w.auth(owner)); err != nil {
		t.Errorf("removing a tag took the image: %v", err)
	}
	drop(byTag("2"))
	if _, err := remote.Head(w.ref("app@"+digestOf(t, img)), w.auth(owner)); err == nil {
		t.Error("an image without its last tag can still be pulled")
	}
	if out := drop(byTag("2")); len(out.Failures) != 1 || out.Failures[0].FailureCode != types.ImageFailureCodeImageNotFound {
		t.Errorf("got %+v", out)
	}
	w.push("app:1", img)
	w.push("app:2", img)
	if out := drop(byDigest(digestOf(t, img))); len(out.ImageIds) != 2 {
		t.Errorf("by digest: got %+v", out)
	}
}

func TestImageOfAnIndexStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	idx, err := random.Index(64, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(w.ref("app:multi"), idx, w.auth(owner)); err != nil {
		t.Fatal(err)
	}
	m, _ := idx.IndexManifest()
	out, err := w.BatchDeleteImage(as(owner), &awsecr.BatchDeleteImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{
		byDigest(m.Manifests[0].Digest.String()), byTag("multi"), byDigest(m.Manifests[0].Digest.String())}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Failures) != 1 || out.Failures[0].FailureCode != types.ImageFailureCodeImageReferencedByManifestList || len(out.ImageIds) != 2 {
		t.Errorf("got %+v", out)
	}
	if want := "[" + digestOf(t, idx) + "]"; !strings.HasSuffix(*out.Failures[0].FailureReason, want) {
		t.Errorf("got reason %q, want …%s", *out.Failures[0].FailureReason, want)
	}
}

func TestPutImageRetags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app", func(in *awsecr.CreateRepositoryInput) { in.ImageTagMutability = types.ImageTagMutabilityImmutable })
	img, other := randomImage(t), randomImage(t)
	w.push("app:1", img)
	w.push("app:2", other)
	raw, _ := img.RawManifest()
	put := func(tag string) error {
		_, err := w.PutImage(as(owner), &awsecr.PutImageInput{RepositoryName: app, ImageManifest: aws.String(string(raw)), ImageTag: &tag})
		return err
	}
	if err := put("stable"); err != nil {
		t.Fatal(err)
	}
	got, err := remote.Head(w.ref("app:stable"), w.auth(owner))
	if err != nil || got.Digest.String() != digestOf(t, img) {
		t.Errorf("pulling by the new tag: %v, %v", got, err)
	}
	wantError(t, put("stable"), "ImageAlreadyExistsException", "Image with digest '"+digestOf(t, img)+"' and tag 'stable' already exists")
	wantError(t, put("2"), "ImageTagAlreadyExistsException", "The image tag '2' already exists in the 'app' repository")
	wantError(t, put("no good"), "InvalidParameterException", "imageTag")
	_, err = w.PutImage(as(owner), &awsecr.PutImageInput{RepositoryName: app, ImageManifest: aws.String(string(raw)), ImageDigest: aws.String(digestOf(t, other))})
	wantError(t, err, "ImageDigestDoesNotMatchException", digestOf(t, other))
}

func TestScanFindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app", func(in *awsecr.CreateRepositoryInput) {
		in.ImageScanningConfiguration = &types.ImageScanningConfiguration{ScanOnPush: true}
	})
	w.push("app:1", randomImage(t))
	id := byTag("1")
	_, err := w.DescribeImageScanFindings(as(owner), &awsecr.DescribeImageScanFindingsInput{RepositoryName: app, ImageId: &id})
	wantError(t, err, "ScanNotFoundException", "Image scan does not exist for the image with '{imageDigest:'null', imageTag:'1'}' in the repository with name 'app'")
	id = byTag("nope")
	_, err = w.DescribeImageScanFindings(as(owner), &awsecr.DescribeImageScanFindingsInput{RepositoryName: app, ImageId: &id})
	wantError(t, err, "ImageNotFoundException", "nope")
}

func TestAuthorizationToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.GetAuthorizationToken(as(dev), &awsecr.GetAuthorizationTokenInput{RegistryIds: []string{owner, dev}}) //nolint:staticcheck // deprecated, and still sent by clients
	if err != nil || len(out.AuthorizationData) != 2 {
		t.Fatalf("got %+v, %v", out, err)
	}
	data := out.AuthorizationData[0]
	text, err := base64.StdEncoding.DecodeString(*data.AuthorizationToken)
	if err != nil || !strings.HasPrefix(string(text), "AWS:") {
		t.Errorf("got token %q, %v", text, err)
	}
	if left := time.Until(*data.ExpiresAt); left < 12*time.Hour-time.Minute || left > 12*time.Hour {
		t.Errorf("the token is good for %v", left)
	}
	if *data.ProxyEndpoint != "http://"+w.host {
		t.Errorf("got endpoint %s", *data.ProxyEndpoint)
	}
	w.guard.deny("ecr:GetAuthorizationToken")
	_, err = w.GetAuthorizationToken(as(dev), &awsecr.GetAuthorizationTokenInput{})
	wantError(t, err, "AccessDenied", "ecr:GetAuthorizationToken on resource: *")
}
