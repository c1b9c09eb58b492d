// Package org looks up accounts, organizational units and org paths in AWS
// Organizations.
//
// Organizations throttles early, so everything is asked for once and kept for
// the life of an [Organization], and no more is asked for than a question needs.
package org

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// API is what the package needs of *organizations.Client. The operations can be
// called with credentials of the management account or of a delegated
// administrator; DescribeOrganization with those of any member.
type API interface {
	DescribeOrganization(context.Context, *organizations.DescribeOrganizationInput, ...func(*organizations.Options)) (*organizations.DescribeOrganizationOutput, error)
	DescribeOrganizationalUnit(context.Context, *organizations.DescribeOrganizationalUnitInput, ...func(*organizations.Options)) (*organizations.DescribeOrganizationalUnitOutput, error)
	ListRoots(context.Context, *organizations.ListRootsInput, ...func(*organizations.Options)) (*organizations.ListRootsOutput, error)
	ListParents(context.Context, *organizations.ListParentsInput, ...func(*organizations.Options)) (*organizations.ListParentsOutput, error)
	ListOrganizationalUnitsForParent(context.Context, *organizations.ListOrganizationalUnitsForParentInput, ...func(*organizations.Options)) (*organizations.ListOrganizationalUnitsForParentOutput, error)
	ListAccountsForParent(context.Context, *organizations.ListAccountsForParentInput, ...func(*organizations.Options)) (*organizations.ListAccountsForParentOutput, error)
}

// Info is what is known of an organization as a whole.
type Info struct {
	ID                string `json:"id"`                // "o-…"
	ManagementAccount string `json:"managementAccount"` // 12 digits
}

// Unit is an organizational unit, or the root.
type Unit struct {
	ID   string `json:"id"`   // "ou-…" or "r-…"
	Name string `json:"name"` // "Root" for the root
	// Path is the org path, "o-…/r-…/ou-…/", as accounts directly in the unit
	// have it in aws:PrincipalOrgPaths.
	Path string `json:"path"`
	// NamePath is the way from the root in names: "development/team-a"; empty for
	// the root.
	NamePath string `json:"namePath"`
}

// Account is an account and where it stands.
type Account struct {
	ID        string `json:"id"` // 12 digits
	Name      string `json:"name"`
	OrgPath   string `json:"orgPath"`             // "o-…/r-…/ou-…/"
	Suspended bool   `json:"suspended,omitempty"` // suspended or being closed: nothing can be deployed into it
}

// Organization answers questions about one organization. It is safe for
// concurrent use; calls to AWS are made one at a time.
type Organization struct {
	api API

	mu       sync.Mutex
	info     *Info
	root     *Unit
	units    map[string]Unit      // by id, those met so far
	children map[string][]Unit    // by parent id
	accounts map[string][]Account // by parent id
	parents  map[string]string    // of accounts and OUs, by id
}

// New returns an Organization that asks api and knows nothing yet.
func New(api API) *Organization {
	return &Organization{
		api: api, units: map[string]Unit{}, children: map[string][]Unit{},
		accounts: map[string][]Account{}, parents: map[string]string{},
	}
}

// Describe returns the organization that the credentials belong to.
func (o *Organization) Describe(ctx context.Context) (Info, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.describe(ctx)
}

func (o *Organization) describe(ctx context.Context) (Info, error) {
	if o.info != nil {
		return *o.info, nil
	}
	out, err := o.api.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return Info{}, fmt.Errorf("describing the organization: %w", explain(err))
	}
	o.info = &Info{
		ID:                aws.ToString(out.Organization.Id),
		ManagementAccount: aws.ToString(out.Organization.MasterAccountId),
	}
	return *o.info, nil
}

// Root returns the root of the organization.
func (o *Organization) Root(ctx context.Context) (Unit, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.findRoot(ctx)
}

func (o *Organization) findRoot(ctx context.Context) (Unit, error) {
	if o.root != nil {
		return *o.root, nil
	}
	info, err := o.describe(ctx)
	if err != nil {
		return Unit{}, err
	}
	// There is one root, but a page may be empty although more follows.
	for in := (&organizations.ListRootsInput{}); ; {
		out, err := o.api.ListRoots(ctx, in)
		if err != nil {
			return Unit{}, fmt.Errorf("finding the organization's root: %w", explain(err))
		}
		for _, r := range out.Roots {
			o.keepRoot(info, aws.ToString(r.Id))
			return *o.root, nil
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return Unit{}, fmt.Errorf("finding the organization's root: organization %q shows none", info.ID)
		}
	}
}

// keepRoot remembers the root, met in whatever way.
func (o *Organization) keepRoot(info Info, id string) {
	root := Unit{ID: id, Name: "Root", Path: info.ID + "/" + id + "/"}
	o.root = &root
	o.units[id] = root
}

// Path returns an account's org path, "o-…/r-…/ou-…/".
func (o *Organization) Path(ctx context.Context, account string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	unit, err := o.above(ctx, account)
	if err != nil {
		return "", fmt.Errorf("finding the org path of account %q: %w", account, err)
	}
	return unit.Path, nil
}

// Accounts returns the accounts in a unit and below it, ordered by id.
func (o *Organization) Accounts(ctx context.Context, unit Unit) ([]Account, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []Account
	err := o.walk(ctx, unit, func(u Unit) error {
		accounts, err := o.accountsIn(ctx, u)
		out = append(out, accounts...)
		return err
	})
	if err != nil {
		return nil, err
	}
	sortByID(out)
	return out, nil
}
