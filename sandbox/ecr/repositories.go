package ecr

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// CreateRepository creates an empty repository. Encryption with AES256 or KMS
// is kept and shown; nothing is encrypted.
func (s *Service) CreateRepository(ctx context.Context, in *ecr.CreateRepositoryInput) (*ecr.CreateRepositoryOutput, error) {
	account, err := registry(ctx, in.RegistryId)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, "CreateRepository", account, name); err != nil {
		return nil, err
	}
	r, err := s.newRepository(account, name, in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := repositoryKey{account, name}
	if s.repositories[key] != nil {
		return nil, repositoryExists(account, name)
	}
	s.repositories[key] = r
	return &ecr.CreateRepositoryOutput{Repository: s.describe(r)}, nil
}

func (s *Service) newRepository(account, name string, in *ecr.CreateRepositoryInput) (*repository, error) {
	mutability := cmp.Or(in.ImageTagMutability, types.ImageTagMutabilityMutable)
	if err := checkMutability(mutability, in.ImageTagMutabilityExclusionFilters); err != nil {
		return nil, err
	}
	encryption, err := checkEncryption(in.EncryptionConfiguration)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{}
	if err := setTags(labels, in.Tags); err != nil {
		return nil, err
	}
	r := &repository{
		account: account, name: name, created: s.cfg.Clock.Now(),
		mutability: mutability, exclusions: in.ImageTagMutabilityExclusionFilters,
		encryption: encryption, labels: labels,
		images: map[string]*image{}, tags: map[string]string{}, layers: map[string]int64{},
	}
	if c := in.ImageScanningConfiguration; c != nil {
		r.scanOnPush = c.ScanOnPush
	}
	return r, nil
}

// DeleteRepository deletes a repository: an empty one, or with Force any.
func (s *Service) DeleteRepository(ctx context.Context, in *ecr.DeleteRepositoryInput) (*ecr.DeleteRepositoryOutput, error) {
	var out ecr.DeleteRepositoryOutput
	err := s.in(ctx, "DeleteRepository", in.RegistryId, in.RepositoryName, func(r *repository) error {
		if len(r.images) > 0 && !in.Force {
			return repositoryNotEmpty(r.account, r.name)
		}
		delete(s.repositories, repositoryKey{r.account, r.name})
		s.forget(r)
		out.Repository = s.describe(r)
		return nil
	})
	return &out, err
}

// DescribeRepositories describes the named repositories, or all of a registry in pages.
func (s *Service) DescribeRepositories(ctx context.Context, in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	account, err := registry(ctx, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if len(in.RepositoryNames) == 0 {
		return s.describeAll(ctx, account, in)
	}
	if len(in.RepositoryNames) > 100 {
		return nil, invalid("repositoryNames", "must have length less than or equal to 100")
	}
	var out ecr.DescribeRepositoriesOutput
	for _, name := range in.RepositoryNames {
		err := s.in(ctx, "DescribeRepositories", &account, &name, func(r *repository) error {
			out.Repositories = append(out.Repositories, *s.describe(r))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return &out, nil
}

func (s *Service) describeAll(ctx context.Context, account string, in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	if err := s.authorize(ctx, "DescribeRepositories", account, "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*repository
	for _, r := range s.repositories {
		if r.account == account {
			all = append(all, r)
		}
	}
	key := func(r *repository) string { return r.name }
	slices.SortFunc(all, func(a, b *repository) int { return cmp.Compare(a.name, b.name) })
	all, next, err := cut("DescribeRepositories", all, key, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := ecr.DescribeRepositoriesOutput{NextToken: next, Repositories: []types.Repository{}}
	for _, r := range all {
		out.Repositories = append(out.Repositories, *s.describe(r))
	}
	return &out, nil
}

func (s *Service) describe(r *repository) *types.Repository {
	encryption := r.encryption
	return &types.Repository{
		CreatedAt:                          aws.Time(r.created),
		EncryptionConfiguration:            &encryption,
		ImageScanningConfiguration:         &types.ImageScanningConfiguration{ScanOnPush: r.scanOnPush},
		ImageTagMutability:                 r.mutability,
		ImageTagMutabilityExclusionFilters: slices.Clone(r.exclusions),
		RegistryId:                         aws.String(r.account),
		RepositoryArn:                      aws.String(s.arn(r.account, r.name)),
		RepositoryName:                     aws.String(r.name),
		RepositoryUri:                      aws.String(s.uri(r.account, r.name)),
	}
}
