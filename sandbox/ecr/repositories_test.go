package ecr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/sandbox/wire"
)

// wantError checks the code of an error and a part of its text.
func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s", err, code)
	}
	if e.Code != code || !strings.Contains(e.Message, text) {
		t.Fatalf("got %s: %s\nwant %s: …%s…", e.Code, e.Message, code, text)
	}
}

func TestRepositoryLifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.CreateRepository(as(owner), &awsecr.CreateRepositoryInput{
		RepositoryName:             aws.String("team/app"),
		ImageTagMutability:         types.ImageTagMutabilityImmutable,
		ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true},
		EncryptionConfiguration:    &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms, KmsKey: aws.String("alias/x")},
		Tags:                       []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Repository
	if *r.RepositoryUri != w.host+"/111111111111/team/app" || *r.RepositoryArn != "arn:aws:ecr:eu-west-1:111111111111:repository/team/app" {
		t.Errorf("got URI %s, ARN %s", *r.RepositoryUri, *r.RepositoryArn)
	}
	if r.ImageTagMutability != types.ImageTagMutabilityImmutable || !r.ImageScanningConfiguration.ScanOnPush || *r.EncryptionConfiguration.KmsKey != "alias/x" {
		t.Errorf("settings were not kept: %+v", r)
	}
	_, err = w.CreateRepository(as(owner), &awsecr.CreateRepositoryInput{RepositoryName: aws.String("team/app")})
	wantError(t, err, "RepositoryAlreadyExistsException", "The repository with name 'team/app' already exists in the registry with id '111111111111'")

	tags, err := w.ListTagsForResource(as(owner), &awsecr.ListTagsForResourceInput{ResourceArn: r.RepositoryArn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "a" {
		t.Errorf("got tags %v, %v", tags, err)
	}
	if _, err := w.DeleteRepository(as(owner), &awsecr.DeleteRepositoryInput{RepositoryName: aws.String("team/app")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.DescribeRepositories(as(owner), &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{"team/app"}})
	wantError(t, err, "RepositoryNotFoundException", "The repository with name 'team/app' does not exist in the registry with id '111111111111'")
}

func TestCreateRepositoryRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	filters := []types.ImageTagMutabilityExclusionFilter{{Filter: aws.String("dev-*"), FilterType: "WILDCARD"}}
	tests := map[string]struct {
		in   awsecr.CreateRepositoryInput
		code string
		text string
	}{
		"upper case":         {awsecr.CreateRepositoryInput{RepositoryName: aws.String("App")}, "InvalidParameterException", "'repositoryName' failed to satisfy constraint: 'must satisfy regular expression"},
		"too short":          {awsecr.CreateRepositoryInput{RepositoryName: aws.String("a")}, "InvalidParameterException", "between 2 and 256"},
		"no name":            {awsecr.CreateRepositoryInput{}, "InvalidParameterException", "repositoryName"},
		"registry id":        {awsecr.CreateRepositoryInput{RepositoryName: aws.String("app"), RegistryId: aws.String("1")}, "InvalidParameterException", "registryId"},
		"mutability":         {awsecr.CreateRepositoryInput{RepositoryName: aws.String("app"), ImageTagMutability: "SOMETIMES"}, "InvalidParameterException", "imageTagMutability"},
		"filters missing":    {awsecr.CreateRepositoryInput{RepositoryName: aws.String("app"), ImageTagMutability: "IMMUTABLE_WITH_EXCLUSION"}, "InvalidParameterException", "can't be null"},
		"filters not wanted": {awsecr.CreateRepositoryInput{RepositoryName: aws.String("app"), ImageTagMutability: "IMMUTABLE", ImageTagMutabilityExclusionFilters: filters}, "InvalidParameterException", "must be null"},
		"encryption":         {awsecr.CreateRepositoryInput{RepositoryName: aws.String("app"), EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: "ROT13"}}, "InvalidParameterException", "encryptionConfiguration"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.CreateRepository(as(owner), &test.in)
			wantError(t, err, test.code, test.text)
		})
	}
}

func TestDescribeRepositoriesPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.create(fmt.Sprintf("app-%d", i))
	}
	if _, err := w.CreateRepository(as(dev), &awsecr.CreateRepositoryInput{RepositoryName: aws.String("other")}); err != nil {
		t.Fatal(err)
	}
	var names []string
	in := &awsecr.DescribeRepositoriesInput{MaxResults: aws.Int32(2)}
	pages := 0
	for {
		out, err := w.DescribeRepositories(as(owner), in)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, r := range out.Repositories {
			names = append(names, *r.RepositoryName)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if got := strings.Join(names, " "); got != "app-0 app-1 app-2 app-3 app-4" || pages != 3 {
		t.Errorf("got %q in %d pages", got, pages)
	}
	_, err := w.DescribeRepositories(as(owner), &awsecr.DescribeRepositoriesInput{NextToken: aws.String("?")})
	wantError(t, err, "InvalidParameterException", "nextToken")
}

func TestDeleteRepositoryWithImages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	w.push("app:1", randomImage(t))
	_, err := w.DeleteRepository(as(owner), &awsecr.DeleteRepositoryInput{RepositoryName: aws.String("app")})
	wantError(t, err, "RepositoryNotEmptyException", "The repository with name 'app' in registry with id '111111111111' cannot be deleted because it still contains images")
	if _, err := w.DeleteRepository(as(owner), &awsecr.DeleteRepositoryInput{RepositoryName: aws.String("app"), Force: true}); err != nil {
		t.Error(err)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("app")
	arn := aws.String("arn:aws:ecr:eu-west-1:111111111111:repository/app")
	_, err := w.TagResource(as(owner), &awsecr.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{
		{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("1")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.UntagResource(as(owner), &awsecr.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	out, err := w.ListTagsForResource(as(owner), &awsecr.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil || len(out.Tags) != 1 || *out.Tags[0].Key != "b" {
		t.Errorf("got %+v, %v", out, err)
	}
	_, err = w.TagResource(as(owner), &awsecr.TagResourceInput{ResourceArn: aws.String("arn:aws:s3:::bucket")})
	wantError(t, err, "InvalidParameterException", "Invalid ARN")
}

func TestResolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	digest := "@sha256:" + strings.Repeat("a", 64)
	good := map[string]string{
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com/app":              "/111111111111/app",
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/app:1.0":     "/111111111111/team/app:1.0",
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com/app" + digest:     "/111111111111/app" + digest,
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com/app:1.0" + digest: "/111111111111/app:1.0" + digest,
		w.host + "/111111111111/app" + digest:                           "/111111111111/app" + digest,
	}
	for in, want := range good {
		if got, err := w.Resolve(in); err != nil || got != w.host+want {
			t.Errorf("Resolve(%q) = %q, %v, want %q", in, got, err, w.host+want)
		}
	}
	for _, in := range []string{
		"", "nginx", "nginx:latest", "docker.io/library/nginx", "public.ecr.aws/nginx/nginx:1",
		"111111111111.dkr.ecr.us-east-1.amazonaws.com/app", // another region
		"11.dkr.ecr.eu-west-1.amazonaws.com/app", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/", "127.0.0.1:1/111111111111/app",
	} {
		_, err := w.Resolve(in)
		wantError(t, err, "NotModelled", fmt.Sprintf("pulling %q", in))
	}
}
