package organizations

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/sandbox/wire"
)

// The principals of the services that may use the organization here.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
const (
	accountManagement = "account.amazonaws.com"
	// StackSets is that of CloudFormation's stack sets in member accounts.
	StackSets = "member.org.stacksets.cloudformation.amazonaws.com"
)

// EnableAWSServiceAccess lets a service use the organization. For stack sets
// that isn't enough: ActivateOrganizationsAccess of CloudFormation does the rest.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAWSServiceAccess.html
func (s *Service) EnableAWSServiceAccess(ctx context.Context, in *organizations.EnableAWSServiceAccessInput) (*organizations.EnableAWSServiceAccessOutput, error) {
	principal, err := s.trust(ctx, "EnableAWSServiceAccess", in.ServicePrincipal)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trusted[principal].IsZero() {
		s.trusted[principal] = s.now()
	}
	return &organizations.EnableAWSServiceAccessOutput{}, nil
}

// DisableAWSServiceAccess takes the organization from a service.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisableAWSServiceAccess.html
func (s *Service) DisableAWSServiceAccess(ctx context.Context, in *organizations.DisableAWSServiceAccessInput) (*organizations.DisableAWSServiceAccessOutput, error) {
	principal, err := s.trust(ctx, "DisableAWSServiceAccess", in.ServicePrincipal)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, services := range s.delegated {
		// Assumption A107: a service keeps its access as long as it has a delegated
		// administrator.
		if !services[principal].IsZero() {
			return nil, constraint("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", "You must first deregister the delegated administrators of the service.")
		}
	}
	delete(s.trusted, principal)
	return &organizations.DisableAWSServiceAccessOutput{}, nil
}

// trust authorizes a change for a service and returns its principal.
func (s *Service) trust(ctx context.Context, operation string, given *string) (string, error) {
	principal := aws.ToString(given)
	if err := s.authorizeChange(ctx, operation, "*"); err != nil {
		return "", err
	}
	return principal, known(principal)
}

// known refuses principals of other services; those words are AWS's for one that
// it doesn't know.
func known(principal string) error {
	switch principal {
	case accountManagement, StackSets:
		return nil
	case "stacksets.cloudformation.amazonaws.com":
		return wire.Errorf("InvalidInputException", "You specified an unrecognized service principal.")
	}
	return wire.NotModelled("the service principal %q of an organization: it has %s and %s", principal, accountManagement, StackSets)
}

func constraint(reason, message string) error {
	return wire.Errorf("ConstraintViolationException", "%s (%s)", message, reason)
}

// ListAWSServiceAccessForOrganization shows the services that may use the
// organization, by principal.
func (s *Service) ListAWSServiceAccessForOrganization(ctx context.Context, in *organizations.ListAWSServiceAccessForOrganizationInput) (*organizations.ListAWSServiceAccessForOrganizationOutput, error) {
	if err := s.authorize(ctx, "ListAWSServiceAccessForOrganization", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	all := sorted(s.trusted, func(principal string, since time.Time) types.EnabledServicePrincipal {
		return types.EnabledServicePrincipal{ServicePrincipal: &principal, DateEnabled: &since}
	})
	s.mu.Unlock()
	all, next, err := cut("ListAWSServiceAccessForOrganization", all, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &organizations.ListAWSServiceAccessForOrganizationOutput{EnabledServicePrincipals: all, NextToken: next}, nil
}

// Trusted returns the principals of the services that may use the organization
// beyond what it began with.
func (s *Service) Trusted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return later(s.trusted)
}

// Delegations returns the principals of the services that an account administers
// for the organization beyond what it began with.
func (s *Service) Delegations(account string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return later(s.delegated[account])
}

// later returns the principals that no organization begins with.
func later(since map[string]time.Time) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(since)), func(principal string) bool { return principal == accountManagement })
}

// sorted returns what entries show as, by key.
func sorted[T any](since map[string]time.Time, as func(string, time.Time) T) []T {
	all := make([]T, 0, len(since))
	for _, key := range slices.Sorted(maps.Keys(since)) {
		all = append(all, as(key, since[key]))
	}
	return all
}
