package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"orgship/cfn"
	"orgship/pipeline/account"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/session"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy/hook"
	"orgship/policy"
	"orgship/sandbox"
	"orgship/template"
)

const (
	deployRole  = "orgship-deploy"
	buildRole   = "orgship-build"
	stackSet    = "orgship-deploy-role"
	repository  = "demoecshwapp-ecr-repo"
	taskPolicy  = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
	trustShared = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]}`
)

// roles is a world whose releases work as the roles of cfn/, and what was
// decided about them.
type roles struct {
	*world
	build, deploy aws.Config // sessions of the two roles

	mu    sync.Mutex
	asked map[string]decided // by role, action and resource
}

type decided struct {
	policy.Request
	allowed bool
}

// newRoles deploys the templates as administrators do, and has an account with
// the deploy role that prepare brings there.
func newRoles(t *testing.T, prepare func(r *roles, parameters map[string]string)) *roles {
	t.Helper()
	r := &roles{asked: map[string]decided{}}
	r.world = newWorldWith(t, sandbox.Options{Speed: speed, Decided: r.note})
	shared, _ := r.box.Account("shared-services")
	built := r.apply("shared-services", "orgship-github", "github-oidc.yaml", map[string]string{
		"GitHubOwner": "octo-org", "GitHubRepository": "hello", "Environments": "development", "CreateProvider": "false",
		"OrgID": "o-sandbox001", "DevOrgUnitID": "ou-sbox-dev00001", "MaxSessionDuration": "3600",
	})
	prepare(r, map[string]string{
		"BuildRoleArns": built["RoleArn"], "OrgID": "o-sandbox001", "StackNames": "demo",
		"RepositoryArn": "arn:aws:ecr:eu-west-1:" + shared.ID + ":repository/" + repository,
	})
	// GitHub's part is played by the account's administrator: who may become the
	// build role is another test's matter, what it may do is this one's.
	_, err := iam.NewFromConfig(r.config("shared-services")).UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String(buildRole), PolicyDocument: aws.String(trustShared),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.build = r.become(r.config("shared-services"), shared.ID, buildRole)
	r.deploy = r.become(r.build, r.dev.ID, deployRole)
	return r
}

// byHand deploys the role in two accounts, one of them outside of the unit.
func byHand(r *roles, parameters map[string]string) {
	r.t.Helper()
	for _, name := range []string{"dev-1", "prod-1"} {
		r.apply(name, "orgship-deploy-role", "deploy-role.yaml", parameters)
	}
}

// byJoining deploys the stack set to the unit, and has an account from elsewhere
// join it: nobody prepares that account.
func byJoining(r *roles, parameters map[string]string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	admin := cloudformation.NewFromConfig(r.config("management"))
	if _, err := admin.ActivateOrganizationsAccess(ctx, &cloudformation.ActivateOrganizationsAccessInput{}); err != nil {
		r.t.Fatal(err)
	}
	parameters["OrganizationalUnitIds"] = "ou-sbox-dev00001"
	r.apply("management", "orgship-deploy-roles", "deploy-role-stackset.yaml", parameters)
	r.dev, _ = r.box.Account("prod-1")
	_, err := organizations.NewFromConfig(r.config("management")).MoveAccount(ctx, &organizations.MoveAccountInput{
		AccountId: &r.dev.ID, SourceParentId: aws.String("ou-sbox-prod0001"), DestinationParentId: aws.String("ou-sbox-dev00001"),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	ready := func() bool {
		out, err := admin.DescribeStackInstance(ctx, &cloudformation.DescribeStackInstanceInput{
			StackSetName: aws.String(stackSet), StackInstanceAccount: &r.dev.ID, StackInstanceRegion: aws.String("eu-west-1"),
		})
		if err != nil || out.StackInstance.StackInstanceStatus.DetailedStatus == cfntypes.StackInstanceDetailedStatusFailed {
			r.t.Fatalf("the account that joined: %+v, error %v", out, err)
		}
		return out.StackInstance.Status == cfntypes.StackInstanceStatusCurrent
	}
	for !ready() {
		time.Sleep(pace.Every)
	}
}

// note keeps what the two roles asked for.
func (r *roles) note(q policy.Request, d policy.Decision) {
	name := q.Principal.RoleARN[strings.LastIndex(q.Principal.RoleARN, "/")+1:]
	if name != deployRole && name != buildRole {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[fmt.Sprintf("%s %s %s %t", name, q.Action, q.Resource, d.Allowed)] = decided{q, d.Allowed}
}

// of returns what a role asked for.
func (r *roles) of(role string) []decided {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []decided
	for _, key := range slices.Sorted(maps.Keys(r.asked)) {
		if strings.HasPrefix(key, role+" ") {
			all = append(all, r.asked[key])
		}
	}
	return all
}

func (r *roles) become(cfg aws.Config, id, role string) aws.Config {
	r.t.Helper()
	assumed, err := account.AssumeRole(cfg, account.RoleARN(id, role), "test")
	if err == nil {
		_, err = assumed.Credentials.Retrieve(r.t.Context())
	}
	if err != nil {
		r.t.Fatalf("becoming %s: %v", role, err)
	}
	return assumed
}

// apply brings a template of cfn/ into an account as its administrator, and
// returns the stack's outputs.
func (r *roles) apply(accountName, name, file string, parameters map[string]string) map[string]string {
	r.t.Helper()
	body, err := os.ReadFile("../cfn/" + file)
	if err != nil {
		r.t.Fatal(err)
	}
	client := stack.New(cloudformation.NewFromConfig(r.config(accountName)), stack.WithPace(pace))
	if err := change(r.t, client, stack.Request{
		Name: name, Template: body, Parameters: parameters, Capabilities: []string{"CAPABILITY_NAMED_IAM"},
	}); err != nil {
		r.t.Fatalf("deploying %s: %v", file, err)
	}
	s, err := client.Describe(r.t.Context(), name)
	if err != nil {
		r.t.Fatal(err)
	}
	return s.Outputs
}

// change brings a stack to what is requested.
func change(t *testing.T, client *stack.Client, req stack.Request) error {
	t.Helper()
	plan, err := client.Plan(t.Context(), req)
	if err != nil {
		return err
	}
	begun, err := client.Begin(t.Context(), plan)
	if err != nil {
		return err
	}
	_, err = client.Watch(t.Context(), begun.From, func(e stack.Event) {
		if e.Reason != "" {
			t.Log(e.LogicalID, e.Status, e.Reason)
		}
	})
	return err
}

// asBuild releases as the build role and, in the workload account, as the role
// that it may assume there.
func (r *roles) asBuild(edit func(*release.Config)) *release.Releaser {
	r.t.Helper()
	c, err := session.New(account.NewAccounts(r.build, deployRole), speed).Configure(r.t.Context(), r.dev.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	c.Watch = r.log
	if edit != nil {
		edit(&c)
	}
	return release.New(c)
}

// asDeploy releases as the deploy role alone.
func (r *roles) asDeploy() *release.Releaser {
	r.t.Helper()
	c, err := session.New(account.NewAccounts(r.deploy, ""), speed).Configure(r.t.Context(), "")
	if err != nil {
		r.t.Fatal(err)
	}
	return release.New(c)
}

// TestRolesAreEnough does all that a release does as the build role alone, in an
// account that a stack set prepared when it joined the unit; then every permission
// must have been of use.
func TestRolesAreEnough(t *testing.T) {
	t.Parallel()
	r := newRoles(t, byJoining)
	r.releases()
	r.ordinaryUpdate()
	may, err := session.New(account.NewAccounts(r.build, deployRole), speed).MayPull(t.Context(), r.repo, "", "")
	if err != nil || len(may) != len(r.box.Accounts()) {
		t.Errorf("who may pull: %+v, error %v", may, err)
	}
	// Where the Organization can't be asked, the account reads the image itself.
	req := release.Request{Stack: "demo", Image: r.repo + ":1.0", DryRun: true}
	document, err := r.asDeploy().Release(t.Context(), req)
	must(t, document, err, report.Successful, report.Unchanged)
	document, err = r.asBuild(nil).Destroy(t.Context(), release.Destruction{Stack: "demo"})
	must(t, document, err, report.Successful, report.Removed)
	state, err := r.box.State(t.Context())
	if left := state[r.dev.ID]; err != nil || len(left) != 2 { // the role and its stack
		t.Errorf("left %v, error %v", left, err)
	}
	for _, q := range append(r.of(buildRole), r.of(deployRole)...) {
		if !q.allowed {
			t.Errorf("%s was refused %s on %s", q.Principal.RoleARN, q.Action, q.Resource)
		}
	}
	r.allOfUse("shared-services", buildRole, "Release", map[string]string{})
	r.allOfUse(r.dev.Name, deployRole, "Release", unasked())
}

// releases makes the stack, releases, goes back from a wrong image, rolls back.
func (r *roles) releases() {
	r.t.Helper()
	ctx := r.t.Context()
	document, err := r.asBuild(nil).Release(ctx, r.request("Blue", "1.0", "Blue"))
	must(r.t, document, err, report.Successful, report.Released)
	document, err = r.asBuild(nil).Release(ctx, r.request("Green", "2.0", "Green"))
	must(r.t, document, err, report.Successful, report.Released)
	if n := len(document.Traffic); n == 0 {
		r.t.Error("the traffic was not seen to move")
	}
	document, err = r.asBuild(nil).Release(ctx, r.request("Purple", "1.0", "Green"))
	must(r.t, document, err, report.Failed, report.Refused) // the tag is taken
	document, err = r.asBuild(nil).Release(ctx, r.request("Purple", "3.0", "Green"))
	must(r.t, document, err, report.Failed, report.RolledBack)
	crash := r.request("Green", "2.0", "Green")
	crash.Push, crash.Image = nil, r.stranger("crash", map[string]string{"EXIT": "3", "SAY": "no database"})
	document, err = r.asBuild(nil).Release(ctx, crash)
	must(r.t, document, err, report.Failed, report.RolledBack)
	if f := document.FailedTask; f == nil || *f.ExitCode != 3 || !slices.Equal(f.Lines, []string{"no database"}) {
		r.t.Errorf("failed task %+v", f)
	}
	back := release.Request{Stack: "demo", Check: r.request("Blue", "1.0", "Blue").Check}
	document, err = r.asBuild(func(c *release.Config) { // who may not read CodeDeploy reads the listener
		c.Strategy = hook.New(stack.New(cloudformation.NewFromConfig(r.deploy), stack.WithPace(pace)), unseen{}, elasticloadbalancingv2.NewFromConfig(r.deploy))
	}).Rollback(ctx, back)
	must(r.t, document, err, report.Successful, report.Released)
	if got := r.says(); got != "Blue" {
		r.t.Errorf("the service says %q", got)
	}
}

// ordinaryUpdate changes what parameters and flags can change: the port, the
// test listener, the days of logs, the tags, the number of tasks.
func (r *roles) ordinaryUpdate() {
	r.t.Helper()
	client := stack.New(cloudformation.NewFromConfig(r.deploy), stack.WithPace(pace))
	parameters := map[string]string{
		"Vpc": r.dev.VPCID, "Subnet1": r.dev.SubnetIDs[0], "Subnet2": r.dev.SubnetIDs[1],
		"ProductionPort": "8081", "TestCidr": "127.0.0.0/8", "LogRetentionDays": "7",
	}
	body, err := client.Template(r.t.Context(), "demo")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, tags := range []map[string]string{{"team": "a"}, {"cost": "1"}} {
		req := stack.Request{Name: "demo", Template: body, Parameters: parameters, Tags: tags, Capabilities: []string{"CAPABILITY_IAM"}}
		if err := change(r.t, client, req); err != nil {
			r.t.Fatalf("an ordinary update: %v", err)
		}
		if body, err = template.Render(body, template.Changes{DesiredCount: aws.Int(2)}); err != nil {
			r.t.Fatal(err)
		}
		parameters["TestCidr"] = ""
	}
}

// allOfUse asks for each action of each statement whether it allowed anything,
// and compares those that did not with the list of what AWS alone asks for.
func (r *roles) allOfUse(accountName, role, policyName string, want map[string]string) {
	r.t.Helper()
	out, err := iam.NewFromConfig(r.config(accountName)).GetRolePolicy(r.t.Context(), &iam.GetRolePolicyInput{
		RoleName: &role, PolicyName: &policyName,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := url.QueryUnescape(*out.PolicyDocument)
	var document struct{ Statement []map[string]any }
	if err == nil {
		err = json.Unmarshal([]byte(text), &document)
	}
	if err != nil || len(document.Statement) == 0 {
		r.t.Fatalf("reading the policy of %s: %v", role, err)
	}
	asked, idle := r.of(role), map[string]string{}
	for _, statement := range document.Statement {
		for _, action := range texts(statement["Action"]) {
			key := fmt.Sprint(statement["Sid"], " ", action)
			if only := alone(r.t, statement, action); !slices.ContainsFunc(asked, func(q decided) bool { return allows(only, q) }) {
				idle[key] = want[key]
			}
		}
	}
	if diff := cmp.Diff(want, idle); diff != "" {
		r.t.Errorf("permissions of %s that nothing asked for (-listed +found):\n%s", role, diff)
	}
}

// texts reads a string or a list of them.
func texts(v any) []string {
	if text, ok := v.(string); ok {
		return []string{text}
	}
	var all []string
	items, _ := v.([]any)
	for _, item := range items {
		all = append(all, fmt.Sprint(item))
	}
	return all
}

// alone is a policy of one statement with one action.
func alone(t *testing.T, statement map[string]any, action string) *policy.Document {
	t.Helper()
	only := maps.Clone(statement)
	only["Action"] = action
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": only})
	if err != nil {
		t.Fatal(err)
	}
	document, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// allows tells whether an identity policy allows what was asked.
func allows(p *policy.Document, q decided) bool {
	return q.allowed && policy.Evaluate(policy.Request{
		Principal: q.Principal, Action: q.Action, Resource: q.Resource, Owner: q.Principal.Account,
		Context: q.Context, Identity: []*policy.Document{p},
	}).Allowed
}

// unasked are the deploy role's permissions that AWS asks for and the sandbox
// doesn't. Most are under "handlers" in the schema of a resource type:
// https://github.com/aws-cloudformation/rain/tree/d085ec5b12eea4cebd9a4e6faa49062d6b609f1b/internal/aws/cfn/schemas/aws
func unasked() map[string]string {
	const (
		read    = "what CloudFormation reads back of a resource (handlers.read)"
		create  = "what CloudFormation may set when it makes a resource (handlers.create)"
		network = "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"
	)
	return map[string]string{
		"Stacks cloudformation:ListChangeSets":                        "of a stack that somebody has only planned (e2e/faults)",
		"Balancers elasticloadbalancing:ModifyListenerAttributes":     create,
		"Balancers elasticloadbalancing:ModifyLoadBalancerAttributes": create,
		"Balancers elasticloadbalancing:ModifyRule":                   "CodeDeploy's managed role for ECS has it beside ModifyListener; what the hook does with rules isn't documented: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForECS.html",
		"Containers ecs:DescribeClusters":                             read,
		"Containers ecs:ListTagsForResource":                          "before tags change (handlers.update)",
		"Containers ecs:UpdateTaskSet":                                "handlers.update of AWS::ECS::TaskSet, which a change of the stack's tags is",
		"DescribeLogGroups logs:DescribeIndexPolicies":                read,
		"DescribeLogGroups logs:DescribeLogGroups":                    read,
		"DescribeNetwork ec2:DescribeAccountAttributes":               network,
		"DescribeNetwork ec2:DescribeInstances":                       "handlers.delete of AWS::EC2::SecurityGroup",
		"DescribeNetwork ec2:DescribeInternetGateways":                network,
		"DescribeNetwork ec2:DescribeSecurityGroupRules":              read,
		"LogGroups logs:GetDataProtectionPolicy":                      read,
		"LogGroups logs:ListTagsForResource":                          read,
		"SecurityGroupsInNetwork ec2:CreateSecurityGroup":             "EC2 asks for the group and for its VPC: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html",
		"ServiceLinkedRoles iam:CreateServiceLinkedRole":              "in an account that has not used the services yet; the sandbox's have their roles from the beginning",
		"TaskExecutionRole iam:GetRole":                               read,
		"TaskExecutionRole iam:GetRolePolicy":                         read,
		"Transform cloudformation:CreateChangeSet":                    "for a transform of AWS's: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html",
	}
}

// TestRolesAreNoMore tries what the roles must not do.
func TestRolesAreNoMore(t *testing.T) {
	t.Parallel()
	r := newRoles(t, byHand)
	for _, name := range []string{"demo", "other"} {
		r.smallStack(name)
	}
	admin := ecr.NewFromConfig(r.config("shared-services"))
	if _, err := admin.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("other")}); err != nil {
		t.Fatal(err)
	}
	own := "demo-TaskExecutionRole-MINE"
	_, err := iam.NewFromConfig(r.deploy).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &own, AssumeRolePolicyDocument: aws.String(trustShared)})
	if err != nil {
		t.Fatalf("a role of the pattern, which it may make: %v", err)
	}
	for _, tries := range []map[string]func(context.Context) error{r.stacksOfOthers(own), r.rolesOfOthers(own), r.passing(), r.assuming(), r.pushing()} {
		for name, try := range tries {
			var refused smithy.APIError
			if err := try(t.Context()); !errors.As(err, &refused) || !strings.HasPrefix(refused.ErrorCode(), "AccessDenied") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	r.otherServices()
	r.throughAStack()
}

// stacksOfOthers are changes of stacks that aren't the role's to change, and of
// its own with another role.
func (r *roles) stacksOfOthers(own string) map[string]func(context.Context) error {
	deploy := cloudformation.NewFromConfig(r.deploy)
	return map[string]func(context.Context) error{
		"delete another stack": func(ctx context.Context) error {
			_, err := deploy.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String("other")})
			return err
		},
		"make another stack": func(ctx context.Context) error {
			_, err := deploy.CreateChangeSet(ctx, &cloudformation.CreateChangeSetInput{
				StackName: aws.String("third"), ChangeSetName: aws.String("c"), ChangeSetType: cfntypes.ChangeSetTypeCreate, TemplateBody: aws.String(string(cfn.ECRRepository())),
			})
			return err
		},
		"read another stack": func(ctx context.Context) error {
			_, err := deploy.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String("other")})
			return err
		},
		"pass a role to CloudFormation": func(ctx context.Context) error {
			_, err := deploy.CreateChangeSet(ctx, &cloudformation.CreateChangeSetInput{
				StackName: aws.String("demo"), ChangeSetName: aws.String("c"), TemplateBody: aws.String(small), RoleARN: aws.String(account.RoleARN(r.dev.ID, own)),
			})
			return err
		},
		"delete the role's stack": func(ctx context.Context) error {
			_, err := deploy.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String("orgship-deploy-role")})
			return err
		},
	}
}

// rolesOfOthers are ways to become more than it is.
func (r *roles) rolesOfOthers(own string) map[string]func(context.Context) error {
	users, everything := iam.NewFromConfig(r.deploy), aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	return map[string]func(context.Context) error{
		"make a role of another name": func(ctx context.Context) error {
			_, err := users.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("admin"), AssumeRolePolicyDocument: aws.String(trustShared)})
			return err
		},
		"attach another policy to its role": func(ctx context.Context) error {
			_, err := users.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &own, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
			return err
		},
		"write a policy of its role": func(ctx context.Context) error {
			_, err := users.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &own, PolicyName: aws.String("p"), PolicyDocument: everything})
			return err
		},
		"write its own policy": func(ctx context.Context) error {
			_, err := users.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String(deployRole), PolicyName: aws.String("p"), PolicyDocument: everything})
			return err
		},
		"attach a policy to itself": func(ctx context.Context) error {
			_, err := users.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(deployRole), PolicyArn: aws.String(taskPolicy)})
			return err
		},
		"trust somebody else": func(ctx context.Context) error {
			_, err := users.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(deployRole), PolicyDocument: aws.String(trustShared)})
			return err
		},
	}
}

// passing hands roles to tasks that they aren't for.
func (r *roles) passing() map[string]func(context.Context) error {
	tasks := ecs.NewFromConfig(r.deploy)
	register := func(role string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := tasks.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
				Family: aws.String("demo"), ExecutionRoleArn: aws.String(account.RoleARN(r.dev.ID, role)), Cpu: aws.String("256"), Memory: aws.String("512"),
				NetworkMode: ecstypes.NetworkModeAwsvpc, RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
				ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("app"), Image: aws.String(r.repo + ":1.0")}},
			})
			return err
		}
	}
	return map[string]func(context.Context) error{
		"pass an administrator's role to tasks": register("OrganizationAccountAccessRole"),
		"pass its own role to tasks":            register(deployRole),
	}
}

// assuming are sessions that nobody may have.
func (r *roles) assuming() map[string]func(context.Context) error {
	assume := func(cfg aws.Config, id string) func(context.Context) error {
		return func(ctx context.Context) error { return become(ctx, cfg, id, deployRole) }
	}
	shared := r.config("shared-services")
	prod, _ := r.box.Account("prod-1")
	return map[string]func(context.Context) error{
		"go on to another account":                  assume(r.deploy, prod.ID),
		"be assumed by its account's administrator": assume(r.config("dev-1"), r.dev.ID),
		"be assumed by the shared account's":        assume(shared, r.dev.ID),
		"be assumed by the management account":      assume(r.config("management"), r.dev.ID),
		"build: assume it outside of the unit":      assume(r.build, prod.ID),
		"build: assume another role in the account": func(ctx context.Context) error {
			return become(ctx, r.build, r.dev.ID, "OrganizationAccountAccessRole")
		},
	}
}

// pushing is what the build role must leave alone in its own account.
func (r *roles) pushing() map[string]func(context.Context) error {
	images := ecr.NewFromConfig(r.build)
	return map[string]func(context.Context) error{
		"build: push to another repository": func(ctx context.Context) error {
			_, err := images.PutImage(ctx, &ecr.PutImageInput{RepositoryName: aws.String("other"), ImageManifest: aws.String("{}"), ImageTag: aws.String("1")})
			return err
		},
		"build: delete the repository": func(ctx context.Context) error {
			_, err := images.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: aws.String(repository), Force: true})
			return err
		},
		"build: say who may pull": func(ctx context.Context) error {
			_, err := images.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{RepositoryName: aws.String(repository), PolicyText: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}`)})
			return err
		},
		"build: delete images": func(ctx context.Context) error {
			_, err := images.BatchDeleteImage(ctx, &ecr.BatchDeleteImageInput{RepositoryName: aws.String(repository), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: aws.String("1.0")}}})
			return err
		},
		"build: move tags": func(ctx context.Context) error {
			_, err := images.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{RepositoryName: aws.String(repository), ImageTagMutability: ecrtypes.ImageTagMutabilityMutable})
			return err
		},
		"build: delete the repository's stack": func(ctx context.Context) error {
			_, err := cloudformation.NewFromConfig(r.build).DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String("demoecshwapp-ecr")})
			return err
		},
		"build: write its own policy": func(ctx context.Context) error {
			_, err := iam.NewFromConfig(r.build).PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String(buildRole), PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)})
			return err
		},
	}
}

