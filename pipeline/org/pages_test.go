package org_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/pipeline/org"
	"orgship/sandbox/organizations"
)

// sparse shows an empty page before each that holds something, as
// Organizations may: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html
type sparse struct{ *awsorg.Client }

func (s sparse) ListRoots(ctx context.Context, in *awsorg.ListRootsInput, _ ...func(*awsorg.Options)) (*awsorg.ListRootsOutput, error) {
	if in.NextToken == nil {
		return &awsorg.ListRootsOutput{NextToken: aws.String("more")}, nil
	}
	return s.Client.ListRoots(ctx, &awsorg.ListRootsInput{})
}

func (s sparse) ListParents(ctx context.Context, in *awsorg.ListParentsInput, _ ...func(*awsorg.Options)) (*awsorg.ListParentsOutput, error) {
	if in.NextToken == nil {
		return &awsorg.ListParentsOutput{NextToken: aws.String("more")}, nil
	}
	return s.Client.ListParents(ctx, &awsorg.ListParentsInput{ChildId: in.ChildId})
}

// empty never shows anything.
type empty struct{ sparse }

func (empty) ListRoots(context.Context, *awsorg.ListRootsInput, ...func(*awsorg.Options)) (*awsorg.ListRootsOutput, error) {
	return &awsorg.ListRootsOutput{}, nil
}

func (empty) ListParents(context.Context, *awsorg.ListParentsInput, ...func(*awsorg.Options)) (*awsorg.ListParentsOutput, error) {
	return &awsorg.ListParentsOutput{Parents: []types.Parent{}}, nil
}

func TestSparsePages(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	api := sparse{newWorld(t, organizations.Default(), management).client}
	if path, err := org.New(api).Path(ctx, "444444444444"); err != nil || path != teamA.Path {
		t.Errorf("path %q, %v", path, err)
	}
	if u, err := org.New(api).OU(ctx, "development"); err != nil || u != development {
		t.Errorf("unit %+v, %v", u, err)
	}
	if _, err := org.New(empty{api}).Root(ctx); err == nil || err.Error() != `finding the organization's root: organization "o-sandbox001" shows none` {
		t.Errorf("got %v", err)
	}
	if _, err := org.New(empty{api}).Path(ctx, "444444444444"); err == nil || err.Error() != `finding the org path of account "444444444444": "444444444444" has no parent` {
		t.Errorf("got %v", err)
	}
}
