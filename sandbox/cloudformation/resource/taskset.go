package resource

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// taskSet is AWS::ECS::TaskSet.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskset.html
func taskSet(room Containers) *Type {
	return &Type{
		Name: "AWS::ECS::TaskSet",
		Properties: Object{
			"Cluster": text().need().replace(), "Service": text().need().replace(), "TaskDefinition": text().need().replace(),
			"ExternalId": text().replace(), "LaunchType": oneOf("EC2", "FARGATE").models("FARGATE").replace(), "PlatformVersion": text().replace(),
			"LoadBalancers": objects(Object{"ContainerName": text(), "ContainerPort": integer(), "TargetGroupArn": text()}).replace(),
			"NetworkConfiguration": object(Object{"AwsVpcConfiguration": object(Object{
				"AssignPublicIp": oneOf("DISABLED", "ENABLED"), "SecurityGroups": texts(), "Subnets": texts().need(),
			})}).replace(),
			"Scale": object(Object{"Unit": oneOf("PERCENT"), "Value": number().between(0, 100)}),
			"Tags":  looseTagList(),
		}.lacking("CapacityProviderStrategy", "ServiceRegistries"),
		Attributes: []string{"Id"},
		Handler:    taskSets{room},
		Tagged:     true,
	}
}

type taskSets struct{ room Containers }

func (h taskSets) Create(ctx context.Context, r *Request) error {
	in := &ecs.CreateTaskSetInput{}
	if err := fill(in, without(r.Properties, "Tags")); err != nil {
		return err
	}
	in.Tags = containerTags(r.tags())
	out, err := h.room.CreateTaskSet(ctx, in)
	if err != nil {
		return err
	}
	id := aws.ToString(out.TaskSet.Id)
	// Assumption A20: the physical id joins the parts of the primary identifier
	// (cluster, service, id) as CloudFormation does for other types.
	r.ID = strings.Join([]string{*in.Cluster, *in.Service, id}, "|")
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Id": id}})
	if r.Unsteady {
		return nil
	}
	return h.steady(ctx, r)
}

func (h taskSets) steady(ctx context.Context, r *Request) error {
	cluster, service, id := parts(r.ID)
	return r.until(ctx, 5*time.Second, steadyLimit, func() (bool, error) {
		out, err := h.room.DescribeTaskSets(ctx, &ecs.DescribeTaskSetsInput{Cluster: &cluster, Service: &service, TaskSets: []string{id}})
		if err != nil || len(out.TaskSets) == 0 {
			return false, err
		}
		return settled(h.room, out.TaskSets[0])
	})
}

func (h taskSets) Update(ctx context.Context, r *Request) error {
	cluster, service, id := parts(r.ID)
	if r.changed("Scale") {
		in := &ecs.UpdateTaskSetInput{}
		scale := only(r.Properties, "Scale")
		if len(scale) == 0 {
			scale["Scale"] = map[string]any{"Unit": "PERCENT", "Value": 100}
		}
		if err := fill(in, scale); err != nil {
			return err
		}
		in.Cluster, in.Service, in.TaskSet = &cluster, &service, &id
		if _, err := h.room.UpdateTaskSet(ctx, in); err != nil {
			return err
		}
		if err := h.steady(ctx, r); err != nil {
			return err
		}
	}
	return h.retag(ctx, r)
}

func (h taskSets) retag(ctx context.Context, r *Request) error {
	if add, remove := r.retagged(); len(add)+len(remove) == 0 {
		return nil
	}
	cluster, service, id := parts(r.ID)
	out, err := h.room.DescribeTaskSets(ctx, &ecs.DescribeTaskSetsInput{Cluster: &cluster, Service: &service, TaskSets: []string{id}})
	if err != nil || len(out.TaskSets) == 0 {
		return err
	}
	return retagContainers(ctx, h.room, r, aws.ToString(out.TaskSets[0].TaskSetArn))
}

func (h taskSets) Delete(ctx context.Context, r *Request) error {
	cluster, service, id := parts(r.ID)
	_, err := h.room.DeleteTaskSet(ctx, &ecs.DeleteTaskSetInput{Cluster: &cluster, Service: &service, TaskSet: &id, Force: aws.Bool(true)})
	if err != nil {
		return gone(err)
	}
	return gone(r.until(ctx, 5*time.Second, 30*time.Minute, func() (bool, error) {
		out, err := h.room.DescribeTaskSets(ctx, &ecs.DescribeTaskSetsInput{Cluster: &cluster, Service: &service, TaskSets: []string{id}})
		return err == nil && len(out.TaskSets) == 0, err
	}))
}

// parts splits a task set's physical id.
func parts(id string) (cluster, service, set string) {
	cluster, rest, _ := strings.Cut(id, "|")
	service, set, _ = strings.Cut(rest, "|")
	return cluster, service, set
}

// primaryTaskSet is AWS::ECS::PrimaryTaskSet.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-primarytaskset.html
func primaryTaskSet(room Containers) *Type {
	return &Type{
		Name:       "AWS::ECS::PrimaryTaskSet",
		Properties: Object{"Cluster": text().need().replace(), "Service": text().need().replace(), "TaskSetId": text().need()},
		Handler:    primaryTaskSets{room},
	}
}

type primaryTaskSets struct{ room Containers }

func (h primaryTaskSets) Create(ctx context.Context, r *Request) error {
	if err := h.Update(ctx, r); err != nil {
		return err
	}
	r.ID = str(r.Properties, "Cluster") + "|" + str(r.Properties, "Service") // A20
	r.Initiated(State{ID: r.ID})
	return nil
}

func (h primaryTaskSets) Update(ctx context.Context, r *Request) error {
	in := &ecs.UpdateServicePrimaryTaskSetInput{
		Cluster: optional(r.Properties, "Cluster"), Service: optional(r.Properties, "Service"), PrimaryTaskSet: optional(r.Properties, "TaskSetId"),
	}
	_, err := h.room.UpdateServicePrimaryTaskSet(ctx, in)
	return err
}

// Delete does nothing: a service can't be without its primary task set.
func (h primaryTaskSets) Delete(context.Context, *Request) error { return nil }
