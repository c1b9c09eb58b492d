package ecr

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// PutImageScanningConfiguration keeps whether images are scanned on push. The
// sandbox has no scanner: see DescribeImageScanFindings.
func (s *Service) PutImageScanningConfiguration(ctx context.Context, in *ecr.PutImageScanningConfigurationInput) (*ecr.PutImageScanningConfigurationOutput, error) {
	var out ecr.PutImageScanningConfigurationOutput
	err := s.in(ctx, "PutImageScanningConfiguration", in.RegistryId, in.RepositoryName, func(r *repository) error {
		if in.ImageScanningConfiguration == nil {
			return invalid("imageScanningConfiguration", "must not be null")
		}
		r.scanOnPush = in.ImageScanningConfiguration.ScanOnPush
		out.ImageScanningConfiguration = &types.ImageScanningConfiguration{ScanOnPush: r.scanOnPush}
		out.RegistryId, out.RepositoryName = aws.String(r.account), aws.String(r.name)
		return nil
	})
	return &out, err
}

// PutImageTagMutability sets whether tags can be moved to another image.
func (s *Service) PutImageTagMutability(ctx context.Context, in *ecr.PutImageTagMutabilityInput) (*ecr.PutImageTagMutabilityOutput, error) {
	var out ecr.PutImageTagMutabilityOutput
	err := s.in(ctx, "PutImageTagMutability", in.RegistryId, in.RepositoryName, func(r *repository) error {
		if err := checkMutability(in.ImageTagMutability, in.ImageTagMutabilityExclusionFilters); err != nil {
			return err
		}
		r.mutability, r.exclusions = in.ImageTagMutability, in.ImageTagMutabilityExclusionFilters
		out.ImageTagMutability, out.ImageTagMutabilityExclusionFilters = r.mutability, slices.Clone(r.exclusions)
		out.RegistryId, out.RepositoryName = aws.String(r.account), aws.String(r.name)
		return nil
	})
	return &out, err
}

// checkMutability wants exclusion filters where the setting speaks of them and
// nowhere else, at most five, of the pattern that ECR documents:
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageTagMutabilityExclusionFilter.html
func checkMutability(m types.ImageTagMutability, filters []types.ImageTagMutabilityExclusionFilter) error {
	if !slices.Contains(m.Values(), m) {
		return invalid("imageTagMutability", "must be one of 'MUTABLE', 'IMMUTABLE', 'MUTABLE_WITH_EXCLUSION', 'IMMUTABLE_WITH_EXCLUSION'")
	}
	excluding := strings.HasSuffix(string(m), "_WITH_EXCLUSION")
	if excluding != (len(filters) > 0) {
		const want = "ImageTagMutabilityExclusionFilters %s be null when imageTagMutability is set as %s"
		if excluding {
			return invalid("imageTagMutabilityExclusionFilters", want, "can't", m)
		}
		return invalid("imageTagMutabilityExclusionFilters", want, "must", m)
	}
	if len(filters) > 5 {
		return invalid("imageTagMutabilityExclusionFilters", "must have length less than or equal to 5")
	}
	for _, f := range filters {
		if f.FilterType != types.ImageTagMutabilityExclusionFilterTypeWildcard {
			return invalid("imageTagMutabilityExclusionFilters", "must satisfy enum value set: [WILDCARD]")
		}
		if !regexp.MustCompile(`^[0-9a-zA-Z._*-]{1,128}$`).MatchString(aws.ToString(f.Filter)) {
			return invalid("imageTagMutabilityExclusionFilters", "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'")
		}
	}
	return nil
}

// immutable says whether a tag, once there, stays with its image.
func (r *repository) immutable(tag string) bool {
	excluded := slices.ContainsFunc(r.exclusions, func(f types.ImageTagMutabilityExclusionFilter) bool {
		return wildcard(aws.ToString(f.Filter)).MatchString(tag)
	})
	switch r.mutability {
	case types.ImageTagMutabilityImmutable:
		return true
	case types.ImageTagMutabilityImmutableWithExclusion:
		return !excluded
	case types.ImageTagMutabilityMutableWithExclusion:
		return excluded
	}
	return false
}

func wildcard(filter string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(filter), `\*`, ".*") + "$")
}

func checkEncryption(c *types.EncryptionConfiguration) (types.EncryptionConfiguration, error) {
	if c == nil {
		return types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256}, nil
	}
	if !slices.Contains(c.EncryptionType.Values(), c.EncryptionType) {
		return *c, invalid("encryptionConfiguration", "must satisfy enum value set: [AES256, KMS, KMS_DSSE]")
	}
	if c.KmsKey != nil && c.EncryptionType == types.EncryptionTypeAes256 {
		return *c, invalid("kmsKey", "must be null when encryptionType is AES256")
	}
	return *c, nil
}
