package resource

import (
	"context"
	"strings"
)

// Buckets is the part of S3 that resources use.
type Buckets interface {
	CreateBucket(ctx context.Context, name, location string) error
	DeleteBucket(ctx context.Context, name string) error
}

// S3 returns the resource types of S3.
func S3(room Buckets) []*Type { return []*Type{bucket(room)} }

// bucket is AWS::S3::Bucket. Its encryption, ownership, block of public access and
// lifecycle are kept, and change nothing: objects are in memory, and nobody else's account gets in.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
func bucket(room Buckets) *Type {
	return &Type{
		Name: "AWS::S3::Bucket", NameProperty: "BucketName",
		Properties: Object{
			"BucketName": text().replace(), "Tags": tagList(), "BucketEncryption": jsonValue(), "OwnershipControls": jsonValue(),
			"PublicAccessBlockConfiguration": jsonValue(), "LifecycleConfiguration": jsonValue(),
		}.lacking("AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations", "BucketNamePrefix", "BucketNamespace", "CorsConfiguration",
			"IntelligentTieringConfigurations", "InventoryConfigurations", "LoggingConfiguration", "MetadataConfiguration", "MetadataTableConfiguration", "MetricsConfigurations",
			"NotificationConfiguration", "ObjectLockConfiguration", "ObjectLockEnabled", "ReplicationConfiguration", "VersioningConfiguration", "WebsiteConfiguration"),
		Attributes: []string{"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"},
		Handler:    buckets{room},
		Tagged:     true,
	}
}

type buckets struct{ room Buckets }

func (h buckets) Create(ctx context.Context, r *Request) error {
	name := strings.ToLower(r.given("BucketName", 63))
	if given := str(r.Properties, "BucketName"); given != "" {
		name = given
	}
	if err := h.room.CreateBucket(ctx, name, r.Scope.Region); err != nil {
		return err
	}
	r.ID = name
	r.Initiated(State{ID: name, Attributes: map[string]string{
		"Arn": "arn:aws:s3:::" + name, "DomainName": name + ".s3.amazonaws.com", "RegionalDomainName": name + ".s3." + r.Scope.Region + ".amazonaws.com",
		"DualStackDomainName": name + ".s3.dualstack." + r.Scope.Region + ".amazonaws.com", "WebsiteURL": "http://" + name + ".s3-website-" + r.Scope.Region + ".amazonaws.com",
	}})
	return nil
}

// Update changes what is kept.
func (h buckets) Update(context.Context, *Request) error { return nil }

func (h buckets) Delete(ctx context.Context, r *Request) error {
	return gone(h.room.DeleteBucket(ctx, r.ID))
}
