package sandbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancing "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
)

// State is what there is in the sandbox, beyond what it began with: names by
// account and kind, such as state["222222222222"]["ecs:service"]. Accounts and
// kinds of which there is nothing are left out, so that a sandbox as it began
// has an empty State. The kinds are
//
//	cloudformation:stack
//	cloudformation:stack-set      with the management account, whoever made them
//	codebuild:project, codebuild:report-group
//	codebuild:build               those that run
//	ec2:network-interface         attached to a task
//	ec2:security-group
//	ecr:repository
//	ecs:cluster, ecs:service, ecs:task, ecs:task-set
//	ecs:task-definition           those that are active
//	elasticloadbalancing:loadbalancer, elasticloadbalancing:targetgroup
//	iam:oidc-provider, iam:policy, iam:role
//	logs:log-group
//	organizations:account         made by CreateAccount: its name
//	organizations:delegated-administrator  service principals, beyond the first one
//	organizations:service-access           service principals, with the management account
type State map[string]map[string][]string

// String lists the state, a line for each name.
func (s State) String() string {
	var b strings.Builder
	for _, account := range slices.Sorted(maps.Keys(s)) {
		for _, kind := range slices.Sorted(maps.Keys(s[account])) {
			for _, name := range s[account][kind] {
				fmt.Fprintf(&b, "%s %s %s\n", account, kind, name)
			}
		}
	}
	return b.String()
}

// State returns what there is. It asks the services as a client would, so it is
// no snapshot of one moment while something is going on.
func (s *Sandbox) State(ctx context.Context) (State, error) {
	state := State{}
	for _, a := range s.Accounts() {
		c := census{ctx: iam.AsService(ctx, a.ID, "sandbox"), rooms: &s.rooms, found: map[string][]string{}}
		for _, count := range []func() error{c.stacks, c.network, c.repositories, c.containers, c.balancers, c.roles, c.policies, c.providers, c.logGroups, c.builds, c.stackSets, c.delegations, c.access} {
			if err := count(); err != nil {
				return nil, fmt.Errorf("looking at account %s: %w", a.ID, err)
			}
		}
		if _, began := s.organization.OrgPath(a.ID); !began {
			c.add("organizations:account", a.Name)
		}
		if len(c.found) > 0 {
			state[a.ID] = c.found
		}
	}
	return state, nil
}

// census looks at one account.
type census struct {
	ctx   context.Context
	rooms *rooms
	found map[string][]string
}

func (c *census) add(kind, name string) { c.found[kind] = append(c.found[kind], name) }

// pages calls page with each token, from nil until there is none.
func pages(page func(token *string) (next *string, err error)) error {
	var token *string
	for {
		next, err := page(token)
		if err != nil || aws.ToString(next) == "" {
			return err
		}
		token = next
	}
}

func (c *census) stacks() error {
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.cloudformation.DescribeStacks(c.ctx, &cloudformation.DescribeStacksInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, s := range out.Stacks {
			if s.StackStatus != cfn.StackStatusDeleteComplete {
				c.add("cloudformation:stack", *s.StackName)
			}
		}
		return out.NextToken, nil
	})
}

func (c *census) stackSets() error {
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.cloudformation.StackSets().ListStackSets(c.ctx, &cloudformation.ListStackSetsInput{NextToken: token, Status: cfn.StackSetStatusActive})
		if err != nil {
			return nil, err
		}
		for _, s := range out.Summaries {
			c.add("cloudformation:stack-set", *s.StackSetName)
		}
		return out.NextToken, nil
	})
}

// delegations counts what the account administers for the organization beyond
// what it began with.
func (c *census) delegations() error {
	account := iam.Caller(c.ctx).Account
	for _, principal := range c.rooms.organizations.Delegations(account) {
		c.add("organizations:delegated-administrator", principal)
	}
	return nil
}

func (c *census) access() error {
	if iam.Caller(c.ctx).Account != c.rooms.organizations.Management() {
		return nil
	}
	for _, principal := range c.rooms.organizations.Trusted() {
		c.add("organizations:service-access", principal)
	}
	return nil
}

func (c *census) network() error {
	groups, err := c.rooms.ec2.DescribeSecurityGroups(c.ctx, &ec2.DescribeSecurityGroupsInput{})
	if err != nil {
		return err
	}
	for _, g := range groups.SecurityGroups {
		if *g.GroupName != "default" {
			c.add("ec2:security-group", *g.GroupName)
		}
	}
	interfaces, err := c.rooms.ec2.DescribeNetworkInterfaces(c.ctx, &ec2.DescribeNetworkInterfacesInput{})
	if err != nil {
		return err
	}
	for _, i := range interfaces.NetworkInterfaces {
		c.add("ec2:network-interface", *i.PrivateIpAddress)
	}
	return nil
}