func become(ctx context.Context, cfg aws.Config, id, role string) error {
	assumed, err := account.AssumeRole(cfg, account.RoleARN(id, role), "test")
	if err == nil {
		_, err = assumed.Credentials.Retrieve(ctx)
	}
	return err
}

// small is a stack that costs no time.
const small = `{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup"}}}`

func (r *roles) smallStack(name string) {
	r.t.Helper()
	client := stack.New(cloudformation.NewFromConfig(r.config("dev-1")), stack.WithPace(pace))
	if err := change(r.t, client, stack.Request{Name: name, Template: []byte(small)}); err != nil {
		r.t.Fatal(err)
	}
}

// otherServices asks the roles' policies about services that the sandbox
// doesn't have.
func (r *roles) otherServices() {
	r.t.Helper()
	for _, role := range []string{buildRole, deployRole} {
		asked := r.of(role)
		if len(asked) == 0 {
			r.t.Fatalf("%s asked for nothing", role)
		}
		for _, action := range []string{
			"secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt", "s3:GetObject", "logs:GetLogEvents", "lambda:InvokeFunction",
			"codebuild:StartBuild", "codebuild:UpdateProject", "iam:CreateUser", "iam:CreateAccessKey", "iam:CreatePolicyVersion",
			"iam:DeleteRolePermissionsBoundary", "iam:UpdateOpenIDConnectProviderThumbprint", "organizations:LeaveOrganization", "organizations:MoveAccount",
			"ec2:RunInstances", "ecs:ExecuteCommand", "ecs:RunTask", "cloudformation:SetStackPolicy", "cloudformation:CreateStackSet",
		} {
			q := policy.Request{
				Principal: asked[0].Principal, Action: action, Resource: "*", Owner: asked[0].Principal.Account,
				Context: asked[0].Context, Identity: asked[0].Identity,
			}
			if d := policy.Evaluate(q); d.Allowed {
				r.t.Errorf("%s may %s: %s", role, action, d.Reason)
			}
		}
	}
}

// throughAStack has CloudFormation make an administrator in a stack that may be
// changed: it works with the role's own rights.
func (r *roles) throughAStack() {
	r.t.Helper()
	client := stack.New(cloudformation.NewFromConfig(r.deploy), stack.WithPace(pace))
	for name, role := range map[string]string{
		"TaskExecutionRole": `"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]`,
		"Admin":             `"ManagedPolicyArns": ["` + taskPolicy + `"]`,
	} {
		body := `{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup"}, "` + name + `": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ` + trustShared + `, ` + role + `}}}}`
		err := change(r.t, client, stack.Request{Name: "demo", Template: []byte(body), Capabilities: []string{"CAPABILITY_IAM"}})
		var back *stack.RolledBackError
		if !errors.As(err, &back) || back.End.Cause == nil || !strings.Contains(back.End.Cause.Reason, "is not authorized to perform: iam:") {
			r.t.Errorf("a stack with %s: %v", name, err)
		}
	}
}
