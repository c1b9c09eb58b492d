package resource

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/id"
	"orgship/sandbox/ssm"
)

// Parameters is the part of the Parameter Store that resources use.
type Parameters interface {
	PutParameter(context.Context, *ssm.PutParameterInput) (*ssm.PutParameterOutput, error)
	DeleteParameter(context.Context, *ssm.DeleteParameterInput) (*ssm.DeleteParameterOutput, error)
	AddTagsToResource(context.Context, *ssm.AddTagsToResourceInput) (*ssm.AddTagsToResourceOutput, error)
	RemoveTagsFromResource(context.Context, *ssm.RemoveTagsFromResourceInput) (*ssm.RemoveTagsFromResourceOutput, error)
}

// SSM returns the resource types of Systems Manager.
func SSM(room Parameters) []*Type { return []*Type{parameter(room)} }

// parameter is AWS::SSM::Parameter. CloudFormation makes no SecureString.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
func parameter(room Parameters) *Type {
	return &Type{
		Name: "AWS::SSM::Parameter", NameProperty: "Name",
		Properties: Object{
			"Name": text().replace(), "Type": oneOf("String", "StringList").need(), "Value": text().need(), "Description": text(),
			"AllowedPattern": text(), "Tags": mapOf(text()),
			"DataType": oneOf("text", "aws:ec2:image").models("text"),
			"Tier":     oneOf("Standard", "Advanced", "Intelligent-Tiering").models("Standard", "Advanced"),
		}.lacking("Policies"),
		Attributes: []string{"Type", "Value"},
		Handler:    parameters{room},
		Tagged:     true,
	}
}

type parameters struct{ room Parameters }

// put puts the parameter, or its next version.
func (h parameters) put(ctx context.Context, r *Request, in *ssm.PutParameterInput) error {
	in.Name, in.Value, in.Type, in.Tier = &r.ID, optional(r.Properties, "Value"), str(r.Properties, "Type"), str(r.Properties, "Tier")
	in.Description, in.AllowedPattern, in.DataType = optional(r.Properties, "Description"), optional(r.Properties, "AllowedPattern"), optional(r.Properties, "DataType")
	if _, err := h.room.PutParameter(ctx, in); err != nil {
		return err
	}
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Type": in.Type, "Value": *in.Value}})
	return nil
}

// Create makes the parameter; one without a name is called CFN, as the resource, and
// twelve characters.
func (h parameters) Create(ctx context.Context, r *Request) error {
	r.ID = str(r.Properties, "Name")
	if r.ID == "" {
		r.ID = "CFN-" + r.LogicalID + "-" + id.Of(id.Capitals, 12)
	}
	in := &ssm.PutParameterInput{}
	for _, t := range listed(r).tags() {
		in.Tags = append(in.Tags, ssm.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return h.put(ctx, r, in)
}

func (h parameters) Update(ctx context.Context, r *Request) error {
	if r.changed("Type", "Value", "Description", "AllowedPattern", "DataType", "Tier") {
		if err := h.put(ctx, r, &ssm.PutParameterInput{Overwrite: aws.Bool(true)}); err != nil {
			return err
		}
	}
	add, remove := listed(r).retagged()
	if len(remove) > 0 {
		in := &ssm.RemoveTagsFromResourceInput{ResourceType: "Parameter", ResourceId: &r.ID, TagKeys: remove}
		if _, err := h.room.RemoveTagsFromResource(ctx, in); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	in := &ssm.AddTagsToResourceInput{ResourceType: "Parameter", ResourceId: &r.ID}
	for _, t := range add {
		in.Tags = append(in.Tags, ssm.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	_, err := h.room.AddTagsToResource(ctx, in)
	return err
}

func (h parameters) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &r.ID})
	return gone(err)
}

// listed returns a request whose tags, a map in this type, are in a list.
func listed(r *Request) *Request {
	c := *r
	c.Properties, c.Previous = listedTags(r.Properties), listedTags(r.Previous)
	return &c
}

func listedTags(properties map[string]any) map[string]any {
	tags, _ := properties["Tags"].(map[string]any)
	var list []any
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"Key": key, "Value": tags[key]})
	}
	return map[string]any{"Tags": list}
}