func (c *census) repositories() error {
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.ecr.DescribeRepositories(c.ctx, &ecr.DescribeRepositoriesInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, r := range out.Repositories {
			c.add("ecr:repository", *r.RepositoryName)
		}
		return out.NextToken, nil
	})
}

func (c *census) containers() error {
	err := pages(func(token *string) (*string, error) {
		out, err := c.rooms.ecs.ListTaskDefinitions(c.ctx, &ecs.ListTaskDefinitionsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.TaskDefinitionArns {
			c.add("ecs:task-definition", lastPart(arn))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.ecs.ListClusters(c.ctx, &ecs.ListClustersInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.ClusterArns {
			c.add("ecs:cluster", lastPart(arn))
			if err := c.cluster(arn); err != nil {
				return nil, err
			}
		}
		return out.NextToken, nil
	})
}

func (c *census) cluster(cluster string) error {
	err := pages(func(token *string) (*string, error) {
		out, err := c.rooms.ecs.ListTasks(c.ctx, &ecs.ListTasksInput{Cluster: &cluster, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.TaskArns {
			c.add("ecs:task", lastPart(arn))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.ecs.ListServices(c.ctx, &ecs.ListServicesInput{Cluster: &cluster, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.ServiceArns {
			c.add("ecs:service", lastPart(arn))
			sets, err := c.rooms.ecs.DescribeTaskSets(c.ctx, &ecs.DescribeTaskSetsInput{Cluster: &cluster, Service: &arn})
			if err != nil {
				return nil, err
			}
			for _, set := range sets.TaskSets {
				c.add("ecs:task-set", *set.Id)
			}
		}
		return out.NextToken, nil
	})
}

func (c *census) eachBalancer(visit func(balancing.LoadBalancer)) error {
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.elb.DescribeLoadBalancers(c.ctx, &elb.DescribeLoadBalancersInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, b := range out.LoadBalancers {
			visit(b)
		}
		return out.NextMarker, nil
	})
}

func (c *census) balancers() error {
	err := c.eachBalancer(func(b balancing.LoadBalancer) { c.add("elasticloadbalancing:loadbalancer", *b.LoadBalancerName) })
	if err != nil {
		return err
	}
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.elb.DescribeTargetGroups(c.ctx, &elb.DescribeTargetGroupsInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, g := range out.TargetGroups {
			c.add("elasticloadbalancing:targetgroup", *g.TargetGroupName)
		}
		return out.NextMarker, nil
	})
}

func (c *census) roles() error {
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.iam.ListRoles(c.ctx, &iam.ListRolesInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, r := range out.Roles {
			if *r.RoleName != accessRole {
				c.add("iam:role", *r.RoleName)
			}
		}
		return out.Marker, nil
	})
}

func (c *census) policies() error {
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.iam.ListPolicies(c.ctx, &iam.ListPoliciesInput{Scope: aws.String("Local"), Marker: token})
		if err != nil {
			return nil, err
		}
		for _, p := range out.Policies {
			c.add("iam:policy", *p.PolicyName)
		}
		return out.Marker, nil
	})
}

func (c *census) providers() error {
	out, err := c.rooms.iam.ListOpenIDConnectProviders(c.ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return err
	}
	for _, p := range out.OpenIDConnectProviderList {
		_, name, _ := strings.Cut(*p.Arn, "/")
		c.add("iam:oidc-provider", name)
	}
	return nil
}

func (c *census) logGroups() error {
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.logs.DescribeLogGroups(c.ctx, &logs.DescribeLogGroupsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, g := range out.LogGroups {
			c.add("logs:log-group", *g.LogGroupName)
		}
		return out.NextToken, nil
	})
}

func (c *census) builds() error {
	err := pages(func(token *string) (*string, error) {
		out, err := c.rooms.codebuild.ListProjects(c.ctx, &codebuild.ListProjectsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, name := range out.Projects {
			c.add("codebuild:project", name)
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	err = pages(func(token *string) (*string, error) {
		out, err := c.rooms.codebuild.ListBuilds(c.ctx, &codebuild.ListBuildsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		described, err := c.rooms.codebuild.BatchGetBuilds(c.ctx, &codebuild.BatchGetBuildsInput{Ids: out.Ids})
		if err != nil {
			return nil, err
		}
		for _, b := range described.Builds {
			if !b.BuildComplete {
				c.add("codebuild:build", *b.Id)
			}
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	return pages(func(token *string) (*string, error) {
		out, err := c.rooms.codebuild.ListReportGroups(c.ctx, &codebuild.ListReportGroupsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.ReportGroups {
			c.add("codebuild:report-group", lastPart(arn))
		}
		return out.NextToken, nil
	})
}

// lastPart returns what follows the last slash of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
