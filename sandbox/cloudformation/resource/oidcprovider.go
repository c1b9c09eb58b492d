package resource

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
)

// Providers are IAM's OpenID Connect providers.
type Providers interface {
	CreateOpenIDConnectProvider(context.Context, *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderOutput, error)
	DeleteOpenIDConnectProvider(context.Context, *iam.DeleteOpenIDConnectProviderInput) (*iam.DeleteOpenIDConnectProviderOutput, error)
	AddClientIDToOpenIDConnectProvider(context.Context, *iam.AddClientIDToOpenIDConnectProviderInput) (*iam.AddClientIDToOpenIDConnectProviderOutput, error)
	RemoveClientIDFromOpenIDConnectProvider(context.Context, *iam.RemoveClientIDFromOpenIDConnectProviderInput) (*iam.RemoveClientIDFromOpenIDConnectProviderOutput, error)
	UpdateOpenIDConnectProviderThumbprint(context.Context, *iam.UpdateOpenIDConnectProviderThumbprintInput) (*iam.UpdateOpenIDConnectProviderThumbprintOutput, error)
	TagOpenIDConnectProvider(context.Context, *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error)
	UntagOpenIDConnectProvider(context.Context, *iam.UntagOpenIDConnectProviderInput) (*iam.UntagOpenIDConnectProviderOutput, error)
}

// oidcProvider is AWS::IAM::OIDCProvider.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-oidcprovider.html
func oidcProvider(room Providers) *Type {
	return &Type{
		Name: "AWS::IAM::OIDCProvider",
		Properties: Object{
			"Url": text().need().replace(), "ClientIdList": texts(), "ThumbprintList": texts(), "Tags": tagList(),
		},
		Attributes: []string{"Arn"},
		Handler:    oidcProviders{room},
		Tagged:     true,
	}
}

type oidcProviders struct{ room Providers }

func (h oidcProviders) Create(ctx context.Context, r *Request) error {
	in := &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String(str(r.Properties, "Url")), ClientIDList: strs(r.Properties, "ClientIdList"),
		ThumbprintList: strs(r.Properties, "ThumbprintList"), Tags: identityTags(r.tags()),
	}
	out, err := h.room.CreateOpenIDConnectProvider(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.OpenIDConnectProviderArn)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Arn": r.ID}})
	return nil
}

func (h oidcProviders) Update(ctx context.Context, r *Request) error {
	if err := h.audiences(ctx, r); err != nil {
		return err
	}
	if r.changed("ThumbprintList") {
		list := strs(r.Properties, "ThumbprintList")
		if len(list) == 0 {
			return notModelledUpdate("ThumbprintList (to none)", "AWS::IAM::OIDCProvider")
		}
		in := &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: &r.ID, ThumbprintList: list}
		if _, err := h.room.UpdateOpenIDConnectProviderThumbprint(ctx, in); err != nil {
			return err
		}
	}
	return h.retag(ctx, r)
}

// audiences brings the client ids from the previous to the wanted ones.
func (h oidcProviders) audiences(ctx context.Context, r *Request) error {
	before, after := strs(r.Previous, "ClientIdList"), strs(r.Properties, "ClientIdList")
	for _, id := range before {
		if slices.Contains(after, id) {
			continue
		}
		in := &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: &r.ID, ClientID: &id}
		if _, err := h.room.RemoveClientIDFromOpenIDConnectProvider(ctx, in); err != nil {
			return err
		}
	}
	for _, id := range after {
		if slices.Contains(before, id) {
			continue
		}
		in := &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: &r.ID, ClientID: &id}
		if _, err := h.room.AddClientIDToOpenIDConnectProvider(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func (h oidcProviders) retag(ctx context.Context, r *Request) error {
	add, remove := r.retagged()
	if len(remove) > 0 {
		in := &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &r.ID, TagKeys: remove}
		if _, err := h.room.UntagOpenIDConnectProvider(ctx, in); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := h.room.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &r.ID, Tags: identityTags(add)})
	return err
}

func (h oidcProviders) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &r.ID})
	return gone(err)
}

// identityTags are tags as IAM takes them.
func identityTags(tags [][2]string) []iam.Tag {
	var all []iam.Tag
	for _, t := range tags {
		all = append(all, iam.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return all
}
