package codedeploy

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// Service is CodeDeploy of all accounts in one region.
type Service struct {
	cfg Config

	mu          sync.Mutex
	deployments map[string][]*deployment // by account, oldest first
	failAt      string
	answers     map[string]Answer // of Lambda functions, by name
}

// New returns a service without deployments.
func New(cfg Config) *Service {
	return &Service{cfg: cfg, deployments: map[string][]*deployment{}, answers: map[string]Answer{}}
}

// FailAt makes the next deployment fail at the named lifecycle event
// (BeforeInstall … AfterAllowTraffic, TerminationWait); "" takes it back.
// At AllowTraffic it fails after the first step of the shift, at Install once
// green is steady. An event of another name fails the next deployment at once.
func (s *Service) FailAt(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failAt = event
}

// takeFault returns and clears what FailAt ordered.
func (s *Service) takeFault() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	event := s.failAt
	s.failAt = ""
	return event
}

// newID returns a deployment id: "d-" and nine capitals or digits.
func newID() string { return "d-" + id.Of(id.Capitals, 9) }

// create begins to record a deployment of the caller's account.
func (s *Service) create(ctx context.Context, spec Spec) *deployment {
	d := newDeployment(spec, s.cfg.Clock.Now().UTC())
	account := iam.Caller(ctx).Account
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deployments[account] = append(s.deployments[account], d)
	return d
}

// change alters a deployment's record.
func (s *Service) change(d *deployment, f func(*deployment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(d)
	d.updated = s.cfg.Clock.Now().UTC()
}

// find returns a deployment of the caller's account; the mutex must be held.
func (s *Service) find(ctx context.Context, id *string) (*deployment, error) {
	if id == nil || *id == "" {
		return nil, wire.Errorf("DeploymentIdRequiredException", "Deployment ID is required.")
	}
	if !validID(*id) {
		return nil, wire.Errorf("InvalidDeploymentIdException", "Deployment ID %s is not in the right format.", *id)
	}
	for _, d := range s.deployments[iam.Caller(ctx).Account] {
		if d.id == *id {
			return d, nil
		}
	}
	return nil, wire.Errorf("DeploymentDoesNotExistException", "The deployment %s could not be found", *id)
}

// authorize asks for a CodeDeploy action. The hook's deployments have no
// application, so there is no resource to name.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
func (s *Service) authorize(ctx context.Context, operation string) error {
	return s.cfg.Auth.Authorize(ctx, "codedeploy:"+operation, "*")
}

// Wire returns the service as clients see it.
func (s *Service) Wire() wire.Service {
	required, optional := wire.Required, wire.Optional
	return wire.Service{
		Name:         "codedeploy",
		Protocol:     wire.JSON11,
		TargetPrefix: "CodeDeploy_20141006",
		Spelled: map[string]string{
			"DeploymentOverview.Failed": "Failed", "DeploymentOverview.InProgress": "InProgress", "DeploymentOverview.Pending": "Pending",
			"DeploymentOverview.Ready": "Ready", "DeploymentOverview.Skipped": "Skipped", "DeploymentOverview.Succeeded": "Succeeded",
		},
		Words: wire.Words{Missing: absent},
		Operations: []wire.Operation{
			wire.Op("ListDeployments", s.ListDeployments,
				optional("ExternalId", "IncludeOnlyStatuses", "CreateTimeRange", "NextToken", "ApplicationName", "DeploymentGroupName")),
			wire.Op("GetDeployment", s.GetDeployment, required("DeploymentId")),
			wire.Op("BatchGetDeployments", s.BatchGetDeployments, required("DeploymentIds")),
			wire.Op("ListDeploymentTargets", s.ListDeploymentTargets, required("DeploymentId"), optional("NextToken", "TargetFilters")),
			wire.Op("GetDeploymentTarget", s.GetDeploymentTarget, required("DeploymentId", "TargetId")),
			wire.Op("BatchGetDeploymentTargets", s.BatchGetDeploymentTargets, required("DeploymentId", "TargetIds")),
			wire.Op("PutLifecycleEventHookExecutionStatus", s.PutLifecycleEventHookExecutionStatus, optional("DeploymentId", "LifecycleEventHookExecutionId", "Status")),
			wire.Op("StopDeployment", s.StopDeployment, required("DeploymentId"), optional("AutoRollbackEnabled")),
			wire.Op("ContinueDeployment", s.ContinueDeployment, required("DeploymentId"), optional("DeploymentWaitType")),
		},
	}
}

// over reports whether a deployment with this status has ended.
func over(status types.DeploymentStatus) bool {
	switch status {
	case types.DeploymentStatusSucceeded, types.DeploymentStatusFailed, types.DeploymentStatusStopped:
		return true
	}
	return false
}

// absent refuses a request without members that it needs.
func absent(names []string) *wire.Error {
	one := strings.TrimSuffix(strings.ToUpper(names[0][:1])+names[0][1:], "s")
	if one == "TargetId" {
		one = "DeploymentTargetId"
	}
	return wire.Errorf(one+"RequiredException", "%s must be specified.", names[0])
}
