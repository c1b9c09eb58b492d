package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/page"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	if err := s.eachRole(ctx, func(name string) { add("iam:role", name) }); err != nil {
		return err
	}
	err := page.Each(func(token *string) (*string, error) {
		out, err := s.ListPolicies(ctx, &ListPoliciesInput{Scope: aws.String("Local"), Marker: token})
		if err != nil {
			return nil, err
		}
		for _, p := range out.Policies {
			add("iam:policy", *p.PolicyName)
		}
		return out.Marker, nil
	})
	if err != nil {
		return err
	}
	out, err := s.ListOpenIDConnectProviders(ctx, &ListOpenIDConnectProvidersInput{})
	if err != nil {
		return err
	}
	for _, p := range out.OpenIDConnectProviderList {
		_, name, _ := strings.Cut(*p.Arn, "/")
		add("iam:oidc-provider", name)
	}
	return nil
}

func (s *Service) eachRole(ctx context.Context, visit func(name string)) error {
	return page.Each(func(token *string) (*string, error) {
		out, err := s.ListRoles(ctx, &ListRolesInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, r := range out.Roles {
			visit(*r.RoleName)
		}
		return out.Marker, nil
	})
}
