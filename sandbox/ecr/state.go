package ecr

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// repository is one repository of one account's registry.
type repository struct {
	account, name string
	created       time.Time
	mutability    types.ImageTagMutability
	exclusions    []types.ImageTagMutabilityExclusionFilter
	scanOnPush    bool
	encryption    types.EncryptionConfiguration
	policy        string // repository policy, JSON; empty: none
	lifecycle     string // lifecycle policy, JSON; empty: none
	labels        map[string]string

	images map[string]*image // by digest
	tags   map[string]string // tag to digest
	layers map[string]int64  // blobs that were uploaded here, by digest, with their size
}

// image is a manifest that was pushed.
type image struct {
	digest      string
	manifest    []byte
	mediaType   string
	contentType string // media type of its config: what kind of artifact it is
	subject     string // digest of the image that it says something about
	annotations map[string]string
	size        int64 // bytes: its blobs, or of an index the largest of its images
	pushed      time.Time
	pulled      time.Time
	children    []string // digests of an index's images
	blobs       []string // digests of an image's config and layers
}

type repositoryKey struct{ account, name string }

// authorize asks whether the caller may do action on a repository, with the
// repository's policy when there is one. It tells nothing about whether the
// repository exists: a caller of another account learns that only when allowed.
func (s *Service) authorize(ctx context.Context, action, account, name string) error {
	s.mu.Lock()
	policy := ""
	if r := s.repositories[repositoryKey{account, name}]; r != nil {
		policy = r.policy
	}
	s.mu.Unlock()
	return s.cfg.Auth.AuthorizeWithPolicy(ctx, "ecr:"+action, s.arn(account, name), policy)
}

// enter authorizes action on the repository that a request names.
func (s *Service) enter(ctx context.Context, action string, registryID, name *string) (repositoryKey, error) {
	account, err := registry(ctx, registryID)
	if err != nil {
		return repositoryKey{}, err
	}
	if err := checkName(aws.ToString(name)); err != nil {
		return repositoryKey{}, err
	}
	return repositoryKey{account, *name}, s.authorize(ctx, action, account, *name)
}

// with calls f with a repository while the state is locked.
func (s *Service) with(key repositoryKey, f func(*repository) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repositories[key]
	if r == nil {
		return repositoryNotFound(key.account, key.name)
	}
	return f(r)
}

// in is the way into every operation on one repository: authorize, then f.
func (s *Service) in(ctx context.Context, action string, registryID, name *string, f func(*repository) error) error {
	key, err := s.enter(ctx, action, registryID, name)
	if err != nil {
		return err
	}
	return s.with(key, f)
}

// find returns the image that id means, nil when there is none.
func (r *repository) find(id types.ImageIdentifier) *image {
	digest := aws.ToString(id.ImageDigest)
	if tag := aws.ToString(id.ImageTag); tag != "" {
		of := r.tags[tag]
		if digest != "" && of != digest {
			return nil
		}
		digest = of
	}
	return r.images[digest]
}

// tagsOf returns the tags of an image in order.
func (r *repository) tagsOf(digest string) []string {
	var tags []string
	for tag, d := range r.tags {
		if d == digest {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return tags
}

// inOrder returns the images in the order they were pushed.
func (r *repository) inOrder() []*image {
	return slices.SortedFunc(maps.Values(r.images), func(a, b *image) int {
		return cmp.Or(a.pushed.Compare(b.pushed), cmp.Compare(a.digest, b.digest))
	})
}

// indexesOf returns the digests of the indexes that hold an image.
func (r *repository) indexesOf(digest string) []string {
	var in []string
	for d, i := range r.images {
		if slices.Contains(i.children, digest) {
			in = append(in, d)
		}
	}
	slices.Sort(in)
	return in
}
