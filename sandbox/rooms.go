package sandbox

import (
	"context"
	"os"

	"orgship/sandbox/acm"
	"orgship/sandbox/clock"
	"orgship/sandbox/cloudformation"
	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/cloudformation/resource"
	"orgship/sandbox/codebuild"
	"orgship/sandbox/codedeploy"
	"orgship/sandbox/ec2"
	"orgship/sandbox/ecr"
	"orgship/sandbox/ecs"
	"orgship/sandbox/elb"
	"orgship/sandbox/github"
	"orgship/sandbox/iam"
	"orgship/sandbox/images"
	"orgship/sandbox/logs"
	"orgship/sandbox/organizations"
	"orgship/sandbox/s3"
	"orgship/sandbox/secretsmanager"
	"orgship/sandbox/ssm"
	"orgship/sandbox/sts"
	"orgship/sandbox/wire"
	"orgship/template"
)

// rooms are the services.
type rooms struct {
	iam            *iam.Service
	github         *github.Service
	images         *images.Service
	sts            *sts.Service
	organizations  *organizations.Service
	ec2            *ec2.Service
	logs           *logs.Service
	ssm            *ssm.Service
	secretsmanager *secretsmanager.Service
	s3             *s3.Service
	ecr            *ecr.Service
	acm            *acm.Service
	elb            *elb.Service
	ecs            *ecs.Service
	codedeploy     *codedeploy.Service
	codebuild      *codebuild.Service
	cloudformation *cloudformation.Service
}

// open makes the rooms and gives each the others that it needs.
func (s *Sandbox) open(c clock.Clock, o Options) (err error) {
	r := &s.rooms
	r.iam = iam.New(iam.Config{Clock: c, Organization: s.tree, Region: s.region, Decided: o.Decided})
	r.github = github.New(c)
	r.sts = sts.New(sts.Config{Clock: c, Sessions: r.iam, Issuer: r.github})
	r.organizations = organizations.New(organizations.Config{Tree: s.tree, Auth: r.iam, Clock: c, Moved: r.accountMoved, Opened: s.furnish})
	r.ec2 = ec2.New(ec2.Config{Region: s.region, Auth: r.iam, Used: r.groupUsed, Held: r.subnetHeld})
	r.logs = logs.New(logs.Config{Clock: c, Region: s.region, Auth: r.iam})
	r.ssm = ssm.New(ssm.Config{Clock: c, Region: s.region, Auth: r.iam})
	r.secretsmanager = secretsmanager.New(secretsmanager.Config{Clock: c, Region: s.region, Auth: r.iam})
	r.s3 = s3.New(s3.Config{Clock: c, Region: s.region, Auth: r.iam, Endpoint: s.Endpoint})
	r.ecr = ecr.New(ecr.Config{Clock: c, Region: s.region, Auth: r.iam, Endpoint: s.host})
	if r.images, err = images.New(images.Config{ECR: r.ecr, Files: o.Images, PullThrough: o.PullThrough}); err != nil {
		return err
	}
	r.acm = acm.New(acm.Config{Clock: c, Region: s.region, Auth: r.iam, Users: r.certificateUsers})
	r.elb = elb.New(elb.Config{
		Clock: c, Region: s.region, Auth: r.iam, Network: r.ec2, Subnets: r.subnets, Groups: r.groups, Certificates: r.acm.Serving,
	})
	r.ecs = ecs.New(ecs.Config{
		Clock: c, Region: s.region, Auth: r.iam, Roles: r.iam, Logins: r.ecr, Images: r.images, Network: r.ec2, Targets: r.elb, Logs: r.logs,
		Secrets: r.secretsmanager, Parameters: r.ssm, Runtime: o.Runtime,
	})
	r.codedeploy = codedeploy.New(codedeploy.Config{Clock: c, Region: s.region, Auth: r.iam, Balancer: r.elb, Containers: r.ecs})
	r.codebuild = codebuild.New(codebuild.Config{
		Clock: c, Region: s.region, Auth: r.iam, Roles: r.iam, Logs: r.logs, Endpoint: s.Endpoint, Sources: o.Sources, Getenv: os.Getenv,
	})
	r.cloudformation = cloudformation.New(cloudformation.Config{
		Clock: c, Region: s.region, Auth: r.iam, Sessions: r.iam, Network: r.ec2, Deployer: r.codedeploy, Organization: r.organizations,
		Parameters: r.ssm, Secrets: r.secretsmanager, Objects: r.s3, Types: r.types(),
	})
	return nil
}

