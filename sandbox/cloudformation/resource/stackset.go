package resource

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// StackSets are CloudFormation's stack sets.
type StackSets interface {
	CreateStackSet(context.Context, *cloudformation.CreateStackSetInput) (*cloudformation.CreateStackSetOutput, error)
	UpdateStackSet(context.Context, *cloudformation.UpdateStackSetInput) (*cloudformation.UpdateStackSetOutput, error)
	DeleteStackSet(context.Context, *cloudformation.DeleteStackSetInput) (*cloudformation.DeleteStackSetOutput, error)
	CreateStackInstances(context.Context, *cloudformation.CreateStackInstancesInput) (*cloudformation.CreateStackInstancesOutput, error)
	DeleteStackInstances(context.Context, *cloudformation.DeleteStackInstancesInput) (*cloudformation.DeleteStackInstancesOutput, error)
	DescribeStackSet(context.Context, *cloudformation.DescribeStackSetInput) (*cloudformation.DescribeStackSetOutput, error)
	DescribeStackSetOperation(context.Context, *cloudformation.DescribeStackSetOperationInput) (*cloudformation.DescribeStackSetOperationOutput, error)
	ListStackSetOperationResults(context.Context, *cloudformation.ListStackSetOperationResultsInput) (*cloudformation.ListStackSetOperationResultsOutput, error)
}

// CloudFormation returns the resource types that need no service but CloudFormation itself.
func CloudFormation(room StackSets) []*Type { return []*Type{stackSet(room), cdkMetadata()} }

// stackSet is AWS::CloudFormation::StackSet, with service-managed permissions.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
func stackSet(room StackSets) *Type {
	return &Type{
		Name: "AWS::CloudFormation::StackSet", NameProperty: "StackSetName",
		Properties: Object{
			"StackSetName":    text().need().replace(),
			"PermissionModel": oneOf("SERVICE_MANAGED", "SELF_MANAGED").need().replace().models("SERVICE_MANAGED"),
			"CallAs":          oneOf("SELF", "DELEGATED_ADMIN"), "Description": text(), "TemplateBody": text(),
			"Capabilities":     list(oneOf("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")),
			"AutoDeployment":   object(Object{"Enabled": boolean(), "RetainStacksOnAccountRemoval": boolean()}.lacking("DependsOn")),
			"ManagedExecution": object(Object{"Active": boolean()}),
			"OperationPreferences": object(Object{
				"FailureToleranceCount": integer().between(0, 1<<30), "FailureTolerancePercentage": integer().between(0, 100),
				"MaxConcurrentCount": integer().between(1, 1<<30), "MaxConcurrentPercentage": integer().between(0, 100), "RegionOrder": texts(),
				"RegionConcurrencyType": oneOf("SEQUENTIAL", "PARALLEL"), "ConcurrencyMode": oneOf("STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"),
			}),
			"Parameters": objects(Object{"ParameterKey": text().need(), "ParameterValue": text().need()}),
			"StackInstancesGroup": objects(Object{
				"DeploymentTargets": object(Object{"OrganizationalUnitIds": texts()}.lacking("AccountFilterType", "Accounts", "AccountsUrl")).need(),
				"Regions":           texts().need(),
			}.lacking("ParameterOverrides")),
			"Tags": tagList(),
		}.lacking("AdministrationRoleARN", "ExecutionRoleName", "TemplateURL"),
		Attributes: []string{"StackSetId"},
		Handler:    stackSets{room},
		Tagged:     true,
	}
}

// stackSets does what the handlers of the resource type do, in their order:
// https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-cloudformation/tree/master/aws-cloudformation-stackset
type stackSets struct{ room StackSets }

func (h stackSets) Create(ctx context.Context, r *Request) error {
	in := &cloudformation.CreateStackSetInput{}
	if err := fill(in, without(r.Properties, "OperationPreferences", "StackInstancesGroup", "Tags")); err != nil {
		return err
	}
	in.Tags = stackTags(r.tags())
	out, err := h.room.CreateStackSet(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.StackSetId)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"StackSetId": r.ID}})
	return h.deploy(ctx, r, targets(r.Properties))
}

