package stackset

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// CreateStackSet makes a stack set without instances.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
func (s *Service) CreateStackSet(ctx context.Context, in *cfn.CreateStackSetInput) (*cfn.CreateStackSetOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "cloudformation:CreateStackSet", "*"); err != nil {
		return nil, err
	}
	name := aws.ToString(in.StackSetName)
	if err := checkCreate(in, name); err != nil {
		return nil, err
	}
	if err := s.administers(ctx, in.CallAs); err != nil {
		return nil, err
	}
	if err := s.operable(); err != nil {
		return nil, err
	}
	made := &set{
		name: name, token: aws.ToString(in.ClientRequestToken), status: types.StackSetStatusActive, auto: *in.AutoDeployment,
		managed: in.ManagedExecution != nil && aws.ToBool(in.ManagedExecution.Active),
		definition: definition{
			body: aws.ToString(in.TemplateBody), description: aws.ToString(in.Description),
			parameters: in.Parameters, tags: in.Tags, capabilities: in.Capabilities,
		},
	}
	made.id = name + ":" + id.UUID()
	made.arn = "arn:aws:cloudformation:" + s.cfg.Region + ":" + s.cfg.Organization.Management() + ":stackset/" + made.id
	if err := s.checkDefinition(ctx, made.definition); err != nil {
		return nil, err
	}
	return s.add(made)
}

// add puts a new stack set beside the others. A request that is repeated is
// answered as the first time.
func (s *Service) add(made *set) (*cfn.CreateStackSetOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if there := s.find(made.name); there != nil {
		if made.token != "" && there.token == made.token {
			return &cfn.CreateStackSetOutput{StackSetId: &there.id}, nil
		}
		return nil, conflict("NameAlreadyExistsException", "StackSet already exists: %s", made.name)
	}
	s.sets = append(s.sets, made)
	return &cfn.CreateStackSetOutput{StackSetId: &made.id}, nil
}

// checkCreate refuses what can be seen of the request alone.
func checkCreate(in *cfn.CreateStackSetInput, name string) error {
	if err := matches(setName, name, "stackSetName"); err != nil {
		return err
	}
	model := cmp.Or(in.PermissionModel, types.PermissionModelsSelfManaged) // AWS's default
	switch {
	case model == types.PermissionModelsSelfManaged:
		return wire.NotModelled("stack sets with PermissionModel SELF_MANAGED, the default: give SERVICE_MANAGED")
	case model != types.PermissionModelsServiceManaged:
		return constraint(string(model), "permissionModel", "Member must satisfy enum value set: [SERVICE_MANAGED, SELF_MANAGED]")
	case in.TemplateURL != nil:
		return notS3()
	}
	// Assumption A109: the words of these refusals. The reference says that a
	// service-managed stack set requires AutoDeployment.
	if in.AutoDeployment == nil {
		return invalid("AutoDeployment is required for PermissionModel SERVICE_MANAGED")
	}
	return checkAuto(in.AutoDeployment)
}

func checkAuto(a *types.AutoDeployment) error {
	switch {
	case a == nil:
		return nil
	case len(a.DependsOn) > 0:
		return wire.NotModelled("the member AutoDeployment.DependsOn")
	case a.Enabled == nil:
		return invalid("AutoDeployment.Enabled must be specified")
	case !*a.Enabled && a.RetainStacksOnAccountRemoval != nil:
		// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_AutoDeployment.html
		return invalid("AutoDeployment.RetainStacksOnAccountRemoval can be specified only if AutoDeployment.Enabled is true")
	}
	return nil
}

func notS3() error {
	return wire.NotModelled("the member TemplateURL of a stack set: give the template as TemplateBody")
}

// checkDefinition refuses what CreateStack would refuse at once.
//
// Assumption A110: AWS documents that it validates the template, not how much of
// it, nor that it looks at the parameters' values.
func (s *Service) checkDefinition(ctx context.Context, d definition) error {
	return s.cfg.Stacks.Check(ctx, &cfn.CreateStackInput{
		TemplateBody: &d.body, Parameters: d.parameters, Tags: d.tags, Capabilities: d.capabilities,
	})
}

