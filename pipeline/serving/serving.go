// Package serving tells which image serves, by AWS's own records: the listener's
// rules send the traffic to target groups, their healthy targets are the
// addresses of tasks, and each task says the digest of the image that it runs.
// It needs nothing of the app, and works for any ECS service behind an
// application load balancer, whoever deploys it.
package serving

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"orgship/pipeline/report"
)

// balancers is what is asked of Elastic Load Balancing.
type balancers interface {
	DescribeListeners(context.Context, *elb.DescribeListenersInput, ...func(*elb.Options)) (*elb.DescribeListenersOutput, error)
	DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error)
	DescribeRules(context.Context, *elb.DescribeRulesInput, ...func(*elb.Options)) (*elb.DescribeRulesOutput, error)
	DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error)
}

// containers is what is asked of ECS.
type containers interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
}

// Reader reads the records of one account and region.
type Reader struct {
	elb balancers
	ecs containers
}

// New returns a reader.
func New(elb balancers, ecs containers) *Reader { return &Reader{elb, ecs} }

// Question is whose traffic it is.
type Question struct {
	Listener  string // the production listener's ARN
	Service   string // the service's ARN: arn:aws:ecs:region:account:service/cluster/name
	Container string // "": the one that the service's load balancer sends to, or the only one
}

// actions are the rights that the records ask for.
var actions = []string{
	"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth",
	"ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks",
}

// DeniedError says that a right is missing to read the records. A release goes
// on without them: its verdict claims less.
type DeniedError struct{ Err error }

func (e *DeniedError) Error() string {
	return "AWS's records of what serves may not be read: " + reason(e.Err)
}

func (e *DeniedError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *DeniedError) Hint() string { return "allow the caller " + strings.Join(actions, ", ") }

func reason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// problem wraps an error of AWS's.
func problem(doing string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) && strings.Contains(api.ErrorCode(), "AccessDenied") {
		return &DeniedError{err}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Serving reads what serves now. What the records show, and what not, is for
// [Judge] to say; the error is a *DeniedError, or for records that couldn't be had.
func (r *Reader) Serving(ctx context.Context, q Question) (report.Evidence, error) {
	e := report.Evidence{Listener: q.Listener, Service: q.Service}
	own, container, err := r.groups(ctx, q)
	if err != nil {
		return e, err
	}
	if err := r.rules(ctx, q.Listener, own, &e); err != nil {
		return e, err
	}
	byAddress, err := r.tasks(ctx, q, container)
	if err != nil {
		return e, err
	}
	for i := range e.Groups {
		if err := r.targets(ctx, &e.Groups[i], byAddress); err != nil {
			return e, err
		}
	}
	return e, nil
}

// groups returns the target groups of the service's task sets, or of the service
// itself, and the container that they send to.
func (r *Reader) groups(ctx context.Context, q Question) (own map[string]bool, container string, err error) {
	cluster, _ := clusterOf(q.Service)
	out, err := r.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: []string{q.Service}})
	if err != nil {
		return nil, "", problem("describing the service", err)
	}
	own, container = map[string]bool{}, q.Container
	note := func(list []ecstypes.LoadBalancer) {
		for _, b := range list {
			own[aws.ToString(b.TargetGroupArn)] = true
			if container == "" {
				container = aws.ToString(b.ContainerName)
			}
		}
	}
	for _, s := range out.Services {
		note(s.LoadBalancers)
		for _, set := range s.TaskSets {
			note(set.LoadBalancers)
		}
	}
	return own, container, nil
}

// clusterOf returns the cluster in a service's ARN. Services made before 2021 may
// have ARNs without it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
func clusterOf(service string) (cluster, name string) {
	parts := strings.Split(service, "/")
	if len(parts) == 3 {
		return parts[1], parts[2]
	}
	return "default", parts[len(parts)-1]
}

// rules reads the weights of the service's target groups in each of the
// listener's rules, the default one among them.
func (r *Reader) rules(ctx context.Context, listener string, own map[string]bool, e *report.Evidence) error {
	in := &elb.DescribeRulesInput{ListenerArn: &listener}
	for {
		out, err := r.elb.DescribeRules(ctx, in)
		if err != nil {
			return problem("describing the listener's rules", err)
		}
		for _, rule := range out.Rules {
			e.Groups = append(e.Groups, forwards(rule, own)...)
		}
		if aws.ToString(out.NextMarker) == "" {
			return nil
		}
		in.Marker = out.NextMarker
	}
}

