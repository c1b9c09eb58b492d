package ecs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/iam"
)

// A family holds the revisions of a task definition; the first one is 1.
type family struct {
	name        string
	definitions []*definition
}

type definition struct {
	types.TaskDefinition // never changed but for its status
	tags                 []types.Tag
}

func (d *definition) arn() string { return *d.TaskDefinitionArn }

// container finds a container by its name; nil if there is none.
func (d *definition) container(name string) *types.ContainerDefinition {
	for i := range d.ContainerDefinitions {
		if value(d.ContainerDefinitions[i].Name) == name {
			return &d.ContainerDefinitions[i]
		}
	}
	return nil
}

// latest returns the newest active revision, or nil.
func (f *family) latest() *definition {
	for _, d := range slices.Backward(f.definitions) {
		if d.Status == types.TaskDefinitionStatusActive {
			return d
		}
	}
	return nil
}

// definition finds a task definition of the caller's by family (its latest
// active revision), family:revision or ARN; nil if there is none.
func (s *Service) definition(ctx context.Context, ref string) *definition {
	name, revision, exact := strings.Cut(s.name(ctx, "task-definition", ref), ":")
	f := s.account(iam.Caller(ctx).Account).families[name]
	if f == nil {
		return nil
	}
	if !exact {
		return f.latest()
	}
	n, err := strconv.Atoi(revision)
	if err != nil || n < 1 || n > len(f.definitions) {
		return nil
	}
	return f.definitions[n-1]
}

// RegisterTaskDefinition registers a new revision of a family. The caller has
// to be allowed to pass the roles it names to ecs-tasks.amazonaws.com.
func (s *Service) RegisterTaskDefinition(ctx context.Context, in *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error) {
	account := iam.Caller(ctx).Account
	if err := s.cfg.Auth.Authorize(ctx, "ecs:RegisterTaskDefinition", s.arn(account, "task-definition", value(in.Family)+":*")); err != nil {
		return nil, err
	}
	if err := s.check(in); err != nil {
		return nil, err
	}
	for _, role := range []*string{in.ExecutionRoleArn, in.TaskRoleArn} {
		if err := s.passRole(ctx, role); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	families := s.account(account).families
	f := families[*in.Family]
	if f == nil {
		f = &family{name: *in.Family}
		families[f.name] = f
	}
	d := s.revision(ctx, f, in)
	f.definitions = append(f.definitions, d)
	shape := d.TaskDefinition
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: &shape, Tags: slices.Clone(d.tags)}, nil
}

// passRole asks whether the caller may hand a role to tasks.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (s *Service) passRole(ctx context.Context, role *string) error {
	if value(role) == "" {
		return nil
	}
	return s.cfg.Auth.AuthorizeWith(ctx, "iam:PassRole", roleARN(iam.Caller(ctx).Account, *role),
		map[string][]string{"iam:PassedToService": {tasksPrincipal}})
}

// tasksPrincipal is who assumes the roles of tasks.
const tasksPrincipal = "ecs-tasks.amazonaws.com"

// roleARN is the ARN of a role that is given by ARN or, as ECS allows, by name.
func roleARN(account, role string) string {
	if strings.HasPrefix(role, "arn:") {
		return role
	}
	return "arn:aws:iam::" + account + ":role/" + role
}

func (s *Service) revision(ctx context.Context, f *family, in *ecs.RegisterTaskDefinitionInput) *definition {
	caller := iam.Caller(ctx)
	n := len(f.definitions) + 1
	d := types.TaskDefinition{
		TaskDefinitionArn: new(s.arn(caller.Account, "task-definition", f.name+":"+strconv.Itoa(n))), Family: &f.name, Revision: int32(n),
		Status: types.TaskDefinitionStatusActive, RegisteredAt: new(s.cfg.Clock.Now()), RegisteredBy: &caller.ARN,
		Cpu: in.Cpu, Memory: in.Memory, NetworkMode: in.NetworkMode, ExecutionRoleArn: in.ExecutionRoleArn, TaskRoleArn: in.TaskRoleArn,
		RequiresCompatibilities: slices.Clone(in.RequiresCompatibilities), RuntimePlatform: in.RuntimePlatform,
		Compatibilities:      []types.Compatibility{types.CompatibilityEc2, types.CompatibilityFargate},
		ContainerDefinitions: slices.Clone(in.ContainerDefinitions), Volumes: slices.Clone(in.Volumes), EphemeralStorage: in.EphemeralStorage, PlacementConstraints: []types.TaskDefinitionPlacementConstraint{},
	}
	for i := range d.ContainerDefinitions {
		complete(&d.ContainerDefinitions[i])
	}
	return &definition{TaskDefinition: d, tags: slices.Clone(in.Tags)}
}

