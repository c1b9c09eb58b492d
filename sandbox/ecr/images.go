package ecr

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// DescribeImages describes the images that are asked for, or all in pages,
// oldest push first.
func (s *Service) DescribeImages(ctx context.Context, in *ecr.DescribeImagesInput) (*ecr.DescribeImagesOutput, error) {
	out := ecr.DescribeImagesOutput{ImageDetails: []types.ImageDetail{}}
	err := s.in(ctx, "DescribeImages", in.RegistryId, in.RepositoryName, func(r *repository) error {
		images, next, err := r.chosen(in)
		for _, i := range images {
			out.ImageDetails = append(out.ImageDetails, r.detail(i))
		}
		out.NextToken = next
		return err
	})
	return &out, err
}

func (r *repository) chosen(in *ecr.DescribeImagesInput) ([]*image, *string, error) {
	if len(in.ImageIds) == 0 {
		var keep func(*image) bool
		if f := in.Filter; f != nil {
			keep = r.filter(f.TagStatus, f.ImageStatus)
		}
		images := r.inOrder()
		if keep != nil {
			images = slices.DeleteFunc(images, func(i *image) bool { return !keep(i) })
		}
		return cut("DescribeImages", images, pushOrder, in.MaxResults, in.NextToken)
	}
	if len(in.ImageIds) > 100 {
		return nil, nil, invalid("imageIds", "must have length less than or equal to 100")
	}
	if in.MaxResults != nil || in.NextToken != nil {
		return nil, nil, invalid("maxResults", "must be null when imageIds are specified")
	}
	var images []*image
	for _, id := range in.ImageIds {
		i := r.find(id)
		if i == nil {
			return nil, nil, r.imageNotFound(id)
		}
		if !slices.Contains(images, i) {
			images = append(images, i)
		}
	}
	return images, nil, nil
}

// pushOrder is the key by which images are paged: the time of the push, then the digest.
func pushOrder(i *image) string { return fmt.Sprintf("%020d/%s", i.pushed.UnixNano(), i.digest) }

// filter returns which images a filter keeps. Every image here is ACTIVE.
func (r *repository) filter(tags types.TagStatus, status types.ImageStatusFilter) func(*image) bool {
	return func(i *image) bool {
		tagged := len(r.tagsOf(i.digest)) > 0
		switch {
		case status == types.ImageStatusFilterArchived, status == types.ImageStatusFilterActivating:
			return false
		case tags == types.TagStatusTagged:
			return tagged
		case tags == types.TagStatusUntagged:
			return !tagged
		}
		return true
	}
}

func (r *repository) detail(i *image) types.ImageDetail {
	d := types.ImageDetail{
		ImageDigest:            aws.String(i.digest),
		ImageManifestMediaType: aws.String(i.mediaType),
		ImagePushedAt:          aws.Time(i.pushed),
		ImageSizeInBytes:       aws.Int64(i.size),
		ImageStatus:            types.ImageStatusActive,
		ImageTags:              r.tagsOf(i.digest),
		RegistryId:             aws.String(r.account),
		RepositoryName:         aws.String(r.name),
	}
	if i.contentType != "" {
		d.ArtifactMediaType = aws.String(i.contentType)
	}
	if i.subject != "" {
		d.SubjectManifestDigest = aws.String(i.subject)
	}
	if !i.pulled.IsZero() {
		d.LastRecordedPullTime = aws.Time(i.pulled)
	}
	return d
}

// ListImages lists image ids in pages: one for each tag, and one without a tag
// for each image that has none.
func (s *Service) ListImages(ctx context.Context, in *ecr.ListImagesInput) (*ecr.ListImagesOutput, error) {
	out := ecr.ListImagesOutput{ImageIds: []types.ImageIdentifier{}}
	err := s.in(ctx, "ListImages", in.RegistryId, in.RepositoryName, func(r *repository) error {
		var keep func(*image) bool
		if f := in.Filter; f != nil {
			keep = r.filter(f.TagStatus, f.ImageStatus)
		}
		ids, next, err := cut("ListImages", r.ids(keep), listOrder(r), in.MaxResults, in.NextToken)
		out.ImageIds, out.NextToken = append(out.ImageIds, ids...), next
		return err
	})
	return &out, err
}

func (r *repository) ids(keep func(*image) bool) []types.ImageIdentifier {
	var ids []types.ImageIdentifier
	for _, i := range r.inOrder() {
		if keep != nil && !keep(i) {
			continue
		}
		ids = append(ids, r.idsOf(i)...)
	}
	return ids
}

// idsOf returns the ids under which an image is listed.
func (r *repository) idsOf(i *image) []types.ImageIdentifier {
	tags := r.tagsOf(i.digest)
	if len(tags) == 0 {
		return []types.ImageIdentifier{{ImageDigest: aws.String(i.digest)}}
	}
	var ids []types.ImageIdentifier
	for _, tag := range tags {
		ids = append(ids, types.ImageIdentifier{ImageDigest: aws.String(i.digest), ImageTag: aws.String(tag)})
	}
	return ids
}

func listOrder(r *repository) func(types.ImageIdentifier) string {
	return func(id types.ImageIdentifier) string {
		return pushOrder(r.images[*id.ImageDigest]) + "/" + aws.ToString(id.ImageTag)
	}
}

// DescribeImageScanFindings answers ScanNotFoundException for every image that
// is there: the sandbox has no scanner and makes no findings up, whatever the
// repository's scan-on-push setting says (Assumption A12).
func (s *Service) DescribeImageScanFindings(ctx context.Context, in *ecr.DescribeImageScanFindingsInput) (*ecr.DescribeImageScanFindingsOutput, error) {
	return nil, s.in(ctx, "DescribeImageScanFindings", in.RegistryId, in.RepositoryName, func(r *repository) error {
		id := types.ImageIdentifier{}
		if in.ImageId != nil {
			id = *in.ImageId
		}
		if r.find(id) == nil {
			return r.imageNotFound(id)
		}
		return r.noScan(id)
	})
}
