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
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-containerregistry/pkg/name"

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
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
}

// Reader reads the records of one account and region.
type Reader struct {
	elb  balancers
	ecs  containers
	logs logs
}

// New returns a reader. Logs tell why a task failed; nil does without.
func New(elb balancers, ecs containers, logs logs) *Reader { return &Reader{elb, ecs, logs} }

// Question is whose traffic it is.
type Question struct {
	Listener  string // the production listener's ARN
	Service   string // the service's ARN: arn:aws:ecs:region:account:service/cluster/name
	Container string // "": the one that the service's load balancer sends to, or the only one
	// Groups are the target groups that the service may use, beside those that it
	// uses now: a rule may still send traffic to one that it has left.
	Groups []string
	// Whole says that all that the listener does by default is meant for the
	// service; else a rule that names none of its groups is another service's.
	Whole bool
}

// The rights that the records, and a listener's address, ask for.
var (
	recordActions = []string{
		"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth",
		"ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks",
	}
	addressActions = []string{"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers"}
)

// DeniedError says that a right is missing to read AWS's records. A release goes
// on without those of what serves: its verdict claims less.
type DeniedError struct {
	Doing   string   // what was read, e.g. "describing the service"
	Actions []string // the rights that all of it asks for
	Err     error
}

func (e *DeniedError) Error() string { return e.Doing + " isn't allowed: " + reason(e.Err) }

func (e *DeniedError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *DeniedError) Hint() string { return "allow the caller " + strings.Join(e.Actions, ", ") }

func reason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// problem wraps an error of AWS's.
func problem(doing string, actions []string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) && strings.Contains(api.ErrorCode(), "AccessDenied") {
		return &DeniedError{doing, actions, err}
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
	if e.Groups, _, err = r.traffic(ctx, q, own, container); err != nil {
		return e, err
	}
	return e, nil
}

// errMoved says that the traffic moved while it was read: another look tells.
var errMoved = errors.New("the listener's rules changed while they were read")

// traffic reads which target groups get traffic, their targets, and the tasks
// whose addresses these are. The rules are read before and after, for what is read
// one after the other has to be true at once.
func (r *Reader) traffic(ctx context.Context, q Question, own map[string]bool, container string) ([]report.ServingGroup, map[string]task, error) {
	groups, err := r.rules(ctx, q, own)
	if err != nil {
		return nil, nil, err
	}
	byAddress, err := r.tasks(ctx, q, container)
	if err != nil {
		return nil, nil, err
	}
	now := slices.Clone(groups)
	for i := range groups {
		if err := r.targets(ctx, &groups[i], byAddress); err != nil {
			return nil, nil, err
		}
	}
	again, err := r.rules(ctx, q, own)
	if err == nil && !reflect.DeepEqual(now, again) {
		err = errMoved
	}
	return groups, byAddress, err
}

// groups returns the target groups of the service's task sets, or of the service
// itself, and the container that they send to.
func (r *Reader) groups(ctx context.Context, q Question) (own map[string]bool, container string, err error) {
	cluster, _ := clusterOf(q.Service)
	out, err := r.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: []string{q.Service}})
	if err != nil {
		return nil, "", problem("describing the service", recordActions, err)
	}
	if len(out.Services) == 0 {
		return nil, "", fmt.Errorf("describing the service: %w", failed(out.Failures))
	}
	own, container = map[string]bool{}, q.Container
	for _, g := range q.Groups {
		own[g] = true
	}
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

// failed says why ECS doesn't describe something.
func failed(list []ecstypes.Failure) error {
	if len(list) == 0 {
		return errors.New("ECS answered without it")
	}
	return fmt.Errorf("%s: %s", aws.ToString(list[0].Arn), aws.ToString(list[0].Reason))
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
func (r *Reader) rules(ctx context.Context, q Question, own map[string]bool) (groups []report.ServingGroup, err error) {
	in := &elb.DescribeRulesInput{ListenerArn: &q.Listener}
	for {
		out, err := r.elb.DescribeRules(ctx, in)
		if err != nil {
			return nil, problem("describing the listener's rules", recordActions, err)
		}
		for _, rule := range out.Rules {
			groups = append(groups, forwards(rule, own, q.Whole && aws.ToBool(rule.IsDefault))...)
		}
		if aws.ToString(out.NextMarker) == "" {
			return groups, nil
		}
		in.Marker = out.NextMarker
	}
}

// forwards returns the target groups of a service that get traffic by a rule.
// A rule that sends nothing to the service is another's, unless it is known to be
// the service's.
func forwards(rule elbtypes.Rule, own map[string]bool, ours bool) []report.ServingGroup {
	var groups []report.ServingGroup
	total := int32(0)
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
			return nil, problem("listing the service's tasks", recordActions, err)
		}
		if len(out.TaskArns) > 0 { // at most 100, as DescribeTasks takes
			described, err := r.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: out.TaskArns})
			if err != nil {
				return nil, problem("describing the service's tasks", recordActions, err)
			}
			if len(described.Failures) > 0 { // one that ended since it was listed, for example
				return nil, fmt.Errorf("describing the service's tasks: %w", failed(described.Failures))
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
	groups, byAddress, err := r.traffic(ctx, q, own, container)
	if err != nil {
		return "", err
	}
	found := ""
	for _, g := range groups {
		for _, t := range healthy(g.Targets) {
			runs := byAddress[t.Address]
			image := byDigest(runs.image, runs.digest)
			if image == "" || found != "" && found != image {
				return "", nil
			}
			found = image
		}
	}
	return found, nil
}

// byDigest names an image by its digest; "" where that isn't known.
func byDigest(image, digest string) string {
	reference, err := name.ParseReference(image)
	if err != nil || digest == "" {
		return ""
	}
	return reference.Context().Digest(digest).String()
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
	for _, c := range t.Containers {
		for _, n := range c.NetworkInterfaces {
			for _, address := range []*string{n.PrivateIpv4Address, n.Ipv6Address} {
				if address != nil {
					list = append(list, *address)
				}
			}
		}
	}
	return list
}

// targets reads a group's targets, and whose they are.
func (r *Reader) targets(ctx context.Context, g *report.ServingGroup, byAddress map[string]task) error {
	out, err := r.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &g.TargetGroup})
	if err != nil {
		return problem("describing the targets of a group", recordActions, err)
	}
	for _, h := range out.TargetHealthDescriptions {
		target := report.ServingTarget{}
		if h.Target != nil {
			target.Address = aws.ToString(h.Target.Id)
		}
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