// service is a room as the sandbox lists it. A room with an Inventory is counted in
// State, and one with a Close is closed.
type service struct {
	room interface{ Wire() wire.Service }
	// types are the resource types that it brings to CloudFormation.
	types []*resource.Type
}

// services lists the rooms that clients see. They are closed from the last to the first.
func (r *rooms) services() []service {
	return []service{
		{r.iam, resource.IAM(r.iam)},
		{r.sts, nil},
		{r.organizations, nil},
		{r.ec2, resource.EC2(r.ec2)},
		{r.logs, resource.Logs(r.logs)},
		{r.ssm, resource.SSM(r.ssm)},
		{r.secretsmanager, resource.SecretsManager(r.secretsmanager)},
		{r.s3, resource.S3(r.s3)},
		{r.ecr, resource.ECR(r.ecr)},
		{r.acm, resource.ACM(r.acm)},
		{r.elb, resource.ELB(r.elb)},
		{r.ecs, resource.ECS(r.ecs)},
		{r.codedeploy, nil},
		{r.cloudformation, nil}, // it brings its own types itself
		{r.codebuild, resource.CodeBuild(r.codebuild)},
	}
}

func (r *rooms) types() (types []*resource.Type) {
	for _, s := range r.services() {
		types = append(types, s.types...)
	}
	return append(types, resource.Kept(r.iam)...)
}

func (r *rooms) wire() (services []wire.Service) {
	for _, s := range r.services() {
		services = append(services, s.room.Wire())
	}
	return services
}

// ResourceTypes returns the resource types that a sandbox models, for looking at:
// without a sandbox behind them.
func ResourceTypes() resource.Catalogue {
	return resource.NewCatalogue(append((&rooms{}).types(), resource.CloudFormation(nil)...)...)
}

// Gaps finds all in a template that a sandbox doesn't model. What depends on how it is
// started, such as the images it has, isn't among that.
func Gaps(t *template.Template) []document.Gap { return document.Gaps(t, ResourceTypes()) }

// subnets looks subnets of the caller's account up for load balancers.
func (r *rooms) subnets(ctx context.Context, ids []string) ([]elb.Subnet, error) {
	places, err := r.ec2.Places(iam.Caller(ctx).Account, ids)
	if err != nil {
		return nil, err
	}
	subnets := make([]elb.Subnet, len(places))
	for i, p := range places {
		subnets[i] = elb.Subnet{ID: p.Subnet, VPC: p.VPC, Zone: p.Zone, DefaultGroup: p.DefaultGroup, Gateway: p.Gateway}
	}
	return subnets, nil
}

// groups checks security groups of the caller's account for load balancers.
func (r *rooms) groups(ctx context.Context, vpc string, ids []string) error {
	return r.ec2.CheckGroups(iam.Caller(ctx).Account, vpc, ids)
}

// accountMoved has stack sets follow an account that was moved.
func (r *rooms) accountMoved(account string) { r.cloudformation.StackSets().AccountMoved(account) }

// subnetHeld says whether a load balancer is in the subnet.
func (r *rooms) subnetHeld(account, subnet string) bool { return r.elb.HasSubnet(account, subnet) }

// groupUsed says whether a load balancer has the security group.
func (r *rooms) groupUsed(account, group string) bool { return r.elb.HasGroup(account, group) }

// certificateUsers names the load balancers that serve a certificate.
func (r *rooms) certificateUsers(account, arn string) []string {
	return r.elb.CertificateUsers(account, arn)
}