// complete fills in what a container definition leaves out.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
func complete(c *types.ContainerDefinition) {
	if c.Essential == nil {
		c.Essential = new(true)
	}
	c.PortMappings = slices.Clone(c.PortMappings)
	for i := range c.PortMappings { // awsvpc: a container's port is the task's
		c.PortMappings[i].HostPort = c.PortMappings[i].ContainerPort
		c.PortMappings[i].Protocol = types.TransportProtocolTcp
	}
	if h := c.HealthCheck; h != nil {
		filled := *h
		filled.Interval, filled.Timeout, filled.Retries = cmp.Or(h.Interval, new(int32(30))), cmp.Or(h.Timeout, new(int32(5))), cmp.Or(h.Retries, new(int32(3)))
		c.HealthCheck = &filled
	}
}

// DescribeTaskDefinition describes a revision, also an inactive one.
func (s *Service) DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:DescribeTaskDefinition", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.definition(ctx, value(in.TaskDefinition))
	if d == nil {
		return nil, clientError("Unable to describe task definition.")
	}
	shape := d.TaskDefinition
	out := &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &shape}
	if slices.Contains(in.Include, types.TaskDefinitionFieldTags) {
		out.Tags = slices.Clone(d.tags)
	}
	return out, nil
}

// DeregisterTaskDefinition makes a revision inactive: what runs with it goes
// on, and nothing new can use it.
func (s *Service) DeregisterTaskDefinition(ctx context.Context, in *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:DeregisterTaskDefinition", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(last(value(in.TaskDefinition)), ":") {
		return nil, invalid("TaskDefinition should contain revision, format: family:revision or full ARN")
	}
	d := s.definition(ctx, *in.TaskDefinition)
	if d == nil {
		return nil, clientError("The specified task definition does not exist. Specify a valid account, family, revision and try again.")
	}
	if d.Status == types.TaskDefinitionStatusActive {
		d.Status = types.TaskDefinitionStatusInactive
		d.DeregisteredAt = new(s.cfg.Clock.Now())
	}
	shape := d.TaskDefinition
	return &ecs.DeregisterTaskDefinitionOutput{TaskDefinition: &shape}, nil
}

// ListTaskDefinitions lists revisions by ARN, active ones unless told
// otherwise, by family and revision; DESC turns the revisions round.
func (s *Service) ListTaskDefinitions(ctx context.Context, in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:ListTaskDefinitions", "*"); err != nil {
		return nil, err
	}
	status := in.Status
	if status == "" {
		status = types.TaskDefinitionStatusActive
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for f := range maps.Values(s.account(iam.Caller(ctx).Account).families) {
		for _, d := range f.definitions {
			if d.Status == status && (in.FamilyPrefix == nil || *in.FamilyPrefix == f.name) {
				keys = append(keys, sortKey(d, in.Sort == types.SortOrderDesc))
			}
		}
	}
	keys, next, err := cut("ListTaskDefinitions", keys, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListTaskDefinitionsOutput{NextToken: next}
	for _, key := range keys {
		_, arn, _ := strings.Cut(key, " ")
		out.TaskDefinitionArns = append(out.TaskDefinitionArns, arn)
	}
	return out, nil
}

// sortKey is text that sorts revisions of a family by number, before their ARN.
func sortKey(d *definition, descending bool) string {
	n := d.Revision
	if descending {
		n = math.MaxInt32 - n
	}
	return fmt.Sprintf("%s:%010d %s", *d.Family, n, d.arn())
}

// ListTaskDefinitionFamilies lists families whose name begins with a prefix:
// those with an active revision, those without, or all.
func (s *Service) ListTaskDefinitionFamilies(ctx context.Context, in *ecs.ListTaskDefinitionFamiliesInput) (*ecs.ListTaskDefinitionFamiliesOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:ListTaskDefinitionFamilies", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for f := range maps.Values(s.account(iam.Caller(ctx).Account).families) {
		status := types.TaskDefinitionFamilyStatusInactive
		if f.latest() != nil {
			status = types.TaskDefinitionFamilyStatusActive
		}
		all := in.Status == "" || in.Status == types.TaskDefinitionFamilyStatusAll
		if strings.HasPrefix(f.name, value(in.FamilyPrefix)) && (all || in.Status == status) {
			names = append(names, f.name)
		}
	}
	names, next, err := cut("ListTaskDefinitionFamilies", names, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTaskDefinitionFamiliesOutput{Families: names, NextToken: next}, nil
}
