package registry_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/pipeline/registry"
)

func TestFind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	c := registry.New(w.client(owner, "admin"))
	img := randomImage(t)
	for _, tag := range []string{"1.0", "abc123"} {
		if _, err := c.Push(ctx, registry.Push{Repository: uri, Tag: tag, Image: img}); err != nil {
			t.Fatal(err)
		}
	}
	for _, reference := range []string{uri + ":1.0", uri + "@" + digestOf(t, img), uri + ":1.0@" + digestOf(t, img)} {
		got, err := c.Find(ctx, reference)
		if err != nil {
			t.Fatal(err)
		}
		if got.Reference != uri+"@"+digestOf(t, img) || got.Revision != "abc123" || got.Version != "1.0" || got.Size != sizes(t, img) {
			t.Errorf("%s: got %+v", reference, got)
		}
		if !slices.Equal(got.Tags, []string{"1.0", "abc123"}) || time.Since(got.PushedAt) > time.Hour {
			t.Errorf("%s: got %+v", reference, got)
		}
	}
}

// TestUsualHost names a repository as AWS does where ECR says its registry is elsewhere.
func TestUsualHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uri := w.create("team/app", types.ImageTagMutabilityImmutable)
	usual := "111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/app"
	c := registry.New(w.client(owner, "admin"))
	img := randomImage(t)
	pushed, err := c.Push(t.Context(), registry.Push{Repository: usual, Tag: "1.0", Image: img})
	if err != nil {
		t.Fatal(err)
	}
	for _, reference := range []string{usual + ":1.0", uri + ":1.0"} {
		found, err := c.Find(t.Context(), reference)
		if err != nil || found.Digest != digestOf(t, img) || found.Revision != "abc123" {
			t.Errorf("%s: %+v, error %v; pushed %+v", reference, found, err, pushed)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	c := registry.New(w.client(owner, "admin"))
	digest := "@sha256:" + strings.Repeat("a", 64)
	_, err := c.Find(ctx, uri+digest)
	wantHint(t, err, uri+digest+" is not in the repository", "aws ecr describe-images --registry-id 111111111111 --repository-name app")
	if !errors.Is(err, registry.ErrImageNotFound) {
		t.Errorf("no match: %v", err)
	}
	_, err = c.Find(ctx, w.host+"/111111111111/nope:1")
	wantHint(t, err, "nope", "create")
	_, err = c.Find(ctx, uri)
	wantHint(t, err, "names no image", ":tag")
	_, err = c.Find(ctx, "nginx:latest")
	wantHint(t, err, "not an image or a repository in ECR", "amazonaws.com")
	_, err = c.Find(ctx, uri+"@sha256:abc")
	wantHint(t, err, "not an image", "sha256")
	_, err = registry.New(w.client(dev, "admin")).Find(ctx, uri+":1")
	wantHint(t, err, "AccessDeniedException: User: arn:aws:iam::222222222222:user/admin is not authorized to perform: ecr:DescribeImages", "policy of repository app")
}

func TestFindAcrossAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	img := randomImage(t)
	if _, err := registry.New(w.client(owner, "admin")).Push(ctx, registry.Push{Repository: uri, Tag: "1", Image: img}); err != nil {
		t.Fatal(err)
	}
	_, err := w.client(owner, "admin").SetRepositoryPolicy(ctx, &awsecr.SetRepositoryPolicyInput{RepositoryName: aws.String("app"), PolicyText: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:DescribeImages"]}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := registry.New(w.client(dev, "admin")).Find(ctx, uri+":1")
	if err != nil || got.Revision != "abc123" {
		t.Errorf("got %+v, %v", got, err)
	}
	// The puller's own policy lacks GetDownloadUrlForLayer: both sides must allow.
	_, err = registry.New(w.client(dev, "puller")).Find(ctx, uri+":1")
	wantHint(t, err, "ecr:GetDownloadUrlForLayer", "own policies")
}

func TestFindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	uri := w.create("app", types.ImageTagMutabilityImmutable)
	c := registry.New(w.client(owner, "admin"))
	if _, err := c.Push(ctx, registry.Push{Repository: uri, Tag: "1", Image: randomImage(t)}); err != nil {
		t.Fatal(err)
	}
	got, err := c.Findings(ctx, uri+":1")
	if err != nil || got.Status != registry.NotScanned || got.Scanned() {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = c.Findings(ctx, uri+":2")
	if !errors.Is(err, registry.ErrImageNotFound) {
		t.Errorf("got %v", err)
	}

	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	scanned := &scanner{Client: w.client(owner, "admin"), out: &awsecr.DescribeImageScanFindingsOutput{
		ImageScanStatus:   &types.ImageScanStatus{Status: types.ScanStatusComplete, Description: aws.String("done")},
		ImageScanFindings: &types.ImageScanFindings{ImageScanCompletedAt: &when, FindingSeverityCounts: map[string]int32{"HIGH": 2}},
	}}
	got, err = registry.New(scanned).Findings(ctx, uri+":1")
	if err != nil || !got.Scanned() || got.Severities["HIGH"] != 2 || !got.CompletedAt.Equal(when) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// scanner is an ECR with a scan, which the sandbox hasn't got.
type scanner struct {
	*awsecr.Client
	out *awsecr.DescribeImageScanFindingsOutput
}

func (s *scanner) DescribeImageScanFindings(context.Context, *awsecr.DescribeImageScanFindingsInput, ...func(*awsecr.Options)) (*awsecr.DescribeImageScanFindingsOutput, error) {
	return s.out, nil
}
