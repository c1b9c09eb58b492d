package codedeploy

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// pageSize is how many deployments ListDeployments returns at once.
const pageSize = 100

// ListDeployments lists the ids of deployments, the newest first; ExternalId
// is a stack's id.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html
func (s *Service) ListDeployments(ctx context.Context, in *codedeploy.ListDeploymentsInput) (*codedeploy.ListDeploymentsOutput, error) {
	if err := s.authorize(ctx, "ListDeployments"); err != nil {
		return nil, err
	}
	if err := checkList(in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []string{}
	for _, d := range slices.Backward(s.deployments[iam.Caller(ctx).Account]) {
		if d.listed(in) {
			ids = append(ids, d.id)
		}
	}
	if in.NextToken != nil {
		last, err := base64.RawURLEncoding.DecodeString(*in.NextToken)
		i := slices.Index(ids, string(last))
		if err != nil || i < 0 {
			return nil, wire.Errorf("InvalidNextTokenException", "The next token %s is not valid.", *in.NextToken)
		}
		ids = ids[i+1:]
	}
	out := &codedeploy.ListDeploymentsOutput{Deployments: ids}
	if len(ids) > pageSize {
		out.Deployments = ids[:pageSize]
		out.NextToken = new(base64.RawURLEncoding.EncodeToString([]byte(ids[pageSize-1])))
	}
	return out, nil
}

// checkList refuses bad filters. Applications and deployment groups do not
// exist in the sandbox: the hook makes none.
func checkList(in *codedeploy.ListDeploymentsInput) error {
	switch {
	case in.ApplicationName != nil && in.DeploymentGroupName == nil:
		return wire.Errorf("DeploymentGroupNameRequiredException", "Deployment Group name is missing")
	case in.ApplicationName == nil && in.DeploymentGroupName != nil:
		return wire.Errorf("ApplicationNameRequiredException", "Application name is missing")
	case in.ApplicationName != nil:
		return wire.Errorf("ApplicationDoesNotExistException", "No application found for name: %s", *in.ApplicationName)
	}
	for _, status := range in.IncludeOnlyStatuses {
		if !slices.Contains(status.Values(), status) {
			return wire.Errorf("InvalidDeploymentStatusException", "Invalid deployment status: %s", status)
		}
	}
	if r := in.CreateTimeRange; r != nil && r.Start != nil && r.End != nil && r.Start.After(*r.End) {
		return wire.Errorf("InvalidTimeRangeException", "The start time of the time range is after its end time")
	}
	return nil
}

// listed reports whether ListDeployments' filters let a deployment through.
func (d *deployment) listed(in *codedeploy.ListDeploymentsInput) bool {
	if in.ExternalId != nil && *in.ExternalId != d.spec.ExternalID {
		return false
	}
	if len(in.IncludeOnlyStatuses) > 0 && !slices.Contains(in.IncludeOnlyStatuses, d.status) {
		return false
	}
	r := in.CreateTimeRange
	return r == nil || (r.Start == nil || !d.created.Before(*r.Start)) && (r.End == nil || !d.created.After(*r.End))
}

// GetDeployment shows a deployment.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html
func (s *Service) GetDeployment(ctx context.Context, in *codedeploy.GetDeploymentInput) (*codedeploy.GetDeploymentOutput, error) {
	if err := s.authorize(ctx, "GetDeployment"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	return &codedeploy.GetDeploymentOutput{DeploymentInfo: new(d.info())}, nil
}

// BatchGetDeployments shows up to 25 deployments; unknown ones are left out.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeployments.html
func (s *Service) BatchGetDeployments(ctx context.Context, in *codedeploy.BatchGetDeploymentsInput) (*codedeploy.BatchGetDeploymentsOutput, error) {
	if err := s.authorize(ctx, "BatchGetDeployments"); err != nil {
		return nil, err
	}
	if len(in.DeploymentIds) > 25 {
		return nil, wire.Errorf("BatchLimitExceededException", "The maximum number of deployment IDs is 25")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &codedeploy.BatchGetDeploymentsOutput{DeploymentsInfo: []types.DeploymentInfo{}}
	for _, id := range in.DeploymentIds {
		if !validID(id) {
			return nil, wire.Errorf("InvalidDeploymentIdException", "Deployment ID %s is not in the right format.", id)
		}
		if d, err := s.find(ctx, &id); err == nil {
			out.DeploymentsInfo = append(out.DeploymentsInfo, d.info())
		}
	}
	return out, nil
}

// ListDeploymentTargets lists a deployment's one target: its stack's id.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeploymentTargets.html
func (s *Service) ListDeploymentTargets(ctx context.Context, in *codedeploy.ListDeploymentTargetsInput) (*codedeploy.ListDeploymentTargetsOutput, error) {
	if err := s.authorize(ctx, "ListDeploymentTargets"); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, wire.Errorf("InvalidNextTokenException", "The next token %s is not valid.", *in.NextToken)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	for name := range in.TargetFilters {
		if name != string(types.TargetFilterNameTargetStatus) {
			return nil, wire.Errorf("InvalidTargetFilterNameException", "The target filter name %s is not valid for this deployment", name)
		}
	}
	out := &codedeploy.ListDeploymentTargetsOutput{TargetIds: []string{}}
	if wants := in.TargetFilters[string(types.TargetFilterNameTargetStatus)]; len(wants) == 0 || slices.Contains(wants, string(d.target)) {
		out.TargetIds = append(out.TargetIds, d.spec.ExternalID)
	}
	return out, nil
}

// BatchGetDeploymentTargets shows a deployment's target with the percentage of
// production traffic that green gets.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CloudFormationTarget.html
func (s *Service) BatchGetDeploymentTargets(ctx context.Context, in *codedeploy.BatchGetDeploymentTargetsInput) (*codedeploy.BatchGetDeploymentTargetsOutput, error) {
	if err := s.authorize(ctx, "BatchGetDeploymentTargets"); err != nil {
		return nil, err
	}
	switch n := len(in.TargetIds); {
	case n == 0:
		return nil, wire.Errorf("DeploymentTargetIdRequiredException", "At least one deployment target ID is required")
	case n > 25:
		return nil, wire.Errorf("DeploymentTargetListSizeExceededException", "The maximum number of deployment target IDs is 25")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	out := &codedeploy.BatchGetDeploymentTargetsOutput{}
	for _, id := range in.TargetIds {
		if id != d.spec.ExternalID {
			return nil, noTarget(id)
		}
		out.DeploymentTargets = append(out.DeploymentTargets, d.describe())
	}
	return out, nil
}

// GetDeploymentTarget shows a deployment's target.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentTarget.html
func (s *Service) GetDeploymentTarget(ctx context.Context, in *codedeploy.GetDeploymentTargetInput) (*codedeploy.GetDeploymentTargetOutput, error) {
	if err := s.authorize(ctx, "GetDeploymentTarget"); err != nil {
		return nil, err
	}
	if in.TargetId == nil {
		return nil, wire.Errorf("DeploymentTargetIdRequiredException", "A deployment target ID is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	if *in.TargetId != d.spec.ExternalID {
		return nil, noTarget(*in.TargetId)
	}
	return &codedeploy.GetDeploymentTargetOutput{DeploymentTarget: new(d.describe())}, nil
}

func noTarget(id string) error {
	return wire.Errorf("DeploymentTargetDoesNotExistException", "The deployment target %s does not exist in the deployment", strings.TrimSpace(id))
}

// StopDeployment is refused: a deployment of the hook is cancelled through
// CloudFormation.
// https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-stop.html
func (s *Service) StopDeployment(ctx context.Context, in *codedeploy.StopDeploymentInput) (*codedeploy.StopDeploymentOutput, error) {
	return nil, s.refuse(ctx, "StopDeployment", in.DeploymentId)
}

// ContinueDeployment is refused like StopDeployment.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ContinueDeployment.html
//
// Assumption A47: the API has an error for unsupported deployment types; that
// AWS answers with it here is not documented.
func (s *Service) ContinueDeployment(ctx context.Context, in *codedeploy.ContinueDeploymentInput) (*codedeploy.ContinueDeploymentOutput, error) {
	return nil, s.refuse(ctx, "ContinueDeployment", in.DeploymentId)
}

func (s *Service) refuse(ctx context.Context, operation string, id *string) error {
	if err := s.authorize(ctx, operation); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	if over(d.status) {
		return wire.Errorf("DeploymentAlreadyCompletedException", "The deployment %s is already complete", d.id)
	}
	return wire.Errorf("UnsupportedActionForDeploymentTypeException", "%s is not supported for blue/green deployments through CloudFormation: use CloudFormation", operation)
}