// Update ends what is gone from the template, changes the set and its stacks, and
// makes what is new.
func (h stackSets) Update(ctx context.Context, r *Request) error {
	before, after := targets(r.Previous), targets(r.Properties)
	if err := h.withdraw(ctx, r, missing(before, after)); err != nil {
		return err
	}
	add, remove := r.retagged()
	if len(add)+len(remove) > 0 || r.changed("Description", "TemplateBody", "Capabilities", "AutoDeployment", "ManagedExecution", "Parameters") {
		if err := h.change(ctx, r); err != nil {
			return err
		}
	}
	return h.deploy(ctx, r, missing(after, before))
}

// change updates the set, which updates its stacks.
func (h stackSets) change(ctx context.Context, r *Request) error {
	in := &cloudformation.UpdateStackSetInput{}
	if err := fill(in, without(r.Properties, "StackInstancesGroup", "Tags")); err != nil {
		return err
	}
	in.StackSetName, in.Tags = &r.ID, stackTags(r.tags())
	return h.operate(ctx, r, func() (*string, error) {
		out, err := h.room.UpdateStackSet(ctx, in)
		if err != nil {
			return nil, err
		}
		return out.OperationId, nil
	})
}

// Delete deletes the instances that the template names and then the set.
func (h stackSets) Delete(ctx context.Context, r *Request) error {
	there, err := h.there(ctx, r)
	if err != nil {
		return gone(err)
	}
	if err := h.withdraw(ctx, r, there); err != nil {
		return gone(err)
	}
	return r.retry(ctx, func() error {
		_, err := h.room.DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: &r.ID, CallAs: callAs(r)})
		return err
	})
}

// there returns the units of the template that the set is deployed to: not those
// at which its creation failed.
func (h stackSets) there(ctx context.Context, r *Request) (map[string][]string, error) {
	out, err := h.room.DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: &r.ID, CallAs: callAs(r)})
	if err != nil {
		return nil, err
	}
	there := map[string][]string{}
	for region, units := range targets(r.Properties) {
		for _, unit := range units {
			if slices.Contains(out.StackSet.Regions, region) && slices.Contains(out.StackSet.OrganizationalUnitIds, unit) {
				there[region] = append(there[region], unit)
			}
		}
	}
	return there, nil
}

