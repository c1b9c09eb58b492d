package codedeploy

import (
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
)

// The lifecycle events of a deployment, in order:
// https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html
const (
	BeforeInstall         = "BeforeInstall"
	Install               = "Install"
	AfterInstall          = "AfterInstall"
	AllowTestTraffic      = "AllowTestTraffic"
	AfterAllowTestTraffic = "AfterAllowTestTraffic"
	BeforeAllowTraffic    = "BeforeAllowTraffic"
	AllowTraffic          = "AllowTraffic"
	AfterAllowTraffic     = "AfterAllowTraffic"
	// TerminationWait is no lifecycle event of CodeDeploy: it names the wait
	// between the last one and the end of blue, for Event and FailAt.
	TerminationWait = "TerminationWait"
)

// lifecycle returns the names of CodeDeploy's lifecycle events.
func lifecycle() []string {
	return []string{BeforeInstall, Install, AfterInstall, AllowTestTraffic, AfterAllowTestTraffic, BeforeAllowTraffic, AllowTraffic, AfterAllowTraffic}
}

// deployment is the record of one. Its service's mutex guards it.
type deployment struct {
	id                          string
	spec                        Spec
	created, completed, updated time.Time
	status                      types.DeploymentStatus
	target                      types.TargetStatus
	events                      []types.LifecycleEvent
	percent                     int // of production traffic on green
	waiting                     bool
	waitsFor                    *execution // a function that hasn't answered yet
	failure                     *types.ErrorInformation
}

func newDeployment(spec Spec, now time.Time) *deployment {
	d := &deployment{
		id: newID(), spec: spec, created: now, updated: now,
		status: types.DeploymentStatusInProgress, target: types.TargetStatusInProgress,
	}
	for _, name := range lifecycle() {
		d.events = append(d.events, types.LifecycleEvent{LifecycleEventName: new(name), Status: types.LifecycleEventStatusPending})
	}
	return d
}

func validID(id string) bool { return regexp.MustCompile(`^d-[A-Z0-9]{9}$`).MatchString(id) }

// mark sets the status of a lifecycle event and its times.
func (d *deployment) mark(name string, status types.LifecycleEventStatus, now time.Time) {
	i := slices.IndexFunc(d.events, func(e types.LifecycleEvent) bool { return *e.LifecycleEventName == name })
	if i < 0 {
		return // TerminationWait
	}
	e := &d.events[i]
	e.Status = status
	if e.StartTime == nil && status != types.LifecycleEventStatusPending {
		e.StartTime = &now
	}
	if status != types.LifecycleEventStatusInProgress {
		e.EndTime = &now
	}
}

// end closes the record. Events that did not come are skipped.
func (d *deployment) end(status types.DeploymentStatus, failure *types.ErrorInformation, now time.Time) {
	d.status, d.failure, d.completed = status, failure, now
	d.target = types.TargetStatusSucceeded
	if failure != nil {
		d.target = types.TargetStatusFailed
	}
	for i := range d.events {
		if d.events[i].Status == types.LifecycleEventStatusPending {
			d.events[i].Status = types.LifecycleEventStatusSkipped
		}
	}
}

// info is the deployment as GetDeployment shows it.
func (d *deployment) info() types.DeploymentInfo {
	out := types.DeploymentInfo{
		BlueGreenDeploymentConfiguration: &types.BlueGreenDeploymentConfiguration{
			DeploymentReadyOption: &types.DeploymentReadyOption{ActionOnTimeout: types.DeploymentReadyActionContinueDeployment},
			TerminateBlueInstancesOnDeploymentSuccess: &types.BlueInstanceTerminationOption{
				Action:                       types.InstanceActionTerminate,
				TerminationWaitTimeInMinutes: int32(d.spec.TerminationWait.Minutes()),
			},
		},
		ComputePlatform:                    types.ComputePlatformEcs,
		CreateTime:                         new(d.created),
		Creator:                            types.DeploymentCreatorCloudFormation,
		DeploymentId:                       new(d.id),
		DeploymentOverview:                 d.overview(),
		DeploymentStyle:                    &types.DeploymentStyle{DeploymentOption: types.DeploymentOptionWithTrafficControl, DeploymentType: types.DeploymentTypeBlueGreen},
		ErrorInformation:                   d.failure,
		ExternalId:                         new(d.spec.ExternalID),
		InstanceTerminationWaitTimeStarted: d.waiting,
		StartTime:                          new(d.created),
		Status:                             d.status,
	}
	if !d.completed.IsZero() {
		out.CompleteTime = new(d.completed)
	}
	return out
}

// overview counts targets: a deployment of the hook has one, its stack.
func (d *deployment) overview() *types.DeploymentOverview {
	out := &types.DeploymentOverview{}
	switch d.target {
	case types.TargetStatusSucceeded:
		out.Succeeded = 1
	case types.TargetStatusFailed:
		out.Failed = 1
	default:
		out.InProgress = 1
	}
	return out
}

// describe is the deployment's target as BatchGetDeploymentTargets shows it.
//
// Assumption A43: the target's id is the stack's id (the API says so) and its
// resource type that of the hook's target, AWS::ECS::Service.
func (d *deployment) describe() types.DeploymentTarget {
	return types.DeploymentTarget{
		DeploymentTargetType: types.DeploymentTargetTypeCloudformationTarget,
		CloudFormationTarget: &types.CloudFormationTarget{
			DeploymentId:        new(d.id),
			LastUpdatedAt:       new(d.updated),
			LifecycleEvents:     slices.Clone(d.events),
			ResourceType:        new("AWS::ECS::Service"),
			Status:              d.target,
			TargetId:            new(d.spec.ExternalID),
			TargetVersionWeight: float64(d.percent),
		},
	}
}
