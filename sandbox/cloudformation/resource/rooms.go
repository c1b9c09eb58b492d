package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
)

// Rooms are the services that resources belong to. They authorize the caller
// of ctx themselves.
type Rooms struct {
	Repositories Repositories
	Groups       SecurityGroups
	Balancers    Balancers
	Identities   Identities
	Logs         LogGroups
	Containers   Containers
	Builds       Builds
	StackSets    StackSets
}

// Repositories is ECR.
type Repositories interface {
	CreateRepository(context.Context, *ecr.CreateRepositoryInput) (*ecr.CreateRepositoryOutput, error)
	DeleteRepository(context.Context, *ecr.DeleteRepositoryInput) (*ecr.DeleteRepositoryOutput, error)
	SetRepositoryPolicy(context.Context, *ecr.SetRepositoryPolicyInput) (*ecr.SetRepositoryPolicyOutput, error)
	DeleteRepositoryPolicy(context.Context, *ecr.DeleteRepositoryPolicyInput) (*ecr.DeleteRepositoryPolicyOutput, error)
	PutLifecyclePolicy(context.Context, *ecr.PutLifecyclePolicyInput) (*ecr.PutLifecyclePolicyOutput, error)
	DeleteLifecyclePolicy(context.Context, *ecr.DeleteLifecyclePolicyInput) (*ecr.DeleteLifecyclePolicyOutput, error)
	PutImageScanningConfiguration(context.Context, *ecr.PutImageScanningConfigurationInput) (*ecr.PutImageScanningConfigurationOutput, error)
	PutImageTagMutability(context.Context, *ecr.PutImageTagMutabilityInput) (*ecr.PutImageTagMutabilityOutput, error)
	TagResource(context.Context, *ecr.TagResourceInput) (*ecr.TagResourceOutput, error)
	UntagResource(context.Context, *ecr.UntagResourceInput) (*ecr.UntagResourceOutput, error)
}

// SecurityGroups is the part of EC2 that resources use.
type SecurityGroups interface {
	CreateSecurityGroup(context.Context, *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error)
	DeleteSecurityGroup(context.Context, *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error)
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error)
	AuthorizeSecurityGroupIngress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	AuthorizeSecurityGroupEgress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	RevokeSecurityGroupIngress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	RevokeSecurityGroupEgress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	CreateTags(context.Context, *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error)
	DeleteTags(context.Context, *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error)
}

// Balancers is Elastic Load Balancing.
type Balancers interface {
	CreateLoadBalancer(context.Context, *elb.CreateLoadBalancerInput) (*elb.CreateLoadBalancerOutput, error)
	DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput) (*elb.DescribeLoadBalancersOutput, error)
	DeleteLoadBalancer(context.Context, *elb.DeleteLoadBalancerInput) (*elb.DeleteLoadBalancerOutput, error)
	ModifyLoadBalancerAttributes(context.Context, *elb.ModifyLoadBalancerAttributesInput) (*elb.ModifyLoadBalancerAttributesOutput, error)
	SetSecurityGroups(context.Context, *elb.SetSecurityGroupsInput) (*elb.SetSecurityGroupsOutput, error)
	SetSubnets(context.Context, *elb.SetSubnetsInput) (*elb.SetSubnetsOutput, error)
	CreateTargetGroup(context.Context, *elb.CreateTargetGroupInput) (*elb.CreateTargetGroupOutput, error)
	ModifyTargetGroup(context.Context, *elb.ModifyTargetGroupInput) (*elb.ModifyTargetGroupOutput, error)
	ModifyTargetGroupAttributes(context.Context, *elb.ModifyTargetGroupAttributesInput) (*elb.ModifyTargetGroupAttributesOutput, error)
	DeleteTargetGroup(context.Context, *elb.DeleteTargetGroupInput) (*elb.DeleteTargetGroupOutput, error)
	CreateListener(context.Context, *elb.CreateListenerInput) (*elb.CreateListenerOutput, error)
	ModifyListener(context.Context, *elb.ModifyListenerInput) (*elb.ModifyListenerOutput, error)
	DeleteListener(context.Context, *elb.DeleteListenerInput) (*elb.DeleteListenerOutput, error)
	CreateRule(context.Context, *elb.CreateRuleInput) (*elb.CreateRuleOutput, error)
	ModifyRule(context.Context, *elb.ModifyRuleInput) (*elb.ModifyRuleOutput, error)
	SetRulePriorities(context.Context, *elb.SetRulePrioritiesInput) (*elb.SetRulePrioritiesOutput, error)
	DeleteRule(context.Context, *elb.DeleteRuleInput) (*elb.DeleteRuleOutput, error)
	AddTags(context.Context, *elb.AddTagsInput) (*elb.AddTagsOutput, error)
	RemoveTags(context.Context, *elb.RemoveTagsInput) (*elb.RemoveTagsOutput, error)
}