// UpdateStackSet changes a stack set and then all its stacks. The set is changed
// even if its stacks can't be.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStackSet.html
func (s *Service) UpdateStackSet(ctx context.Context, in *cfn.UpdateStackSetInput) (*cfn.UpdateStackSetOutput, error) {
	changed, err := s.change(ctx, "UpdateStackSet", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	if err := checkUpdate(in); err != nil {
		return nil, err
	}
	o, err := newOperation(changed, types.StackSetOperationActionUpdate, in.OperationId, in.OperationPreferences)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	was := changed.definition
	s.mu.Unlock()
	d, err := was.updated(in)
	if err != nil {
		return nil, err
	}
	if err := s.checkDefinition(ctx, d); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := changed.admits(o); err != nil {
		return nil, err
	}
	changed.definition = d
	changed.configure(in)
	for _, i := range changed.instances {
		if i.updatable() {
			o.add(i.account, i.unit)
		}
	}
	s.begin(o)
	return &cfn.UpdateStackSetOutput{OperationId: &o.id}, nil
}

// checkUpdate refuses what can be seen of the request alone.
func checkUpdate(in *cfn.UpdateStackSetInput) error {
	switch {
	case in.TemplateURL != nil:
		return notS3()
	case in.PermissionModel != "" && in.PermissionModel != types.PermissionModelsServiceManaged:
		return wire.NotModelled("a change of PermissionModel")
	case aws.ToBool(in.UsePreviousTemplate) && in.TemplateBody != nil:
		return invalid("Cannot specify both usePreviousTemplate and a template")
	case !aws.ToBool(in.UsePreviousTemplate) && in.TemplateBody == nil:
		return invalid("Either Template URL or Template Body must be specified.")
	}
	return checkAuto(in.AutoDeployment)
}

// updated returns what the stacks are to be made of.
func (d definition) updated(in *cfn.UpdateStackSetInput) (definition, error) {
	was := d.parameters
	if in.TemplateBody != nil {
		d.body = *in.TemplateBody
	}
	if in.Description != nil {
		d.description = *in.Description
	}
	if in.Tags != nil {
		d.tags = in.Tags
	}
	d.capabilities, d.parameters = in.Capabilities, nil
	for _, p := range in.Parameters {
		if aws.ToBool(p.UsePreviousValue) {
			i := slices.IndexFunc(was, func(w types.Parameter) bool { return aws.ToString(w.ParameterKey) == aws.ToString(p.ParameterKey) })
			if i < 0 {
				return d, invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", aws.ToString(p.ParameterKey))
			}
			p = was[i]
		}
		d.parameters = append(d.parameters, p)
	}
	return d, nil
}

// configure changes how the set is deployed.
func (s *set) configure(in *cfn.UpdateStackSetInput) {
	if in.AutoDeployment != nil {
		s.auto = *in.AutoDeployment
	}
	if in.ManagedExecution != nil {
		s.managed = aws.ToBool(in.ManagedExecution.Active)
	}
}

// DeleteStackSet deletes a stack set that has no instances any more.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStackSet.html
func (s *Service) DeleteStackSet(ctx context.Context, in *cfn.DeleteStackSetInput) (*cfn.DeleteStackSetOutput, error) {
	deleted, err := s.open(ctx, "DeleteStackSet", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if deleted.busy() != nil {
		return nil, deleted.inProgress()
	}
	if len(deleted.instances) > 0 {
		return nil, conflict("StackSetNotEmptyException", "StackSet is not empty")
	}
	deleted.status, deleted.units = types.StackSetStatusDeleted, nil
	return &cfn.DeleteStackSetOutput{}, nil
}

func (s *set) inProgress() error {
	return conflict("OperationInProgressException", "Another Operation on StackSet %s is in progress", s.arn)
}
