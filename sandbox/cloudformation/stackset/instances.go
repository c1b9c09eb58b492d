package stackset

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/organizations"
	"orgship/sandbox/wire"
)

// CreateStackInstances deploys a stack set to units: to all accounts below them,
// but never to the management account.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackInstances.html
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-associate-stackset-with-org.html
//
// The permission is asked for on the stack set alone; AWS asks for it on its
// targets and resource types as well:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
func (s *Service) CreateStackInstances(ctx context.Context, in *cfn.CreateStackInstancesInput) (*cfn.CreateStackInstancesOutput, error) {
	o, err := s.instanceOperation(ctx, types.StackSetOperationActionCreate, in.CallAs, in.StackSetName, in.OperationId, in.OperationPreferences)
	if err != nil {
		return nil, err
	}
	if o.units, err = s.targets(in.DeploymentTargets, in.Regions); err != nil {
		return nil, err
	}
	reached, missing := s.reach(o.units)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := o.set.admits(o); err != nil {
		return nil, err
	}
	if missing {
		// As an account of it has it, this isn't refused; the operation fails.
		// https://github.com/elastic/cloudbeat/issues/2681
		o.reason = "Target organizational unit could not be found"
	} else {
		o.extend(reached)
	}
	s.begin(o)
	return &cfn.CreateStackInstancesOutput{OperationId: &o.id}, nil
}

// instanceOperation authorizes a change of a set's instances and prepares it.
func (s *Service) instanceOperation(
	ctx context.Context, action types.StackSetOperationAction, as types.CallAs, name, id *string, p *types.StackSetOperationPreferences,
) (*operation, error) {
	verb := "CreateStackInstances"
	if action == types.StackSetOperationActionDelete {
		verb = "DeleteStackInstances"
	}
	deployed, err := s.change(ctx, verb, as, name)
	if err != nil {
		return nil, err
	}
	return newOperation(deployed, action, id, p)
}

// extend has the operation deploy its set to its units and the accounts there.
// Call it with s.mu held.
func (o *operation) extend(reached []reachedAccount) {
	for _, unit := range o.units {
		if !slices.Contains(o.set.units, unit) {
			o.set.units = append(o.set.units, unit)
		}
	}
	for _, r := range reached {
		if i := o.set.ensure(r.account.ID, r.unit); !i.suspend(r.account) {
			o.add(r.account.ID, r.unit)
		}
	}
}

// DeleteStackInstances ends the deployment of a stack set to units.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStackInstances.html
//
// Assumption A111: an account below another unit that the set is deployed to
// keeps its stack.
func (s *Service) DeleteStackInstances(ctx context.Context, in *cfn.DeleteStackInstancesInput) (*cfn.DeleteStackInstancesOutput, error) {
	o, err := s.instanceOperation(ctx, types.StackSetOperationActionDelete, in.CallAs, in.StackSetName, in.OperationId, in.OperationPreferences)
	if err != nil {
		return nil, err
	}
	if o.units, err = s.targets(in.DeploymentTargets, in.Regions); err != nil {
		return nil, err
	}
	o.retain = aws.ToBool(in.RetainStacks)
	s.mu.Lock()
	left := o.set.without(o.units)
	s.mu.Unlock()
	reached, _ := s.reach(left)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := o.set.admits(o); err != nil {
		return nil, err
	}
	if err := o.set.has(o.units); err != nil {
		return nil, err
	}
	o.reduce(reached)
	s.begin(o)
	return &cfn.DeleteStackInstancesOutput{OperationId: &o.id}, nil
}

// without returns the set's units but for some.
func (s *set) without(units []string) []string {
	return slices.DeleteFunc(slices.Clone(s.units), func(u string) bool { return slices.Contains(units, u) })
}

// reduce has the operation take its units from its set, with the instances that
// they brought and that the units that are left don't reach. Call it with s.mu held.
func (o *operation) reduce(reached []reachedAccount) {
	o.set.units = o.set.without(o.units)
	for _, i := range o.set.instances {
		at := slices.IndexFunc(reached, func(r reachedAccount) bool { return r.account.ID == i.account })
		switch {
		case !slices.Contains(o.units, i.unit):
		case at >= 0:
			i.unit = reached[at].unit
		default:
			o.add(i.account, i.unit)
		}
	}
}

// has refuses units that the set isn't deployed to.
//
// Assumption A114: the words are those of UpdateStackInstances; the code is the one
// that the resource type's handlers take for "gone already".
// https://github.com/hashicorp/terraform-provider-aws/issues/33785
func (s *set) has(units []string) error {
	for _, unit := range units {
		if !slices.Contains(s.targets(), unit) {
			return notFound("StackInstanceNotFoundException", "Organizational unit %s not found in StackSet", unit)
		}
	}
	return nil
}

// targets checks where a stack set is to be deployed and returns the units' ids.
func (s *Service) targets(t *types.DeploymentTargets, regions []string) ([]string, error) {
	for _, region := range regions {
		if region != s.cfg.Region {
			return nil, wire.NotModelled("the region %q: there is %s alone", region, s.cfg.Region)
		}
	}
	switch {
	case len(regions) == 0:
		return nil, invalid("Regions must contain at least one region")
	case t == nil || len(t.OrganizationalUnitIds) == 0:
		// https://github.com/aws/aws-cli/issues/8248
		return nil, invalid("StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
	case len(t.Accounts) > 0 || t.AccountsUrl != nil:
		return nil, wire.NotModelled("accounts in DeploymentTargets: give OrganizationalUnitIds alone")
	case t.AccountFilterType != "" && t.AccountFilterType != types.AccountFilterTypeNone:
		return nil, wire.NotModelled("AccountFilterType %s", t.AccountFilterType)
	}
	var units []string
	for _, unit := range t.OrganizationalUnitIds {
		if err := matches(unitPattern, unit, "deploymentTargets.organizationalUnitIds"); err != nil {
			return nil, err
		}
		if !slices.Contains(units, unit) {
			units = append(units, unit)
		}
	}
	return units, nil
}

// reachedAccount is an account below a unit.
type reachedAccount struct {
	account organizations.Account
	unit    string
}

// reach returns the accounts below units, each once, and whether one of the
// units is missing. The management account is never among them.
func (s *Service) reach(units []string) (reached []reachedAccount, missing bool) {
	for _, unit := range units {
		accounts, there := s.cfg.Organization.Below(unit)
		missing = missing || !there
		for _, a := range accounts {
			known := slices.ContainsFunc(reached, func(r reachedAccount) bool { return r.account.ID == a.ID })
			if !known && a.ID != s.cfg.Organization.Management() {
				reached = append(reached, reachedAccount{a, unit})
			}
		}
	}
	return reached, missing
}
