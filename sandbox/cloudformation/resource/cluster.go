package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Containers is ECS.
type Containers interface {
	CreateCluster(context.Context, *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error)
	DeleteCluster(context.Context, *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error)
	// CheckImage refuses an image that tasks can't pull.
	CheckImage(ref string) error
	RegisterTaskDefinition(context.Context, *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error)
	DeregisterTaskDefinition(context.Context, *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error)
	CreateService(context.Context, *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error)
	UpdateService(context.Context, *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error)
	DescribeServices(context.Context, *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error)
	DeleteService(context.Context, *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error)
	CreateTaskSet(context.Context, *ecs.CreateTaskSetInput) (*ecs.CreateTaskSetOutput, error)
	UpdateTaskSet(context.Context, *ecs.UpdateTaskSetInput) (*ecs.UpdateTaskSetOutput, error)
	DescribeTaskSets(context.Context, *ecs.DescribeTaskSetsInput) (*ecs.DescribeTaskSetsOutput, error)
	DeleteTaskSet(context.Context, *ecs.DeleteTaskSetInput) (*ecs.DeleteTaskSetOutput, error)
	UpdateServicePrimaryTaskSet(context.Context, *ecs.UpdateServicePrimaryTaskSetInput) (*ecs.UpdateServicePrimaryTaskSetOutput, error)
	TagResource(context.Context, *ecs.TagResourceInput) (*ecs.TagResourceOutput, error)
	UntagResource(context.Context, *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error)
	// Failure says why the tasks of a task set keep failing, "" while they don't.
	Failure(taskSet string) string
}

// ECS returns the resource types of ECS.
func ECS(room Containers) []*Type {
	return []*Type{cluster(room), taskDefinition(room), service(room), taskSet(room), primaryTaskSet(room)}
}

// cluster is AWS::ECS::Cluster.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-cluster.html
func cluster(room Containers) *Type {
	return &Type{
		Name: "AWS::ECS::Cluster", NameProperty: "ClusterName",
		Properties: Object{
			"ClusterName": text().replace(), "Tags": looseTagList(),
			"ClusterSettings": objects(Object{"Name": text(), "Value": text()}),
		}.lacking("CapacityProviders", "Configuration", "DefaultCapacityProviderStrategy", "ServiceConnectDefaults"),
		Attributes: []string{"Arn"},
		Handler:    clusters{room},
		Tagged:     true,
	}
}

type clusters struct{ room Containers }

func (h clusters) Create(ctx context.Context, r *Request) error {
	in := &ecs.CreateClusterInput{ClusterName: aws.String(r.given("ClusterName", 255)), Tags: containerTags(r.tags())}
	if settings := r.Properties["ClusterSettings"]; settings != nil {
		if err := fill(in, map[string]any{"Settings": settings}); err != nil {
			return err
		}
	}
	out, err := h.room.CreateCluster(ctx, in)
	if err != nil {
		return err
	}
	r.ID = *in.ClusterName
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Arn": aws.ToString(out.Cluster.ClusterArn)}})
	return nil
}

func (h clusters) Update(ctx context.Context, r *Request) error {
	if r.changed("ClusterSettings") {
		return notModelledUpdate("ClusterSettings", "AWS::ECS::Cluster")
	}
	arn := "arn:aws:ecs:" + r.Scope.Region + ":" + r.Scope.Account + ":cluster/" + r.ID
	return retagContainers(ctx, h.room, r, arn)
}

func (h clusters) Delete(ctx context.Context, r *Request) error {
	return r.retry(ctx, func() error {
		_, err := h.room.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: &r.ID})
		return err
	})
}

func containerTags(tags [][2]string) []types.Tag {
	var all []types.Tag
	for _, t := range tags {
		all = append(all, types.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return all
}

func retagContainers(ctx context.Context, room Containers, r *Request, arn string) error {
	add, remove := r.retagged()
	if len(remove) > 0 {
		if _, err := room.UntagResource(ctx, &ecs.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := room.TagResource(ctx, &ecs.TagResourceInput{ResourceArn: &arn, Tags: containerTags(add)})
	return err
}
