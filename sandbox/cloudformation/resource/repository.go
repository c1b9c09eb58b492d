package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// Repositories is ECR.
type Repositories interface {
	CreateRepository(context.Context, *ecr.CreateRepositoryInput) (*ecr.CreateRepositoryOutput, error)
	DeleteRepository(context.Context, *ecr.DeleteRepositoryInput) (*ecr.DeleteRepositoryOutput, error)
	SetRepositoryPolicy(context.Context, *ecr.SetRepositoryPolicyInput) (*ecr.SetRepositoryPolicyOutput, error)
	DeleteRepositoryPolicy(context.Context, *ecr.DeleteRepositoryPolicyInput) (*ecr.DeleteRepositoryPolicyOutput, error)
	PutLifecyclePolicy(context.Context, *ecr.PutLifecyclePolicyInput) (*ecr.PutLifecyclePolicyOutput, error)
	DeleteLifecyclePolicy(context.Context, *ecr.DeleteLifecyclePolicyInput) (*ecr.DeleteLifecyclePolicyOutput, error)
	PutImageScanningConfiguration(context.Context, *ecr.PutImageScanningConfigurationInput) (*ecr.PutImageScanningConfigurationOutput, error)
	PutImageTagMutability(context.Context, *ecr.PutImageTagMutabilityInput) (*ecr.PutImageTagMutabilityOutput, error)
	TagResource(context.Context, *ecr.TagResourceInput) (*ecr.TagResourceOutput, error)
	UntagResource(context.Context, *ecr.UntagResourceInput) (*ecr.UntagResourceOutput, error)
}

// ECR returns the resource types of ECR.
func ECR(room Repositories) []*Type { return []*Type{repository(room)} }

// repository is AWS::ECR::Repository.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
func repository(room Repositories) *Type {
	return &Type{
		Name: "AWS::ECR::Repository", NameProperty: "RepositoryName",
		Properties: Object{
			"RepositoryName":             text().replace(),
			"EncryptionConfiguration":    object(Object{"EncryptionType": oneOf("AES256", "KMS", "KMS_DSSE").need(), "KmsKey": text()}).replace(),
			"EmptyOnDelete":              boolean(),
			"ImageScanningConfiguration": object(Object{"ScanOnPush": boolean()}),
			"ImageTagMutability":         oneOf("MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION").models("MUTABLE", "IMMUTABLE"),
			"LifecyclePolicy":            object(Object{"LifecyclePolicyText": text(), "RegistryId": text()}),
			"RepositoryPolicyText":       jsonValue(),
			"Tags":                       tagList(),
		}.lacking("ImageTagMutabilityExclusionFilters"),
		Attributes: []string{"Arn", "RepositoryUri"},
		Handler:    repositories{room},
		Tagged:     true,
	}
}

type repositories struct{ room Repositories }

func (h repositories) Create(ctx context.Context, r *Request) error {
	in := &ecr.CreateRepositoryInput{}
	if err := fill(in, without(r.Properties, "EmptyOnDelete", "LifecyclePolicy", "RepositoryPolicyText", "Tags")); err != nil {
		return err
	}
	if in.RepositoryName == nil {
		in.RepositoryName = aws.String(lower(r.name(256)))
	}
	for _, t := range r.tags() {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	out, err := h.room.CreateRepository(ctx, in)
	if err != nil {
		return err
	}
	r.ID = *in.RepositoryName
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{
		"Arn": aws.ToString(out.Repository.RepositoryArn), "RepositoryUri": aws.ToString(out.Repository.RepositoryUri),
	}})
	if err := h.lifecycle(ctx, r); err != nil {
		return err
	}
	return h.policy(ctx, r)
}

func (h repositories) Update(ctx context.Context, r *Request) error {
	if r.changed("ImageTagMutability") {
		mutability := types.ImageTagMutability(str(r.Properties, "ImageTagMutability"))
		if mutability == "" {
			mutability = types.ImageTagMutabilityMutable
		}
		if _, err := h.room.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{RepositoryName: &r.ID, ImageTagMutability: mutability}); err != nil {
			return err
		}
	}
	if r.changed("ImageScanningConfiguration") {
		in := &ecr.PutImageScanningConfigurationInput{RepositoryName: &r.ID, ImageScanningConfiguration: &types.ImageScanningConfiguration{}}
		if err := fill(in, only(r.Properties, "ImageScanningConfiguration")); err != nil {
			return err
		}
		if _, err := h.room.PutImageScanningConfiguration(ctx, in); err != nil {
			return err
		}
	}
	if r.changed("LifecyclePolicy") {
		if err := h.lifecycle(ctx, r); err != nil {
			return err
		}
	}
	if r.changed("RepositoryPolicyText") {
		if err := h.policy(ctx, r); err != nil {
			return err
		}
	}
	return h.retag(ctx, r)
}

func (h repositories) lifecycle(ctx context.Context, r *Request) error {
	settings, _ := r.Properties["LifecyclePolicy"].(map[string]any)
	if text := str(settings, "LifecyclePolicyText"); text != "" {
		_, err := h.room.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{RepositoryName: &r.ID, LifecyclePolicyText: &text})
		return err
	}
	if r.Previous["LifecyclePolicy"] == nil {
		return nil
	}
	_, err := h.room.DeleteLifecyclePolicy(ctx, &ecr.DeleteLifecyclePolicyInput{RepositoryName: &r.ID})
	return gone(err)
}

func (h repositories) policy(ctx context.Context, r *Request) error {
	text, err := policy(r.Properties, "RepositoryPolicyText")
	if err != nil {
		return err
	}
	if text != "" {
		_, err := h.room.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{RepositoryName: &r.ID, PolicyText: &text})
		return err
	}
	if r.Previous["RepositoryPolicyText"] == nil {
		return nil
	}
	_, err = h.room.DeleteRepositoryPolicy(ctx, &ecr.DeleteRepositoryPolicyInput{RepositoryName: &r.ID})
	return gone(err)
}

func (h repositories) retag(ctx context.Context, r *Request) error {
	add, remove := r.retagged()
	arn := aws.String("arn:aws:ecr:" + r.Scope.Region + ":" + r.Scope.Account + ":repository/" + r.ID)
	if len(remove) > 0 {
		if _, err := h.room.UntagResource(ctx, &ecr.UntagResourceInput{ResourceArn: arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	in := &ecr.TagResourceInput{ResourceArn: arn}
	for _, t := range add {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	_, err := h.room.TagResource(ctx, in)
	return err
}

// Delete refuses, as ECR does, while there are images, unless EmptyOnDelete is set.
func (h repositories) Delete(ctx context.Context, r *Request) error {
	empty, _ := r.Previous["EmptyOnDelete"].(bool)
	_, err := h.room.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: &r.ID, Force: empty})
	return gone(err)
}
