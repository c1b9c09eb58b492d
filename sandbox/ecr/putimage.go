package ecr

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/sandbox/wire"
)

// tagLimit is how many tags an image can have:
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
const tagLimit = 1000

// PutImage puts a manifest whose layers are there, under a tag or without one;
// it is how an image gets another tag without pulling it.
func (s *Service) PutImage(ctx context.Context, in *ecr.PutImageInput) (*ecr.PutImageOutput, error) {
	key, err := s.enter(ctx, "PutImage", in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	i, err := parseManifest([]byte(aws.ToString(in.ImageManifest)), aws.ToString(in.ImageManifestMediaType))
	if err != nil {
		return nil, err
	}
	var out ecr.PutImageOutput
	err = s.with(key, func(r *repository) error {
		tag := aws.ToString(in.ImageTag)
		stored, changed, err := r.put(i, tag, aws.ToString(in.ImageDigest), s.cfg.Clock.Now())
		if err != nil {
			return err
		}
		if !changed {
			return r.imageExists(i.digest, tag)
		}
		id := types.ImageIdentifier{ImageDigest: aws.String(stored.digest), ImageTag: in.ImageTag}
		out.Image = r.imageOut(stored, id)
		return nil
	})
	return &out, err
}

// put stores an image under a tag ("" for none) unless a rule of the repository
// forbids it. It returns what is stored now, and whether that is a change. A
// digest that is given has to be the manifest's.
func (r *repository) put(i *image, tag, digest string, now time.Time) (stored *image, changed bool, err error) {
	if digest != "" && digest != i.digest {
		return nil, false, wire.Errorf("ImageDigestDoesNotMatchException",
			"The image digest '%s' does not match the digest '%s' that Amazon ECR calculated for the image", digest, i.digest)
	}
	stored = r.images[i.digest]
	if tag != "" {
		if err := r.mayTag(i.digest, tag); err != nil {
			return nil, false, err
		}
	}
	if stored != nil && (tag == "" || r.tags[tag] == i.digest) {
		return stored, false, nil
	}
	if stored == nil {
		if err := r.complete(i); err != nil {
			return nil, false, err
		}
		i.pushed = now
		r.images[i.digest] = i
		stored = i
	}
	if tag != "" {
		r.tags[tag] = i.digest
	}
	return stored, true, nil
}

// mayTag refuses a tag that is no tag, that is immutable and names another
// image, or that would be one too many.
func (r *repository) mayTag(digest, tag string) error {
	if err := checkTag(tag); err != nil {
		return err
	}
	has, ok := r.tags[tag]
	switch {
	case has == digest:
		return nil
	case ok && r.immutable(tag):
		return r.tagIsImmutable(tag)
	case len(r.tagsOf(digest)) >= tagLimit:
		return wire.Errorf("LimitExceededException", "The image with digest '%s' has reached the limit of %d tags per image", digest, tagLimit)
	}
	return nil
}

// complete checks that all an image refers to is in the repository, and takes
// its size from there: the sum of its blobs, or of an index that of its largest image.
func (r *repository) complete(i *image) error {
	var missing []string
	for _, d := range i.blobs {
		size, ok := r.layers[d]
		if !ok {
			missing = append(missing, d)
		}
		i.size += size
	}
	if len(missing) > 0 {
		return r.layersNotFound(missing)
	}
	for _, d := range i.children {
		child := r.images[d]
		if child == nil {
			missing = append(missing, d)
			continue
		}
		i.size = max(i.size, child.size)
	}
	if len(missing) > 0 {
		return r.imagesNotFound(missing)
	}
	return nil
}
