package iam

import (
	"net/http"

	"orgship/sandbox/wire"
)

// ARNs of the AWS managed policies that the sandbox knows.
const (
	AdministratorAccess            = "arn:aws:iam::aws:policy/AdministratorAccess"
	AmazonECSTaskExecutionRole     = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
	AWSCodeDeployForCloudFormation = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForCloudFormation"
	AmazonEC2ContainerRegistryRead = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
)

// AdministratorPolicy is the identity policy that allows everything.
const AdministratorPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// TrustAccount returns the trust policy of a role that an account's principals
// may assume, as their own identity policies allow.
func TrustAccount(account string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` +
		account + `:root"},"Action":"sts:AssumeRole"}]}`
}

// TrustService returns the trust policy of a role that an AWS service may
// assume, e.g. "ecs-tasks.amazonaws.com".
func TrustService(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` +
		service + `"},"Action":"sts:AssumeRole"}]}`
}

// managedPolicies returns the documents by ARN, as AWS publishes them:
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
func managedPolicies() map[string]string {
	return map[string]string{
		AdministratorAccess: AdministratorPolicy,
		AmazonECSTaskExecutionRole: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[
			"ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer",
			"ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`,
		AWSCodeDeployForCloudFormation: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Action":["lambda:InvokeFunction"],"Resource":"arn:aws:lambda:*:*:function:CodeDeployHook_*"}]}`,
		AmazonEC2ContainerRegistryRead: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[
			"ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer",
			"ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages",
			"ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview",
			"ecr:ListTagsForResource","ecr:DescribeImageScanFindings"],"Resource":"*"}]}`,
	}
}

// managedPolicy finds a policy that AWS manages by its ARN, or NoSuchEntity.
func managedPolicy(arn string) (namedPolicy, error) {
	text, ok := managedPolicies()[arn]
	if !ok {
		return namedPolicy{}, &wire.Error{
			Code:    "NoSuchEntity",
			Message: "Policy " + arn + " does not exist or is not attachable. (Of AWS's own managed policies the orgship sandbox knows a few only.)",
			Status:  http.StatusNotFound,
		}
	}
	return identityPolicy(arn, text)
}
