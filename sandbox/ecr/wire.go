package ecr

import "orgship/sandbox/wire"

// Wire returns the room as clients see it.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         "ecr",
		Protocol:     wire.JSON11,
		TargetPrefix: "AmazonEC2ContainerRegistry_V20150921",
		Spelled:      map[string]string{"Tag.Key": "Key", "Tag.Value": "Value"},
		Words:        wire.Words{Missing: absent, Outside: "InvalidParameterException"},
		Operations:   append(s.repositoryOperations(), s.imageOperations()...),
	}
}

func (s *Service) repositoryOperations() []wire.Operation {
	name, registry := wire.Required("RepositoryName"), wire.Optional("RegistryId")
	return []wire.Operation{
		wire.Op("CreateRepository", s.CreateRepository, name, registry, wire.Optional("EncryptionConfiguration",
			"ImageScanningConfiguration", "ImageTagMutability", "ImageTagMutabilityExclusionFilters", "Tags")),
		wire.Op("DeleteRepository", s.DeleteRepository, name, registry, wire.Optional("Force")),
		wire.Op("DescribeRepositories", s.DescribeRepositories, registry, wire.Optional("RepositoryNames", "MaxResults", "NextToken")),
		wire.Op("SetRepositoryPolicy", s.SetRepositoryPolicy, name, registry, wire.Required("PolicyText"), wire.Optional("Force")),
		wire.Op("GetRepositoryPolicy", s.GetRepositoryPolicy, name, registry),
		wire.Op("DeleteRepositoryPolicy", s.DeleteRepositoryPolicy, name, registry),
		wire.Op("PutLifecyclePolicy", s.PutLifecyclePolicy, name, registry, wire.Required("LifecyclePolicyText")),
		wire.Op("GetLifecyclePolicy", s.GetLifecyclePolicy, name, registry),
		wire.Op("DeleteLifecyclePolicy", s.DeleteLifecyclePolicy, name, registry),
		wire.Op("PutImageScanningConfiguration", s.PutImageScanningConfiguration, name, registry, wire.Required("ImageScanningConfiguration")),
		wire.Op("PutImageTagMutability", s.PutImageTagMutability, name, registry, wire.Required("ImageTagMutability"),
			wire.Optional("ImageTagMutabilityExclusionFilters")),
		wire.Op("TagResource", s.TagResource, wire.Required("ResourceArn", "Tags")),
		wire.Op("UntagResource", s.UntagResource, wire.Required("ResourceArn", "TagKeys")),
		wire.Op("ListTagsForResource", s.ListTagsForResource, wire.Required("ResourceArn")),
	}
}

func (s *Service) imageOperations() []wire.Operation {
	name, registry := wire.Required("RepositoryName"), wire.Optional("RegistryId")
	paged := wire.Optional("MaxResults", "NextToken")
	return []wire.Operation{
		wire.Op("GetAuthorizationToken", s.GetAuthorizationToken, wire.Optional("RegistryIds")),
		wire.Op("PutImage", s.PutImage, name, registry, wire.Required("ImageManifest"),
			wire.Optional("ImageManifestMediaType", "ImageTag", "ImageDigest")),
		wire.Op("DescribeImages", s.DescribeImages, name, registry, paged, wire.Optional("ImageIds", "Filter")),
		wire.Op("ListImages", s.ListImages, name, registry, paged, wire.Optional("Filter")),
		wire.Op("ListImageReferrers", s.ListImageReferrers, name, registry, paged, wire.Required("SubjectId"), wire.Optional("Filter")),
		wire.Op("BatchGetImage", s.BatchGetImage, name, registry, wire.Required("ImageIds"), wire.Optional("AcceptedMediaTypes")),
		wire.Op("BatchDeleteImage", s.BatchDeleteImage, name, registry, wire.Required("ImageIds")),
		wire.Op("DescribeImageScanFindings", s.DescribeImageScanFindings, name, registry, paged, wire.Required("ImageId")),
	}
}
