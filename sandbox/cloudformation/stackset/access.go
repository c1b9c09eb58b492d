package stackset

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
)

// ActivateOrganizationsAccess lets StackSets work in the organization's accounts.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-activate-trusted-access.html
//
// Assumption A108: it enables the service access of the principal for member
// accounts in the caller's name, who needs organizations:EnableAWSServiceAccess;
// enabled without it, StackSets isn't activated.
func (s *Service) ActivateOrganizationsAccess(ctx context.Context, _ *cfn.ActivateOrganizationsAccessInput) (*cfn.ActivateOrganizationsAccessOutput, error) {
	if err := s.authorizeManagement(ctx, "ActivateOrganizationsAccess"); err != nil {
		return nil, err
	}
	if _, err := s.cfg.Organization.EnableAWSServiceAccess(ctx, &awsorg.EnableAWSServiceAccessInput{ServicePrincipal: aws.String(organizations.StackSets)}); err != nil {
		return nil, err
	}
	s.activate(true)
	return &cfn.ActivateOrganizationsAccessOutput{}, nil
}

// DeactivateOrganizationsAccess ends that. What is deployed stays; accounts that
// join get nothing.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeactivateOrganizationsAccess.html
func (s *Service) DeactivateOrganizationsAccess(ctx context.Context, _ *cfn.DeactivateOrganizationsAccessInput) (*cfn.DeactivateOrganizationsAccessOutput, error) {
	if err := s.authorizeManagement(ctx, "DeactivateOrganizationsAccess"); err != nil {
		return nil, err
	}
	if _, err := s.cfg.Organization.DisableAWSServiceAccess(ctx, &awsorg.DisableAWSServiceAccessInput{ServicePrincipal: aws.String(organizations.StackSets)}); err != nil {
		return nil, err
	}
	s.activate(false)
	return &cfn.DeactivateOrganizationsAccessOutput{}, nil
}

// DescribeOrganizationsAccess tells whether StackSets may work in the
// organization's accounts.
func (s *Service) DescribeOrganizationsAccess(ctx context.Context, in *cfn.DescribeOrganizationsAccessInput) (*cfn.DescribeOrganizationsAccessOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "cloudformation:DescribeOrganizationsAccess", "*"); err != nil {
		return nil, err
	}
	if err := s.administers(ctx, in.CallAs); err != nil {
		return nil, err
	}
	if s.operable() != nil {
		return &cfn.DescribeOrganizationsAccessOutput{Status: types.OrganizationStatusDisabled}, nil
	}
	return &cfn.DescribeOrganizationsAccessOutput{Status: types.OrganizationStatusEnabled}, nil
}

func (s *Service) activate(active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = active
}

// authorizeManagement asks identity policies, and wants the management account.
func (s *Service) authorizeManagement(ctx context.Context, action string) error {
	if err := s.cfg.Auth.Authorize(ctx, "cloudformation:"+action, "*"); err != nil {
		return err
	}
	return s.administers(ctx, types.CallAsSelf)
}

// operable refuses stack sets without trusted access, in AWS's words.
func (s *Service) operable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.active {
		return invalid("You must enable organizations access to operate a service managed stack set")
	}
	return nil
}

// administers refuses callers that don't administer the organization's stack
// sets as they say: as the management account, or for it. The words are AWS's.
//
// AWS asks Organizations in the caller's name: one that may not list delegated
// administrators isn't told so.
// https://github.com/hashicorp/terraform-provider-aws/pull/37069
func (s *Service) administers(ctx context.Context, as types.CallAs) error {
	account := iam.Caller(ctx).Account
	switch {
	case s.cfg.Organization == nil:
		return notManagement()
	case as == types.CallAsDelegatedAdmin:
		if !s.delegated(ctx, account) {
			return invalid("Account used is not a delegated administrator")
		}
	case as != "" && as != types.CallAsSelf:
		return constraint(string(as), "callAs", "Member must satisfy enum value set: [SELF, DELEGATED_ADMIN]")
	case account != s.cfg.Organization.Management():
		return notManagement()
	}
	return nil
}

func notManagement() error {
	return invalid("You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set")
}

// delegated reports whether an account administers stack sets for the organization.
func (s *Service) delegated(ctx context.Context, account string) bool {
	in := &awsorg.ListDelegatedAdministratorsInput{ServicePrincipal: aws.String(organizations.StackSets)}
	for {
		out, err := s.cfg.Organization.ListDelegatedAdministrators(ctx, in)
		if err != nil {
			return false
		}
		if slices.ContainsFunc(out.DelegatedAdministrators, func(a orgtypes.DelegatedAdministrator) bool { return *a.Id == account }) {
			return true
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return false
		}
	}
}

// open authorizes an action on a stack set that isn't deleted, and returns it. A
// member account that doesn't say for whom it acts doesn't find it.
// https://github.com/aws-cloudformation/rain/issues/585
func (s *Service) open(ctx context.Context, action string, as types.CallAs, nameOrID *string) (*set, error) {
	name := aws.ToString(nameOrID)
	if err := s.cfg.Auth.Authorize(ctx, "cloudformation:"+action, s.arnOf(ctx, name)); err != nil {
		return nil, err
	}
	err := s.administers(ctx, as)
	if err != nil && as == types.CallAsDelegatedAdmin {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(name)
	if err != nil || found == nil || found.status == types.StackSetStatusDeleted && action != "DescribeStackSet" {
		return nil, notFound("StackSetNotFoundException", "StackSet %s not found", name)
	}
	return found, nil
}

// change is open for what makes or changes stacks.
func (s *Service) change(ctx context.Context, action string, as types.CallAs, nameOrID *string) (*set, error) {
	found, err := s.open(ctx, action, as, nameOrID)
	if err != nil {
		return nil, err
	}
	return found, s.operable()
}

// arnOf returns the ARN of a stack set, or the pattern for any of the name.
func (s *Service) arnOf(ctx context.Context, nameOrID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.find(nameOrID); found != nil {
		return found.arn
	}
	account := iam.Caller(ctx).Account
	if s.cfg.Organization != nil {
		account = s.cfg.Organization.Management()
	}
	return "arn:aws:cloudformation:" + s.cfg.Region + ":" + account + ":stackset/" + nameOrID + ":*"
}
