package ecr

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/sandbox/wire"
)

// The texts are ECR's own as clients quote them in public issue threads and as
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
// prints them; each names the repository and the registry it was looked for in.

func invalid(parameter, constraint string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", "Invalid parameter at '%s' failed to satisfy constraint: '%s'",
		parameter, fmt.Sprintf(constraint, args...))
}

func repositoryNotFound(account, name string) *wire.Error {
	return wire.Errorf("RepositoryNotFoundException",
		"The repository with name '%s' does not exist in the registry with id '%s'", name, account)
}

func repositoryExists(account, name string) *wire.Error {
	return wire.Errorf("RepositoryAlreadyExistsException",
		"The repository with name '%s' already exists in the registry with id '%s'", name, account)
}

func repositoryNotEmpty(account, name string) *wire.Error {
	return wire.Errorf("RepositoryNotEmptyException",
		"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", name, account)
}

func (r *repository) noPolicy() *wire.Error {
	return wire.Errorf("RepositoryPolicyNotFoundException",
		"Repository policy does not exist for the repository with name '%s' in the registry with id '%s'", r.name, r.account)
}

func (r *repository) noLifecyclePolicy() *wire.Error {
	return wire.Errorf("LifecyclePolicyNotFoundException",
		"Lifecycle policy does not exist for the repository with name '%s' in the registry with id '%s'", r.name, r.account)
}

func (r *repository) imageNotFound(id types.ImageIdentifier) *wire.Error {
	return wire.Errorf("ImageNotFoundException",
		"The image with imageId %s does not exist within the repository with name '%s' in the registry with id '%s'",
		describeID(id), r.name, r.account)
}

func (r *repository) noScan(id types.ImageIdentifier) *wire.Error {
	return wire.Errorf("ScanNotFoundException",
		"Image scan does not exist for the image with '%s' in the repository with name '%s' in the registry with id '%s'",
		describeID(id), r.name, r.account)
}

func (r *repository) imageExists(digest, tag string) *wire.Error {
	return wire.Errorf("ImageAlreadyExistsException",
		"Image with digest '%s' and tag '%s' already exists in the repository with name '%s' in registry with id '%s'",
		digest, orNull(tag), r.name, r.account)
}

func (r *repository) tagIsImmutable(tag string) *wire.Error {
	return wire.Errorf("ImageTagAlreadyExistsException",
		"The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the repository is immutable.", tag, r.name)
}

func (r *repository) layersNotFound(digests []string) *wire.Error {
	return wire.Errorf("LayersNotFoundException",
		"Layers with digests '[%s]' required for pushing image into repository with name '%s' in the registry with id '%s' do not exist",
		strings.Join(digests, ", "), r.name, r.account)
}

func (r *repository) imagesNotFound(digests []string) *wire.Error {
	return wire.Errorf("ReferencedImagesNotFoundException",
		"Images with digests '[%s]' required for pushing image into repository with name '%s' in the registry with id '%s' do not exist",
		strings.Join(digests, ", "), r.name, r.account)
}

// describeID writes an image id as ECR's messages do.
func describeID(id types.ImageIdentifier) string {
	return fmt.Sprintf("{imageDigest:'%s', imageTag:'%s'}", orNull(aws.ToString(id.ImageDigest)), orNull(aws.ToString(id.ImageTag)))
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

// absent refuses a request without members that it needs.
func absent(names []string) *wire.Error { return invalid(names[0], "must not be null") }