// Identities is the part of IAM that resources use.
type Identities interface {
	Roles
	Policies
	Providers
}

// Policies are the managed policies of IAM that an account makes.
type Policies interface {
	CreatePolicy(context.Context, *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error)
	DeletePolicy(context.Context, *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error)
	CreatePolicyVersion(context.Context, *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error)
	ListPolicyVersions(context.Context, *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error)
}

// Providers are IAM's OpenID Connect providers.
type Providers interface {
	CreateOpenIDConnectProvider(context.Context, *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderOutput, error)
	DeleteOpenIDConnectProvider(context.Context, *iam.DeleteOpenIDConnectProviderInput) (*iam.DeleteOpenIDConnectProviderOutput, error)
	AddClientIDToOpenIDConnectProvider(context.Context, *iam.AddClientIDToOpenIDConnectProviderInput) (*iam.AddClientIDToOpenIDConnectProviderOutput, error)
	RemoveClientIDFromOpenIDConnectProvider(context.Context, *iam.RemoveClientIDFromOpenIDConnectProviderInput) (*iam.RemoveClientIDFromOpenIDConnectProviderOutput, error)
	UpdateOpenIDConnectProviderThumbprint(context.Context, *iam.UpdateOpenIDConnectProviderThumbprintInput) (*iam.UpdateOpenIDConnectProviderThumbprintOutput, error)
	TagOpenIDConnectProvider(context.Context, *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error)
	UntagOpenIDConnectProvider(context.Context, *iam.UntagOpenIDConnectProviderInput) (*iam.UntagOpenIDConnectProviderOutput, error)
}

// Roles are IAM's roles and their policies.
type Roles interface {
	CreateRole(context.Context, *iam.CreateRoleInput) (*iam.CreateRoleOutput, error)
	UpdateRole(context.Context, *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error)
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error)
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error)
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error)
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error)
	TagRole(context.Context, *iam.TagRoleInput) (*iam.TagRoleOutput, error)
	UntagRole(context.Context, *iam.UntagRoleInput) (*iam.UntagRoleOutput, error)
}

// LogGroups is the part of CloudWatch Logs that resources use.
type LogGroups interface {
	CreateLogGroup(context.Context, *logs.CreateLogGroupInput) (*logs.CreateLogGroupOutput, error)
	DeleteLogGroup(context.Context, *logs.DeleteLogGroupInput) (*logs.DeleteLogGroupOutput, error)
	PutRetentionPolicy(context.Context, *logs.PutRetentionPolicyInput) (*logs.PutRetentionPolicyOutput, error)
	DeleteRetentionPolicy(context.Context, *logs.DeleteRetentionPolicyInput) (*logs.DeleteRetentionPolicyOutput, error)
	TagResource(context.Context, *logs.TagResourceInput) (*logs.TagResourceOutput, error)
	UntagResource(context.Context, *logs.UntagResourceInput) (*logs.UntagResourceOutput, error)
}

// Builds is CodeBuild.
type Builds interface {
	CreateProject(context.Context, *codebuild.CreateProjectInput) (*codebuild.CreateProjectOutput, error)
	UpdateProject(context.Context, *codebuild.UpdateProjectInput) (*codebuild.UpdateProjectOutput, error)
	DeleteProject(context.Context, *codebuild.DeleteProjectInput) (*codebuild.DeleteProjectOutput, error)
}

// StackSets are CloudFormation's stack sets.
type StackSets interface {
	CreateStackSet(context.Context, *cloudformation.CreateStackSetInput) (*cloudformation.CreateStackSetOutput, error)
	UpdateStackSet(context.Context, *cloudformation.UpdateStackSetInput) (*cloudformation.UpdateStackSetOutput, error)
	DeleteStackSet(context.Context, *cloudformation.DeleteStackSetInput) (*cloudformation.DeleteStackSetOutput, error)
	CreateStackInstances(context.Context, *cloudformation.CreateStackInstancesInput) (*cloudformation.CreateStackInstancesOutput, error)
	DeleteStackInstances(context.Context, *cloudformation.DeleteStackInstancesInput) (*cloudformation.DeleteStackInstancesOutput, error)
	DescribeStackSet(context.Context, *cloudformation.DescribeStackSetInput) (*cloudformation.DescribeStackSetOutput, error)
	DescribeStackSetOperation(context.Context, *cloudformation.DescribeStackSetOperationInput) (*cloudformation.DescribeStackSetOperationOutput, error)
	ListStackSetOperationResults(context.Context, *cloudformation.ListStackSetOperationResultsInput) (*cloudformation.ListStackSetOperationResultsOutput, error)
}

// Containers is ECS.
type Containers interface {
	CreateCluster(context.Context, *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error)
	DeleteCluster(context.Context, *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error)
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
