package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/sandbox/wire"
)

// BatchDeleteImage is not built yet.
func (s *Service) BatchDeleteImage(ctx context.Context, in *ecr.BatchDeleteImageInput) (*ecr.BatchDeleteImageOutput, error) {
	return nil, wire.NotModelled("ecr:BatchDeleteImage")
}

// BatchGetImage is not built yet.
func (s *Service) BatchGetImage(ctx context.Context, in *ecr.BatchGetImageInput) (*ecr.BatchGetImageOutput, error) {
	return nil, wire.NotModelled("ecr:BatchGetImage")
}

// CreateRepository is not built yet.
func (s *Service) CreateRepository(ctx context.Context, in *ecr.CreateRepositoryInput) (*ecr.CreateRepositoryOutput, error) {
	return nil, wire.NotModelled("ecr:CreateRepository")
}

// DeleteLifecyclePolicy is not built yet.
func (s *Service) DeleteLifecyclePolicy(ctx context.Context, in *ecr.DeleteLifecyclePolicyInput) (*ecr.DeleteLifecyclePolicyOutput, error) {
	return nil, wire.NotModelled("ecr:DeleteLifecyclePolicy")
}

// DeleteRepository is not built yet.
func (s *Service) DeleteRepository(ctx context.Context, in *ecr.DeleteRepositoryInput) (*ecr.DeleteRepositoryOutput, error) {
	return nil, wire.NotModelled("ecr:DeleteRepository")
}

// DeleteRepositoryPolicy is not built yet.
func (s *Service) DeleteRepositoryPolicy(ctx context.Context, in *ecr.DeleteRepositoryPolicyInput) (*ecr.DeleteRepositoryPolicyOutput, error) {
	return nil, wire.NotModelled("ecr:DeleteRepositoryPolicy")
}

// DescribeImageScanFindings is not built yet.
func (s *Service) DescribeImageScanFindings(ctx context.Context, in *ecr.DescribeImageScanFindingsInput) (*ecr.DescribeImageScanFindingsOutput, error) {
	return nil, wire.NotModelled("ecr:DescribeImageScanFindings")
}

// DescribeImages is not built yet.
func (s *Service) DescribeImages(ctx context.Context, in *ecr.DescribeImagesInput) (*ecr.DescribeImagesOutput, error) {
	return nil, wire.NotModelled("ecr:DescribeImages")
}

// DescribeRepositories is not built yet.
func (s *Service) DescribeRepositories(ctx context.Context, in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	return nil, wire.NotModelled("ecr:DescribeRepositories")
}

// GetAuthorizationToken is not built yet.
func (s *Service) GetAuthorizationToken(ctx context.Context, in *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error) {
	return nil, wire.NotModelled("ecr:GetAuthorizationToken")
}

// GetLifecyclePolicy is not built yet.
func (s *Service) GetLifecyclePolicy(ctx context.Context, in *ecr.GetLifecyclePolicyInput) (*ecr.GetLifecyclePolicyOutput, error) {
	return nil, wire.NotModelled("ecr:GetLifecyclePolicy")
}

// GetRepositoryPolicy is not built yet.
func (s *Service) GetRepositoryPolicy(ctx context.Context, in *ecr.GetRepositoryPolicyInput) (*ecr.GetRepositoryPolicyOutput, error) {
	return nil, wire.NotModelled("ecr:GetRepositoryPolicy")
}

// ListImages is not built yet.
func (s *Service) ListImages(ctx context.Context, in *ecr.ListImagesInput) (*ecr.ListImagesOutput, error) {
	return nil, wire.NotModelled("ecr:ListImages")
}

// ListTagsForResource is not built yet.
func (s *Service) ListTagsForResource(ctx context.Context, in *ecr.ListTagsForResourceInput) (*ecr.ListTagsForResourceOutput, error) {
	return nil, wire.NotModelled("ecr:ListTagsForResource")
}

// PutImage is not built yet.
func (s *Service) PutImage(ctx context.Context, in *ecr.PutImageInput) (*ecr.PutImageOutput, error) {
	return nil, wire.NotModelled("ecr:PutImage")
}

// PutImageScanningConfiguration is not built yet.
func (s *Service) PutImageScanningConfiguration(ctx context.Context, in *ecr.PutImageScanningConfigurationInput) (*ecr.PutImageScanningConfigurationOutput, error) {
	return nil, wire.NotModelled("ecr:PutImageScanningConfiguration")
}

// PutImageTagMutability is not built yet.
func (s *Service) PutImageTagMutability(ctx context.Context, in *ecr.PutImageTagMutabilityInput) (*ecr.PutImageTagMutabilityOutput, error) {
	return nil, wire.NotModelled("ecr:PutImageTagMutability")
}

// PutLifecyclePolicy is not built yet.
func (s *Service) PutLifecyclePolicy(ctx context.Context, in *ecr.PutLifecyclePolicyInput) (*ecr.PutLifecyclePolicyOutput, error) {
	return nil, wire.NotModelled("ecr:PutLifecyclePolicy")
}

// SetRepositoryPolicy is not built yet.
func (s *Service) SetRepositoryPolicy(ctx context.Context, in *ecr.SetRepositoryPolicyInput) (*ecr.SetRepositoryPolicyOutput, error) {
	return nil, wire.NotModelled("ecr:SetRepositoryPolicy")
}

// TagResource is not built yet.
func (s *Service) TagResource(ctx context.Context, in *ecr.TagResourceInput) (*ecr.TagResourceOutput, error) {
	return nil, wire.NotModelled("ecr:TagResource")
}

// UntagResource is not built yet.
func (s *Service) UntagResource(ctx context.Context, in *ecr.UntagResourceInput) (*ecr.UntagResourceOutput, error) {
	return nil, wire.NotModelled("ecr:UntagResource")
}

