package org

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// above returns the unit that an account or OU stands in, climbing to the root
// as far as it is not known yet.
func (o *Organization) above(ctx context.Context, child string) (Unit, error) {
	parent, err := o.parentOf(ctx, child)
	if err != nil {
		return Unit{}, err
	}
	return o.unit(ctx, parent)
}

// unit returns the root or OU with that id.
func (o *Organization) unit(ctx context.Context, id string) (Unit, error) {
	if u, known := o.units[id]; known {
		return u, nil
	}
	if rootID.MatchString(id) {
		return o.findRoot(ctx)
	}
	out, err := o.api.DescribeOrganizationalUnit(ctx, &organizations.DescribeOrganizationalUnitInput{OrganizationalUnitId: &id})
	if err != nil {
		return Unit{}, explain(err)
	}
	parent, err := o.above(ctx, id)
	if err != nil {
		return Unit{}, err
	}
	return o.keep(parent, aws.ToString(out.OrganizationalUnit.Id), aws.ToString(out.OrganizationalUnit.Name)), nil
}

// keep remembers an OU below a unit.
func (o *Organization) keep(parent Unit, id, name string) Unit {
	u := Unit{ID: id, Name: name, Path: parent.Path + id + "/", NamePath: name}
	if parent.NamePath != "" {
		u.NamePath = parent.NamePath + "/" + name
	}
	o.units[id] = u
	o.parents[id] = parent.ID
	return u
}

// parentOf returns the id of the one parent that an account or OU has.
func (o *Organization) parentOf(ctx context.Context, child string) (string, error) {
	if parent, known := o.parents[child]; known {
		return parent, nil
	}
	for in := (&organizations.ListParentsInput{ChildId: &child}); ; {
		out, err := o.api.ListParents(ctx, in)
		if err != nil {
			return "", explain(err)
		}
		for _, p := range out.Parents {
			return o.keepParent(ctx, child, p)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return "", fmt.Errorf("%q has no parent", child)
		}
	}
}

// keepParent remembers a parent; the root needs no call of its own then.
func (o *Organization) keepParent(ctx context.Context, child string, p types.Parent) (string, error) {
	parent := aws.ToString(p.Id)
	if p.Type == types.ParentTypeRoot && o.root == nil {
		info, err := o.describe(ctx)
		if err != nil {
			return "", err
		}
		o.keepRoot(info, parent)
	}
	o.parents[child] = parent
	return parent, nil
}

// walk visits a unit and all below it.
func (o *Organization) walk(ctx context.Context, unit Unit, visit func(Unit) error) error {
	if err := visit(unit); err != nil {
		return err
	}
	children, err := o.unitsIn(ctx, unit)
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := o.walk(ctx, child, visit); err != nil {
			return err
		}
	}
	return nil
}

// unitsIn returns the OUs directly below a unit.
func (o *Organization) unitsIn(ctx context.Context, parent Unit) ([]Unit, error) {
	if units, known := o.children[parent.ID]; known {
		return units, nil
	}
	var units []Unit
	pages := organizations.NewListOrganizationalUnitsForParentPaginator(o.api, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent.ID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the OUs below %s: %w", parent, explain(err))
		}
		for _, u := range page.OrganizationalUnits {
			units = append(units, o.keep(parent, aws.ToString(u.Id), aws.ToString(u.Name)))
		}
	}
	o.children[parent.ID] = units
	return units, nil
}

// accountsIn returns the accounts directly in a unit.
func (o *Organization) accountsIn(ctx context.Context, parent Unit) ([]Account, error) {
	if accounts, known := o.accounts[parent.ID]; known {
		return accounts, nil
	}
	var accounts []Account
	pages := organizations.NewListAccountsForParentPaginator(o.api, &organizations.ListAccountsForParentInput{ParentId: &parent.ID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the accounts in %s: %w", parent, explain(err))
		}
		for _, a := range page.Accounts {
			id := aws.ToString(a.Id)
			o.parents[id] = parent.ID
			accounts = append(accounts, Account{ID: id, Name: aws.ToString(a.Name), OrgPath: parent.Path, Suspended: suspended(a)})
		}
	}
	o.accounts[parent.ID] = accounts
	return accounts, nil
}

// suspended goes by the state, and by the older status where no state is given:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
func suspended(a types.Account) bool {
	if a.State != "" {
		return a.State != types.AccountStateActive
	}
	return a.Status != types.AccountStatusActive
}

func sortByID(accounts []Account) {
	slices.SortFunc(accounts, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) })
}

// String names a unit for people: `OU "development" (ou-…)`.
func (u Unit) String() string {
	if u.NamePath == "" {
		return "the root (" + u.ID + ")"
	}
	return fmt.Sprintf("OU %q (%s)", u.NamePath, u.ID)
}

// notFound tells whether AWS says that there is no such OU, account or parent.
func notFound(err error) bool {
	var unit *types.OrganizationalUnitNotFoundException
	var child *types.ChildNotFoundException
	var parent *types.ParentNotFoundException
	return errors.As(err, &unit) || errors.As(err, &child) || errors.As(err, &parent)
}
