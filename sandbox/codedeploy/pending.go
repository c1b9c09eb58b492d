package codedeploy

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy"

	"orgship/sandbox/wire"
)

// Service is the room.
type Service struct{ cfg Config }

// New returns the service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// Run executes one blue/green deployment of the hook for the caller in ctx.
//
// It returns nil once the termination wait is over: blue may go. When ctx is
// cancelled or a step fails, traffic and the primary task set are back on blue
// before Run returns the reason (the cause of ctx, for a cancelled one).
// The callback may be nil; it is called in order, from Run's goroutine.
func (s *Service) Run(ctx context.Context, spec Spec, event func(Event)) error {
	return wire.NotModelled("codedeploy:Run")
}

// FailAt makes the next deployment fail at the named lifecycle event
// (BeforeInstall … AfterAllowTraffic, TerminationWait); "" takes it back.
func (s *Service) FailAt(event string) {}

// Wire returns the service as clients see it.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "codedeploy", Protocol: wire.JSON11, TargetPrefix: "CodeDeploy_20141006"}
}

// ListDeployments is an operation.
func (s *Service) ListDeployments(ctx context.Context, in *codedeploy.ListDeploymentsInput) (*codedeploy.ListDeploymentsOutput, error) {
	return nil, wire.NotModelled("codedeploy:ListDeployments")
}

// GetDeployment is an operation.
func (s *Service) GetDeployment(ctx context.Context, in *codedeploy.GetDeploymentInput) (*codedeploy.GetDeploymentOutput, error) {
	return nil, wire.NotModelled("codedeploy:GetDeployment")
}

// BatchGetDeployments is an operation.
func (s *Service) BatchGetDeployments(ctx context.Context, in *codedeploy.BatchGetDeploymentsInput) (*codedeploy.BatchGetDeploymentsOutput, error) {
	return nil, wire.NotModelled("codedeploy:BatchGetDeployments")
}

// BatchGetDeploymentTargets is an operation.
func (s *Service) BatchGetDeploymentTargets(ctx context.Context, in *codedeploy.BatchGetDeploymentTargetsInput) (*codedeploy.BatchGetDeploymentTargetsOutput, error) {
	return nil, wire.NotModelled("codedeploy:BatchGetDeploymentTargets")
}

// ListDeploymentTargets is an operation.
func (s *Service) ListDeploymentTargets(ctx context.Context, in *codedeploy.ListDeploymentTargetsInput) (*codedeploy.ListDeploymentTargetsOutput, error) {
	return nil, wire.NotModelled("codedeploy:ListDeploymentTargets")
}

// GetDeploymentTarget is an operation.
func (s *Service) GetDeploymentTarget(ctx context.Context, in *codedeploy.GetDeploymentTargetInput) (*codedeploy.GetDeploymentTargetOutput, error) {
	return nil, wire.NotModelled("codedeploy:GetDeploymentTarget")
}

// StopDeployment is an operation.
func (s *Service) StopDeployment(ctx context.Context, in *codedeploy.StopDeploymentInput) (*codedeploy.StopDeploymentOutput, error) {
	return nil, wire.NotModelled("codedeploy:StopDeployment")
}

// ContinueDeployment is an operation.
func (s *Service) ContinueDeployment(ctx context.Context, in *codedeploy.ContinueDeploymentInput) (*codedeploy.ContinueDeploymentOutput, error) {
	return nil, wire.NotModelled("codedeploy:ContinueDeployment")
}