// forwards returns the target groups of a service that get traffic by a rule.
// A rule that sends nothing to the service is another's.
func forwards(rule elbtypes.Rule, own map[string]bool) []report.ServingGroup {
	var groups []report.ServingGroup
	total, ours := int32(0), false
	for _, action := range rule.Actions {
		if action.Type != elbtypes.ActionTypeEnumForward {
			continue
		}
		list := []elbtypes.TargetGroupTuple{{TargetGroupArn: action.TargetGroupArn, Weight: aws.Int32(1)}}
		if action.ForwardConfig != nil && len(action.ForwardConfig.TargetGroups) > 0 {
			list = action.ForwardConfig.TargetGroups
		}
		for _, g := range list {
			weight := int32(1)
			if g.Weight != nil {
				weight = *g.Weight
			}
			total += weight
			if weight > 0 {
				ours = ours || own[aws.ToString(g.TargetGroupArn)]
				groups = append(groups, report.ServingGroup{Rule: aws.ToString(rule.RuleArn), TargetGroup: aws.ToString(g.TargetGroupArn), Percent: float64(weight)})
			}
		}
	}
	if !ours {
		return nil
	}
	for i := range groups {
		groups[i].Percent *= 100 / float64(total)
	}
	return groups
}

// task is a running task, and the digest of the image that it runs.
type task struct{ arn, digest, image string }

// tasks returns the service's running tasks by their address.
func (r *Reader) tasks(ctx context.Context, q Question, container string) (map[string]task, error) {
	cluster, name := clusterOf(q.Service)
	in := &ecs.ListTasksInput{Cluster: &cluster, ServiceName: &name}
	found := map[string]task{}
	for {
		out, err := r.ecs.ListTasks(ctx, in)
		if err != nil {
			return nil, problem("listing the service's tasks", err)
		}
		if len(out.TaskArns) > 0 { // at most 100, as DescribeTasks takes
			described, err := r.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: out.TaskArns})
			if err != nil {
				return nil, problem("describing the service's tasks", err)
			}
			for _, t := range described.Tasks {
				runs := task{arn: aws.ToString(t.TaskArn)}
				runs.image, runs.digest = runsImage(t, container)
				for _, address := range addresses(t) {
					found[address] = runs
				}
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return found, nil
		}
		in.NextToken = out.NextToken
	}
}

// runsImage is the image that a task's container runs, as its task definition names
// it, and its digest; "" if ECS doesn't say.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html
func runsImage(t ecstypes.Task, container string) (image, digest string) {
	for _, c := range t.Containers {
		if aws.ToString(c.Name) == container || container == "" && len(t.Containers) == 1 {
			return aws.ToString(c.Image), aws.ToString(c.ImageDigest)
		}
	}
	return "", ""
}

// Running returns the image that gets the traffic now, as repository@digest, if
// all tasks that get any run the same; "" otherwise.
func (r *Reader) Running(ctx context.Context, q Question) (string, error) {
	own, container, err := r.groups(ctx, q)
	if err != nil {
		return "", err
	}
	e := report.Evidence{}
	if err := r.rules(ctx, q.Listener, own, &e); err != nil {
		return "", err
	}
	byAddress, err := r.tasks(ctx, q, container)
	if err != nil {
		return "", err
	}
	found := ""
	for i := range e.Groups {
		if err := r.targets(ctx, &e.Groups[i], byAddress); err != nil {
			return "", err
		}
		for _, t := range receiving(e.Groups[i].Targets) {
			runs := byAddress[t.Address]
			image := repository(runs.image) + "@" + runs.digest
			if runs.digest == "" || found != "" && found != image {
				return "", nil
			}
			found = image
		}
	}
	return found, nil
}

// repository takes tag and digest off an image's name.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return image[:colon]
	}
	return image
}

// addresses are a task's own, in the mode awsvpc.
func addresses(t ecstypes.Task) []string {
	var list []string
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			if aws.ToString(d.Name) == "privateIPv4Address" {
				list = append(list, aws.ToString(d.Value))
			}
		}
	}
	return list
}

// targets reads a group's targets, and whose they are.
func (r *Reader) targets(ctx context.Context, g *report.ServingGroup, byAddress map[string]task) error {
	out, err := r.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &g.TargetGroup})
	if err != nil {
		return problem("describing the targets of a group", err)
	}
	for _, h := range out.TargetHealthDescriptions {
		target := report.ServingTarget{Address: aws.ToString(h.Target.Id)}
		if h.TargetHealth != nil {
			target.State = string(h.TargetHealth.State)
		}
		if t, there := byAddress[target.Address]; there {
			target.Task, target.Digest = t.arn, t.digest
		}
		g.Targets = append(g.Targets, target)
	}
	return nil
}