// deploy makes instances in the accounts of units.
func (h stackSets) deploy(ctx context.Context, r *Request, where map[string][]string) error {
	for _, region := range slices.Sorted(maps.Keys(where)) {
		in := &cloudformation.CreateStackInstancesInput{
			StackSetName: &r.ID, CallAs: callAs(r), Regions: []string{region}, DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: where[region]},
		}
		var err error
		if in.OperationPreferences, err = preferences(r); err != nil {
			return err
		}
		err = h.operate(ctx, r, func() (*string, error) {
			out, err := h.room.CreateStackInstances(ctx, in)
			if err != nil {
				return nil, err
			}
			return out.OperationId, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// withdraw deletes the instances in the accounts of units. Units that the set
// isn't deployed to any more are no error.
func (h stackSets) withdraw(ctx context.Context, r *Request, where map[string][]string) error {
	for _, region := range slices.Sorted(maps.Keys(where)) {
		in := &cloudformation.DeleteStackInstancesInput{
			StackSetName: &r.ID, CallAs: callAs(r), Regions: []string{region}, RetainStacks: aws.Bool(false),
			DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: where[region]},
		}
		var err error
		if in.OperationPreferences, err = preferences(r); err != nil {
			return err
		}
		err = h.operate(ctx, r, func() (*string, error) {
			out, err := h.room.DeleteStackInstances(ctx, in)
			if err != nil {
				return nil, err
			}
			return out.OperationId, nil
		})
		if err != nil && code(err) != "StackInstanceNotFoundException" {
			return err
		}
	}
	return nil
}

// The pace and the patience of the resource type's handlers: its schema has 36 hours.
const (
	setPace     = 5 * time.Second
	setPatience = 36 * time.Hour
)

// operate begins an operation, once no other is in its way, and waits for its end.
func (h stackSets) operate(ctx context.Context, r *Request, begin func() (*string, error)) error {
	var id *string
	return r.until(ctx, setPace, setPatience, func() (bool, error) {
		if id == nil {
			var err error
			if id, err = begin(); err != nil {
				if code(err) == "OperationInProgressException" {
					err = nil
				}
				return false, err
			}
		}
		return h.ended(ctx, r, id)
	})
}

// ended reports whether an operation has succeeded; one that ended otherwise is
// *Unstable, in the words of the resource type's handlers.
func (h stackSets) ended(ctx context.Context, r *Request, id *string) (bool, error) {
	out, err := h.room.DescribeStackSetOperation(ctx, &cloudformation.DescribeStackSetOperationInput{StackSetName: &r.ID, CallAs: callAs(r), OperationId: id})
	if err != nil {
		return false, err
	}
	o := out.StackSetOperation
	switch o.Status {
	case types.StackSetOperationStatusSucceeded:
		return true, nil
	case types.StackSetOperationStatusQueued, types.StackSetOperationStatusRunning:
		return false, nil
	}
	reasons := []string{aws.ToString(o.StatusReason)}
	if o.StatusReason == nil {
		if reasons, err = h.reasons(ctx, r, id); err != nil {
			return false, err
		}
	}
	return false, &Unstable{Reason: fmt.Sprintf(
		"Resource of type 'Stack set operation [%s] was unexpectedly stopped or failed. status reason(s): [%s]' with identifier '%s' did not stabilize.",
		*id, strings.Join(reasons, "] ["), r.ID)}
}

// reasons returns why an operation failed in its accounts, each reason once.
func (h stackSets) reasons(ctx context.Context, r *Request, id *string) ([]string, error) {
	var all []string
	in := &cloudformation.ListStackSetOperationResultsInput{StackSetName: &r.ID, CallAs: callAs(r), OperationId: id}
	for {
		out, err := h.room.ListStackSetOperationResults(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, s := range out.Summaries {
			if s.Status == types.StackSetOperationResultStatusFailed {
				all = append(all, aws.ToString(s.StatusReason))
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			slices.Sort(all)
			return slices.Compact(all), nil
		}
	}
}

// targets returns the units that properties name, by region.
func targets(properties map[string]any) map[string][]string {
	where := map[string][]string{}
	groups, _ := properties["StackInstancesGroup"].([]any)
	for _, g := range groups {
		group, _ := g.(map[string]any)
		target, _ := group["DeploymentTargets"].(map[string]any)
		for _, region := range strs(group, "Regions") {
			where[region] = append(where[region], strs(target, "OrganizationalUnitIds")...)
		}
	}
	return where
}

// missing returns what is in some and not in others.
func missing(some, others map[string][]string) map[string][]string {
	where := map[string][]string{}
	for region, units := range some {
		for _, unit := range units {
			if !slices.Contains(others[region], unit) {
				where[region] = append(where[region], unit)
			}
		}
	}
	return where
}

func callAs(r *Request) types.CallAs { return types.CallAs(str(r.Properties, "CallAs")) }

func preferences(r *Request) (*types.StackSetOperationPreferences, error) {
	given, ok := r.Properties["OperationPreferences"].(map[string]any)
	if !ok {
		return nil, nil
	}
	p := &types.StackSetOperationPreferences{}
	return p, fill(p, given)
}

// stackTags are tags as CloudFormation takes them.
func stackTags(tags [][2]string) []types.Tag {
	all := []types.Tag{}
	for _, t := range tags {
		all = append(all, types.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return all
}
