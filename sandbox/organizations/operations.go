package organizations

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/sandbox/wire"
)

// DescribeOrganization shows the organization to any of its members.
func (s *Service) DescribeOrganization(ctx context.Context, _ *organizations.DescribeOrganizationInput) (*organizations.DescribeOrganizationOutput, error) {
	if err := s.authorize(ctx, "DescribeOrganization", "*"); err != nil {
		return nil, err
	}
	master, found := s.find(s.Management())
	if !found {
		return nil, wire.Errorf("ServiceException", "the organization has no management account")
	}
	return &organizations.DescribeOrganizationOutput{Organization: &types.Organization{
		Arn: aws.String(s.arn("organization", "")), Id: aws.String(s.organization().ID), FeatureSet: types.OrganizationFeatureSetAll,
		AvailablePolicyTypes: []types.PolicyTypeSummary{},
		MasterAccountId:      aws.String(master.account.ID), MasterAccountEmail: aws.String(master.account.email()),
		MasterAccountArn: aws.String(s.arn("account", master.account.ID)),
	}}, nil
}

// DescribeOrganizationalUnit shows an OU.
func (s *Service) DescribeOrganizationalUnit(ctx context.Context, in *organizations.DescribeOrganizationalUnitInput) (*organizations.DescribeOrganizationalUnitOutput, error) {
	id := aws.ToString(in.OrganizationalUnitId)
	if err := s.authorize(ctx, "DescribeOrganizationalUnit", s.arn("ou", id)); err != nil {
		return nil, err
	}
	if !unitID.MatchString(id) {
		return nil, invalid("INVALID_PATTERN", "OrganizationalUnitId")
	}
	n, found := s.find(id)
	if !found {
		return nil, wire.Errorf("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
	}
	unit := s.showUnit(n)
	return &organizations.DescribeOrganizationalUnitOutput{OrganizationalUnit: &unit}, nil
}

// DescribeAccount shows an account.
func (s *Service) DescribeAccount(ctx context.Context, in *organizations.DescribeAccountInput) (*organizations.DescribeAccountOutput, error) {
	id := aws.ToString(in.AccountId)
	if err := s.authorize(ctx, "DescribeAccount", s.arn("account", id)); err != nil {
		return nil, err
	}
	n, err := s.findAccount(id)
	if err != nil {
		return nil, err
	}
	account := s.showAccount(n)
	return &organizations.DescribeAccountOutput{Account: &account}, nil
}

// ListRoots shows the one root.
func (s *Service) ListRoots(ctx context.Context, in *organizations.ListRootsInput) (*organizations.ListRootsOutput, error) {
	if err := s.authorize(ctx, "ListRoots", "*"); err != nil {
		return nil, err
	}
	roots := []types.Root{{
		Arn: aws.String(s.arn("root", s.organization().RootID)), Id: aws.String(s.organization().RootID),
		Name: aws.String("Root"), PolicyTypes: []types.PolicyTypeSummary{},
	}}
	roots, next, err := cut("ListRoots", roots, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &organizations.ListRootsOutput{Roots: roots, NextToken: next}, nil
}

// ListParents shows the one parent of an OU or account.
func (s *Service) ListParents(ctx context.Context, in *organizations.ListParentsInput) (*organizations.ListParentsOutput, error) {
	id := aws.ToString(in.ChildId)
	resource := s.arn("account", id)
	if unitID.MatchString(id) {
		resource = s.arn("ou", id)
	}
	if err := s.authorize(ctx, "ListParents", resource); err != nil {
		return nil, err
	}
	if !unitID.MatchString(id) && !accountID.MatchString(id) {
		return nil, invalid("INVALID_PATTERN", "ChildId")
	}
	n, found := s.find(id)
	if !found {
		return nil, wire.Errorf("ChildNotFoundException",
			"We can't find an organizational unit (OU) or AWS account with the ChildId that you specified.")
	}
	parent := types.Parent{Id: aws.String(n.parent), Type: types.ParentTypeOrganizationalUnit}
	if n.parent == s.organization().RootID {
		parent.Type = types.ParentTypeRoot
	}
	parents, next, err := cut("ListParents"+id, []types.Parent{parent}, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &organizations.ListParentsOutput{Parents: parents, NextToken: next}, nil
}

// ListChildren shows ids of the OUs or the accounts directly below a parent.
func (s *Service) ListChildren(ctx context.Context, in *organizations.ListChildrenInput) (*organizations.ListChildrenOutput, error) {
	parent := aws.ToString(in.ParentId)
	if err := s.authorize(ctx, "ListChildren", s.containerARN(parent)); err != nil {
		return nil, err
	}
	of := isAccount
	switch in.ChildType {
	case types.ChildTypeAccount:
	case types.ChildTypeOrganizationalUnit:
		of = isUnit
	default:
		return nil, invalid("INVALID_ENUM", "ChildType")
	}
	children, next, err := below(s, "ListChildren"+string(in.ChildType), parent, of, in.MaxResults, in.NextToken,
		func(n node) types.Child { return types.Child{Id: aws.String(n.id()), Type: in.ChildType} })
	if err != nil {
		return nil, err
	}
	return &organizations.ListChildrenOutput{Children: children, NextToken: next}, nil
}

// ListOrganizationalUnitsForParent shows the OUs directly below a parent.
func (s *Service) ListOrganizationalUnitsForParent(ctx context.Context, in *organizations.ListOrganizationalUnitsForParentInput) (*organizations.ListOrganizationalUnitsForParentOutput, error) {
	parent := aws.ToString(in.ParentId)
	if err := s.authorize(ctx, "ListOrganizationalUnitsForParent", s.containerARN(parent)); err != nil {
		return nil, err
	}
	units, next, err := below(s, "ListOrganizationalUnitsForParent", parent, isUnit, in.MaxResults, in.NextToken, s.showUnit)
	if err != nil {
		return nil, err
	}
	return &organizations.ListOrganizationalUnitsForParentOutput{OrganizationalUnits: units, NextToken: next}, nil
}

// ListAccountsForParent shows the accounts directly below a parent.
func (s *Service) ListAccountsForParent(ctx context.Context, in *organizations.ListAccountsForParentInput) (*organizations.ListAccountsForParentOutput, error) {
	parent := aws.ToString(in.ParentId)
	if err := s.authorize(ctx, "ListAccountsForParent", s.containerARN(parent)); err != nil {
		return nil, err
	}
	accounts, next, err := below(s, "ListAccountsForParent", parent, isAccount, in.MaxResults, in.NextToken, s.showAccount)
	if err != nil {
		return nil, err
	}
	return &organizations.ListAccountsForParentOutput{Accounts: accounts, NextToken: next}, nil
}

// ListAccounts shows all accounts.
func (s *Service) ListAccounts(ctx context.Context, in *organizations.ListAccountsInput) (*organizations.ListAccountsOutput, error) {
	if err := s.authorize(ctx, "ListAccounts", "*"); err != nil {
		return nil, err
	}
	nodes, next, err := cut("ListAccounts", s.where(isAccount), in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &organizations.ListAccountsOutput{Accounts: show(nodes, s.showAccount), NextToken: next}, nil
}
