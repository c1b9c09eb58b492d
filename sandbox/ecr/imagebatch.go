package ecr

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// BatchGetImage returns the manifests of up to 100 images. What it cannot
// return it lists under failures.
func (s *Service) BatchGetImage(ctx context.Context, in *ecr.BatchGetImageInput) (*ecr.BatchGetImageOutput, error) {
	out := ecr.BatchGetImageOutput{Images: []types.Image{}, Failures: []types.ImageFailure{}}
	err := s.in(ctx, "BatchGetImage", in.RegistryId, in.RepositoryName, func(r *repository) error {
		return r.each(in.ImageIds, &out.Failures, func(id types.ImageIdentifier, i *image) {
			// Assumption A13: an image of a media type that the caller doesn't accept
			// is reported as not found.
			if len(in.AcceptedMediaTypes) > 0 && !slices.Contains(in.AcceptedMediaTypes, i.mediaType) {
				out.Failures = append(out.Failures, failure(id, types.ImageFailureCodeImageNotFound, "Requested image not found"))
				return
			}
			i.pulled = s.cfg.Clock.Now()
			out.Images = append(out.Images, *r.imageOut(i, types.ImageIdentifier{ImageDigest: aws.String(i.digest), ImageTag: id.ImageTag}))
		})
	})
	return &out, err
}

func (r *repository) imageOut(i *image, id types.ImageIdentifier) *types.Image {
	return &types.Image{
		ImageId: &id, ImageManifest: aws.String(string(i.manifest)), ImageManifestMediaType: aws.String(i.mediaType),
		RegistryId: aws.String(r.account), RepositoryName: aws.String(r.name),
	}
}

// BatchDeleteImage removes up to 100 tags or images. An image goes with its
// last tag, and with all its tags when it is named by its digest.
func (s *Service) BatchDeleteImage(ctx context.Context, in *ecr.BatchDeleteImageInput) (*ecr.BatchDeleteImageOutput, error) {
	out := ecr.BatchDeleteImageOutput{ImageIds: []types.ImageIdentifier{}, Failures: []types.ImageFailure{}}
	err := s.in(ctx, "BatchDeleteImage", in.RegistryId, in.RepositoryName, func(r *repository) error {
		return r.each(in.ImageIds, &out.Failures, func(id types.ImageIdentifier, i *image) {
			gone, f := r.remove(id, i)
			out.ImageIds = append(out.ImageIds, gone...)
			if f != nil {
				out.Failures = append(out.Failures, *f)
			}
		})
	})
	return &out, err
}

// remove deletes what id names and returns the ids that are gone.
func (r *repository) remove(id types.ImageIdentifier, i *image) ([]types.ImageIdentifier, *types.ImageFailure) {
	if tag := aws.ToString(id.ImageTag); tag != "" && len(r.tagsOf(i.digest)) > 1 {
		delete(r.tags, tag)
		return []types.ImageIdentifier{{ImageDigest: aws.String(i.digest), ImageTag: id.ImageTag}}, nil
	}
	if indexes := r.indexesOf(i.digest); len(indexes) > 0 {
		f := failure(id, types.ImageFailureCodeImageReferencedByManifestList,
			fmt.Sprintf("Requested image referenced by manifest list: [%s]", strings.Join(indexes, ", ")))
		return nil, &f
	}
	gone := r.idsOf(i)
	delete(r.images, i.digest)
	maps.DeleteFunc(r.tags, func(_, digest string) bool { return digest == i.digest })
	return gone, nil
}

// each calls found for every image that ids name and notes a failure for every other.
func (r *repository) each(ids []types.ImageIdentifier, failures *[]types.ImageFailure, found func(types.ImageIdentifier, *image)) error {
	if n := len(ids); n < 1 || n > 100 {
		return invalid("imageIds", "must have length between 1 and 100")
	}
	for _, id := range ids {
		if f := r.check(id); f != nil {
			*failures = append(*failures, *f)
			continue
		}
		found(id, r.find(id))
	}
	return nil
}

// check says why an id names no image: nil when it does.
func (r *repository) check(id types.ImageIdentifier) *types.ImageFailure {
	digest, tag := aws.ToString(id.ImageDigest), aws.ToString(id.ImageTag)
	var f types.ImageFailure
	switch {
	case digest == "" && tag == "":
		f = failure(id, types.ImageFailureCodeMissingDigestAndTag, "Invalid request parameters: both tag and digest cannot be null")
	case digest != "" && !regexp.MustCompile(`^`+digestPattern+`$`).MatchString(digest):
		f = failure(id, types.ImageFailureCodeInvalidImageDigest,
			fmt.Sprintf("Invalid request parameters: image digest should satisfy the regex '%s'", digestPattern))
	case r.find(id) != nil:
		return nil
	case tag != "" && r.images[digest] != nil:
		f = failure(id, types.ImageFailureCodeImageTagDoesNotMatchDigest, "Requested image tag does not match the image digest")
	default:
		f = failure(id, types.ImageFailureCodeImageNotFound, "Requested image not found")
	}
	return &f
}

func failure(id types.ImageIdentifier, code types.ImageFailureCode, reason string) types.ImageFailure {
	return types.ImageFailure{FailureCode: code, FailureReason: aws.String(reason), ImageId: &id}
}
