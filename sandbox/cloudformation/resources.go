package cloudformation

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// resourcesPerPage is how many resources ListStackResources gives at a time.
const resourcesPerPage = 100

// DescribeStackResources shows the resources of a stack, or one of them; the
// stack may be named by the physical id of one of its resources.
func (s *Service) DescribeStackResources(ctx context.Context, in *cfn.DescribeStackResourcesInput) (*cfn.DescribeStackResourcesOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "DescribeStackResources", name); err != nil {
		return nil, err
	}
	if err := notEmpty(in.StackName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.stackOf(ctx, name, in.PhysicalResourceId)
	if err != nil {
		return nil, err
	}
	out := &cfn.DescribeStackResourcesOutput{}
	for _, r := range st.resources {
		if in.LogicalResourceId != nil && *in.LogicalResourceId != r.id {
			continue
		}
		out.StackResources = append(out.StackResources, types.StackResource{
			StackId: &st.id, StackName: &st.name, LogicalResourceId: aws.String(r.id), PhysicalResourceId: nonEmpty(r.physical),
			ResourceType: aws.String(r.typeName), ResourceStatus: r.status, ResourceStatusReason: nonEmpty(r.reason), Timestamp: aws.Time(r.changed),
			DriftInformation: &types.StackResourceDriftInformation{StackResourceDriftStatus: types.StackResourceDriftStatusNotChecked},
		})
	}
	if in.LogicalResourceId != nil && len(out.StackResources) == 0 {
		return nil, noResource(*in.LogicalResourceId, st)
	}
	return out, nil
}

func (s *Service) stackOf(ctx context.Context, name string, physical *string) (*stack, error) {
	if name != "" {
		if st := s.find(ctx, name); st != nil {
			return st, nil
		}
		return nil, notThere(name)
	}
	if physical == nil {
		return nil, invalid("Either StackName or PhysicalResourceId must be specified")
	}
	for _, st := range s.account(ctx).stacks {
		for _, r := range st.resources {
			if r.exists && r.physical == *physical {
				return st, nil
			}
		}
	}
	return nil, invalid("Stack for %s does not exist", *physical)
}

func noResource(id string, st *stack) error {
	return invalid("Resource %s does not exist for stack %s", id, st.name)
}

// DescribeStackResource shows one resource of a stack.
func (s *Service) DescribeStackResource(ctx context.Context, in *cfn.DescribeStackResourceInput) (*cfn.DescribeStackResourceOutput, error) {
	name, id := aws.ToString(in.StackName), aws.ToString(in.LogicalResourceId)
	if err := s.authorize(ctx, "DescribeStackResource", name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil {
		return nil, invalid("Stack '%s' does not exist", name)
	}
	r := st.resource(id)
	if r == nil {
		return nil, noResource(id, st)
	}
	d := &types.StackResourceDetail{
		StackId: &st.id, StackName: &st.name, LogicalResourceId: aws.String(r.id), PhysicalResourceId: nonEmpty(r.physical),
		ResourceType: aws.String(r.typeName), ResourceStatus: r.status, ResourceStatusReason: nonEmpty(r.reason), LastUpdatedTimestamp: aws.Time(r.changed),
		DriftInformation: &types.StackResourceDriftInformation{StackResourceDriftStatus: types.StackResourceDriftStatusNotChecked},
	}
	if st.current != nil && st.current.processed != nil {
		if res, ok := st.current.processed.Resource(id); ok && res.Metadata != nil {
			d.Metadata = aws.String(string(res.Metadata.JSON()))
		}
	}
	return &cfn.DescribeStackResourceOutput{StackResourceDetail: d}, nil
}

// ListStackResources lists the resources of a stack.
func (s *Service) ListStackResources(ctx context.Context, in *cfn.ListStackResourcesInput) (*cfn.ListStackResourcesOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "ListStackResources", name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil {
		return nil, notThere(name)
	}
	some, next, err := pageOf("ListStackResources "+st.id, st.resources, nil, in.NextToken, resourcesPerPage)
	out := &cfn.ListStackResourcesOutput{NextToken: next}
	for _, r := range some {
		out.StackResourceSummaries = append(out.StackResourceSummaries, types.StackResourceSummary{
			LogicalResourceId: aws.String(r.id), PhysicalResourceId: nonEmpty(r.physical), ResourceType: aws.String(r.typeName),
			ResourceStatus: r.status, ResourceStatusReason: nonEmpty(r.reason), LastUpdatedTimestamp: aws.Time(r.changed),
			DriftInformation: &types.StackResourceDriftInformationSummary{StackResourceDriftStatus: types.StackResourceDriftStatusNotChecked},
		})
	}
	return out, err
}
