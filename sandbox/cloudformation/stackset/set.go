package stackset

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/organizations"
)

// definition is what the stacks of a set are made of.
type definition struct {
	body, description string
	parameters        []types.Parameter
	tags              []types.Tag
	capabilities      []types.Capability
}

// set is one stack set. Service.mu guards it. All belong to the organization's
// management account, also those that a delegated administrator made.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html
type set struct {
	id, name, arn string
	token         string // ClientRequestToken
	status        types.StackSetStatus
	definition
	auto       types.AutoDeployment
	managed    bool     // ManagedExecution
	units      []string // ids of roots and OUs that it is deployed to
	instances  []*instance
	operations []*operation // oldest first
}

// instance is the set's stack in one account.
type instance struct {
	account   string
	unit      string // the target that brought it here
	stackID   string // of the last one made, "" before
	exists    bool   // that stack is there
	status    types.StackInstanceStatus
	detail    types.StackInstanceDetailedStatus
	reason    string
	operation string // id of the last one
}

// enter puts the instance into a state.
func (i *instance) enter(status types.StackInstanceStatus, detail types.StackInstanceDetailedStatus, reason string) {
	i.status, i.detail, i.reason = status, detail, reason
}

// suspend marks the instance of an account that is suspended: it gets no stack.
// The words are AWS's: https://github.com/ansible-collections/community.aws/issues/2358
func (i *instance) suspend(a organizations.Account) bool {
	if a.Suspended {
		i.enter(types.StackInstanceStatusOutdated, types.StackInstanceDetailedStatusSkippedSuspendedAccount,
			"This account is suspended. To remove this instance from the stack set, run DeleteStackInstances with the RetainStacks parameter.")
	}
	return a.Suspended
}

// updatable reports whether updates of the set reach the instance: not when its
// account was suspended, nor once it couldn't be deleted.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstance.html
func (i *instance) updatable() bool {
	return i.detail != types.StackInstanceDetailedStatusSkippedSuspendedAccount && i.status != types.StackInstanceStatusInoperable
}

// find returns the stack set with a name or id. A deleted one is found by its id
// only. Call it with s.mu held.
func (s *Service) find(nameOrID string) *set {
	for _, st := range slices.Backward(s.sets) {
		if st.id == nameOrID || st.arn == nameOrID || st.name == nameOrID && st.status == types.StackSetStatusActive {
			return st
		}
	}
	return nil
}

func (s *set) instance(account string) *instance {
	for _, i := range s.instances {
		if i.account == account {
			return i
		}
	}
	return nil
}

// ensure returns the instance of an account, made when there is none.
func (s *set) ensure(account, unit string) *instance {
	if i := s.instance(account); i != nil {
		return i
	}
	i := &instance{account: account, unit: unit}
	s.instances = append(s.instances, i)
	return i
}

// remove takes the instance of an account out of the set.
func (s *set) remove(account string) {
	s.instances = slices.DeleteFunc(s.instances, func(i *instance) bool { return i.account == account })
}

// busy returns the oldest operation that hasn't ended, or nil.
func (s *set) busy() *operation {
	for _, o := range s.operations {
		if o.ended.IsZero() {
			return o
		}
	}
	return nil
}

// targets returns the units that the set is deployed to, and those of instances
// that couldn't be deleted: who tries again names them.
func (s *set) targets() []string {
	units := slices.Clone(s.units)
	for _, i := range s.instances {
		if !slices.Contains(units, i.unit) {
			units = append(units, i.unit)
		}
	}
	return units
}

// planned reports whether an account will have an instance once all operations
// are done.
func (s *set) planned(account string) bool {
	for _, o := range slices.Backward(s.operations) {
		if o.ended.IsZero() && o.touches(account) {
			return o.action != types.StackSetOperationActionDelete
		}
	}
	return s.instance(account) != nil
}

// retains reports whether stacks stay in accounts that leave.
func (s *set) retains() bool { return aws.ToBool(s.auto.RetainStacksOnAccountRemoval) }

func (s *set) describe(region string) *types.StackSet {
	auto := s.auto
	d := &types.StackSet{
		StackSetId: &s.id, StackSetName: &s.name, StackSetARN: &s.arn, Status: s.status, Description: nonEmpty(s.description),
		TemplateBody: aws.String(s.body), Parameters: s.parameters, Tags: s.tags, Capabilities: s.capabilities,
		PermissionModel: types.PermissionModelsServiceManaged, AutoDeployment: &auto, ManagedExecution: &types.ManagedExecution{Active: aws.Bool(s.managed)},
		OrganizationalUnitIds: s.targets(),
	}
	if len(s.instances) > 0 {
		d.Regions = []string{region}
	}
	return d
}

func (s *set) summary() types.StackSetSummary {
	auto := s.auto
	return types.StackSetSummary{
		StackSetId: &s.id, StackSetName: &s.name, Status: s.status, Description: nonEmpty(s.description), AutoDeployment: &auto,
		PermissionModel: types.PermissionModelsServiceManaged, ManagedExecution: &types.ManagedExecution{Active: aws.Bool(s.managed)},
		DriftStatus: types.StackDriftStatusNotChecked,
	}
}

func (i *instance) describe(setID, region string) *types.StackInstance {
	return &types.StackInstance{
		StackSetId: &setID, Account: &i.account, Region: &region, OrganizationalUnitId: nonEmpty(i.unit), StackId: nonEmpty(i.stackID),
		Status: i.status, StatusReason: nonEmpty(i.reason), LastOperationId: nonEmpty(i.operation), DriftStatus: types.StackDriftStatusNotChecked,
		StackInstanceStatus: &types.StackInstanceComprehensiveStatus{DetailedStatus: i.detail},
	}
}

func (i *instance) summary(setID, region string) types.StackInstanceSummary {
	d := i.describe(setID, region)
	return types.StackInstanceSummary{
		StackSetId: d.StackSetId, Account: d.Account, Region: d.Region, OrganizationalUnitId: d.OrganizationalUnitId, StackId: d.StackId,
		Status: d.Status, StatusReason: d.StatusReason, LastOperationId: d.LastOperationId, DriftStatus: d.DriftStatus,
		StackInstanceStatus: d.StackInstanceStatus,
	}
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// timeOf returns a time, nil for the zero one.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
