package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	templates "orgship/cfn"
	"orgship/dockerfiles"
	"orgship/sandbox"
	"orgship/template"
)

// needsCLI skips a test on a machine without the aws CLI.
func needsCLI(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: the aws CLI takes a second for each command, and -short is set")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIP: the aws CLI is not on the PATH")
	}
}

// aws runs the aws CLI as the administrator of an account.
func (w *world) aws(account string, args ...string) (stdout string, err error) {
	a, ok := w.Account(account)
	if !ok {
		return "", fmt.Errorf("there is no account %q", account)
	}
	info := w.Info()
	cmd := exec.Command("aws", args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	cmd.Env = append(cmd.Env,
		"AWS_ENDPOINT_URL="+info.Endpoint, "AWS_REGION="+info.Region, "AWS_DEFAULT_REGION="+info.Region,
		"AWS_ACCESS_KEY_ID="+a.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+a.SecretAccessKey,
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1",
	)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}

// A row is a command and what it prints with --output text: a pattern, for the
// whole output. A row that wants an error gives a part of its text.
type row struct {
	account string
	command string // words; {name} stands for a value that is known only then
	query   string // --query
	want    string
	fails   string
}

// run runs rows, several at a time, as they don't depend on each other.
func (w *world) run(values map[string]string, rows []row) {
	w.t.Helper()
	var running sync.WaitGroup
	turn := make(chan struct{}, 3)
	for _, r := range rows {
		turn <- struct{}{}
		running.Go(func() {
			defer func() { <-turn }()
			if err := w.check(values, r); err != nil {
				w.t.Errorf("%s: aws %s: %v", r.account, r.command, err)
			}
		})
	}
	running.Wait()
}

func (w *world) check(values map[string]string, r row) error {
	var words []string
	for word := range strings.FieldsSeq(r.command) {
		words = append(words, fill(word, values))
	}
	if r.query != "" {
		words = append(words, "--output", "text", "--query", fill(r.query, values))
	}
	out, err := w.aws(r.account, words...)
	switch {
	case r.fails != "" && err == nil:
		return fmt.Errorf("got %q, want the error %q", out, r.fails)
	case r.fails != "" && !strings.Contains(err.Error(), fill(r.fails, values)):
		return fmt.Errorf("want the error %q, got %w", r.fails, err)
	case r.fails == "" && err != nil:
		return err
	case r.fails == "" && !regexp.MustCompile(`^(?s:`+fill(r.want, values)+`)$`).MatchString(out):
		return fmt.Errorf("got %q, want %q", out, fill(r.want, values))
	}
	return nil
}

func fill(text string, values map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text = strings.ReplaceAll(text, "{"+name+"}", values[name])
	}
	return text
}

// TestAWSCLIReads asks about a running service and its account across the
// rooms. The rooms' own tests send the CLI through the rest of their operations.
func TestAWSCLIReads(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t, sandbox.Options{})
	w.needsTasks()
	w.share()
	values := w.released()

	t.Run("accounts", func(t *testing.T) { w.on(t).run(values, accountRows()) })
	t.Run("registry", func(t *testing.T) { w.on(t).run(values, registryRows()) })
	t.Run("stack", func(t *testing.T) { w.on(t).run(values, stackRows()) })
	t.Run("service", func(t *testing.T) { w.on(t).run(values, serviceRows()) })
}

func (w *world) on(t *testing.T) *world { return &world{Sandbox: w.Sandbox, t: t, ctx: w.ctx} }

// released deploys blue, releases green, and returns values for rows.
func (w *world) released() map[string]string {
	w.t.Helper()
	blue, green := w.push(dockerfiles.Blue(), "1"), w.push(dockerfiles.Green(), "2")
	routing := template.TrafficRouting{Type: "AllAtOnce"}
	stack := w.deploy("hello", w.service(blue, routing))
	w.update("dev-1", "hello", w.service(green, routing))
	a := w.account("dev-1")
	_, digest, _ := strings.Cut(green, "@")
	physical := w.resources("dev-1", "hello")
	return map[string]string{
		"cluster": physical["Cluster"], "service": physical["Service"], "balancer": physical["LoadBalancer"], "listener": physical["ProductionListener"],
		"targets": physical["GreenTargetGroup"], "logs": physical["LogGroup"], "task": w.task("dev-1", physical["Cluster"]),
		"stack": *stack.StackId, "dns": balancer(w.t, stack), "vpc": a.VPCID, "subnet": a.SubnetIDs[0],
		"green": green, "digest": digest, "repository": repository, "deployment": w.deployment("dev-1", *stack.StackId),
	}
}

func (w *world) deploy(name string, body *string) cfn.Stack {
	const account = "dev-1"
	w.t.Helper()
	must(w.stacks(account).CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: &name, TemplateBody: body, Parameters: w.place(account), Capabilities: capabilities(),
	}))(w.t)
	return w.wantStatus(account, name, cfn.StackStatusCreateComplete)
}

func (w *world) update(account, name string, body *string) {
	w.t.Helper()
	w.startUpdate(account, name, body)
	w.wantStatus(account, name, cfn.StackStatusUpdateComplete)
}

func (w *world) startUpdate(account, name string, body *string) {
	w.t.Helper()
	must(w.stacks(account).UpdateStack(w.ctx, &cloudformation.UpdateStackInput{
		StackName: &name, TemplateBody: body, Parameters: w.place(account), Capabilities: capabilities(),
	}))(w.t)
}

func capabilities() []cfn.Capability {
	return []cfn.Capability{cfn.CapabilityCapabilityIam, cfn.CapabilityCapabilityAutoExpand}
}

// resources returns the physical ids of a stack's resources by logical id.
func (w *world) resources(account, stack string) map[string]string {
	w.t.Helper()
	out := must(w.stacks(account).DescribeStackResources(w.ctx, &cloudformation.DescribeStackResourcesInput{StackName: &stack}))(w.t)
	ids := map[string]string{}
	for _, r := range out.StackResources {
		ids[*r.LogicalResourceId] = aws.ToString(r.PhysicalResourceId)
	}
	return ids
}

// task returns the ARN of the one task of a cluster.
func (w *world) task(account, cluster string) string {
	w.t.Helper()
	out := must(ecs.NewFromConfig(w.config(account)).ListTasks(w.ctx, &ecs.ListTasksInput{Cluster: &cluster}))(w.t)
	if len(out.TaskArns) != 1 {
		w.t.Fatalf("tasks of cluster %s: %v", cluster, out.TaskArns)
	}
	return out.TaskArns[0]
}

// deployment returns the id of the newest CodeDeploy deployment of a stack.
func (w *world) deployment(account, stackID string) string {
	w.t.Helper()
	client := codedeploy.NewFromConfig(w.config(account))
	out := must(client.ListDeployments(w.ctx, &codedeploy.ListDeploymentsInput{ExternalId: &stackID}))(w.t)
	if len(out.Deployments) == 0 {
		w.t.Fatalf("no deployment of %s", stackID)
	}
	return out.Deployments[0]
}

func accountRows() []row {
	const dev, management = "dev-1", "management"
	return []row{
		{account: dev, command: "sts get-caller-identity", query: "[Account,Arn]", want: `222222222222\tarn:aws:iam::222222222222:user/admin`},
		{account: management, command: "sts assume-role --role-arn arn:aws:iam::222222222222:role/OrganizationAccountAccessRole --role-session-name cli",
			query: "[AssumedRoleUser.Arn,Credentials.AccessKeyId]", want: `arn:aws:sts::222222222222:assumed-role/OrganizationAccountAccessRole/cli\tASIA\w{16}`},
		{account: dev, command: "organizations describe-organization", query: "Organization.[Id,MasterAccountId]", want: `o-sandbox001\t999999999999`},
		{account: dev, command: "ec2 describe-vpcs --filters Name=is-default,Values=true", query: "Vpcs[].[VpcId,CidrBlock,IsDefault]", want: `{vpc}\t172.31.0.0/16\tTrue`},
		{account: dev, command: "ec2 describe-subnets --filters Name=vpc-id,Values={vpc}", query: "Subnets[].[AvailabilityZone,MapPublicIpOnLaunch]", want: `eu-west-1a\tTrue\neu-west-1b\tTrue`},
		{account: dev, command: "ec2 describe-subnets --subnet-ids {subnet}", query: "Subnets[].VpcId", want: `{vpc}`},
		{account: dev, command: "ec2 describe-route-tables --filters Name=association.main,Values=true", query: "RouteTables[].Routes[].[DestinationCidrBlock,State]", want: `172.31.0.0/16\tactive\n0.0.0.0/0\tactive`},
		{account: dev, command: "ec2 describe-internet-gateways", query: "InternetGateways[].Attachments[].VpcId", want: `{vpc}`},
		{account: dev, command: "ec2 create-vpc --cidr-block 10.0.0.0/8", fails: "(InvalidVpc.Range) when calling the CreateVpc operation: The CIDR '10.0.0.0/8' is invalid."},
		{account: dev, command: "ec2 create-nat-gateway --subnet-id {subnet}", fails: "(MissingParameter) when calling the CreateNatGateway operation"},
		{account: dev, command: "ec2 delete-vpc --vpc-id {vpc}", fails: "(DependencyViolation) when calling the DeleteVpc operation: The vpc '{vpc}' has dependencies and cannot be deleted."},
		{account: "dev-2", command: "ec2 describe-vpcs --vpc-ids {vpc}", fails: "(InvalidVpcID.NotFound) when calling the DescribeVpcs operation: The vpc ID '{vpc}' does not exist"},
		{account: dev, command: "ec2 describe-security-groups --filters Name=vpc-id,Values={vpc} Name=group-name,Values=hello-TaskSecurityGroup-*",
			query: "SecurityGroups[].IpPermissions[].[IpProtocol,FromPort,UserIdGroupPairs[0].UserId]", want: `tcp\t8080\t222222222222`},
		{account: dev, command: "iam list-roles --query Roles[?contains(RoleName,'TaskExecutionRole')].AssumeRolePolicyDocument.Statement[].Principal.Service --output text", want: `ecs-tasks.amazonaws.com`},
		{account: dev, command: "lambda list-functions", fails: "(NotModelled) when calling the ListFunctions operation: the orgship sandbox does not model the service lambda"},
	}
}

func registryRows() []row {
	const shared = "shared-services"
	return []row{
		{account: shared, command: "ecr describe-repositories", query: "repositories[].[repositoryName,imageTagMutability,imageScanningConfiguration.scanOnPush]", want: `{repository}\tIMMUTABLE\tTrue`},
		{account: shared, command: "ecr describe-images --repository-name {repository} --image-ids imageTag=2", query: "imageDetails[].[imageTags[0],imageDigest]", want: `2\t{digest}`},
		{account: "dev-1", command: "ecr batch-get-image --registry-id 111111111111 --repository-name {repository} --image-ids imageTag=2", query: "images[].imageId.imageDigest", want: `{digest}`},
		{account: "team-a", command: "ecr describe-images --registry-id 111111111111 --repository-name {repository}", query: "length(imageDetails)", want: `2`},
		{account: "prod-1", command: "ecr batch-get-image --registry-id 111111111111 --repository-name {repository} --image-ids imageTag=2", fails: "(AccessDeniedException) when calling the BatchGetImage operation: User: arn:aws:iam::555555555555:user/admin is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:111111111111:repository/{repository}"},
	}
}

func stackRows() []row {
	const dev = "dev-1"
	return []row{
		{account: dev, command: "cloudformation describe-stacks --stack-name hello", query: "Stacks[].[StackStatus,Outputs[?OutputKey=='LoadBalancerDNSName'].OutputValue|[0]]", want: `UPDATE_COMPLETE\t{dns}`},
		{account: dev, command: "cloudformation describe-stack-events --stack-name {stack}", query: "StackEvents[0].[LogicalResourceId,ResourceStatus]", want: `hello\tUPDATE_COMPLETE`},
		{account: dev, command: "cloudformation describe-stack-resources --stack-name hello --logical-resource-id Service", query: "StackResources[].[ResourceType,ResourceStatus]", want: `AWS::ECS::Service\tCREATE_COMPLETE`},
		{account: dev, command: "cloudformation list-stack-resources --stack-name hello", query: "StackResourceSummaries[?ResourceType=='AWS::ECS::TaskSet'].LogicalResourceId", want: `GreenTaskSet`},
		{account: dev, command: "cloudformation get-template --stack-name hello --template-stage Original", query: "TemplateBody", want: `AWSTemplateFormatVersion.*BlueTaskDefinition:.*{green}.*`},
		{account: dev, command: "cloudformation get-template --stack-name hello --template-stage Processed --query TemplateBody.Resources.[GreenTaskSet.Type,BlueTaskSet] --output text", want: `AWS::ECS::TaskSet\tNone`},
		{account: dev, command: "cloudformation cancel-update-stack --stack-name hello", fails: "(ValidationError) when calling the CancelUpdateStack operation: CancelUpdateStack cannot be called from current stack status"},
		{account: dev, command: "cloudformation describe-stacks --stack-name other", fails: "(ValidationError) when calling the DescribeStacks operation: Stack with id other does not exist"},
		{account: dev, command: "deploy list-deployments --external-id {stack}", query: "deployments", want: `{deployment}`},
		{account: dev, command: "deploy get-deployment --deployment-id {deployment}", query: "deploymentInfo.[status,computePlatform,externalId,deploymentOverview.Succeeded]", want: `Succeeded\tECS\t{stack}\t1`},
		{account: dev, command: "deploy list-deployment-targets --deployment-id {deployment}", query: "length(targetIds)", want: `1`},
	}
}

func serviceRows() []row {
	const dev = "dev-1"
	return []row{
		{account: dev, command: "ecs describe-services --cluster {cluster} --services {service}", query: "services[].[status,deploymentController.type,runningCount,length(taskSets)]", want: `ACTIVE\tEXTERNAL\t1\t1`},
		{account: dev, command: "ecs describe-task-sets --cluster {cluster} --service {service}", query: "taskSets[].[status,stabilityStatus,scale.value]", want: `PRIMARY\tSTEADY_STATE\t100(.0)?`},
		{account: dev, command: "ecs describe-tasks --cluster {cluster} --tasks {task}", query: "tasks[].[lastStatus,healthStatus,containers[0].imageDigest]", want: `RUNNING\t\w+\t{digest}`},
		{account: dev, command: "ecs describe-task-definition --task-definition hello", query: "taskDefinition.containerDefinitions[].image", want: `{green}`},
		{account: dev, command: "elbv2 describe-load-balancers", query: "LoadBalancers[].[DNSName,State.Code,Type]", want: `{dns}\tactive\tapplication`},
		{account: dev, command: "elbv2 describe-target-health --target-group-arn {targets}", query: "TargetHealthDescriptions[].[Target.Port,TargetHealth.State]", want: `8080\thealthy`},
		{account: dev, command: "elbv2 describe-target-group-attributes --target-group-arn {targets}", query: "Attributes[?Key=='deregistration_delay.timeout_seconds'].Value", want: `30`},
		{account: dev, command: "logs describe-log-groups", query: "logGroups[].retentionInDays", want: `30`},
		{account: dev, command: "logs filter-log-events --log-group-name {logs} --start-time 0", query: "length(events) >= `1`", want: `True`},
	}
}

// TestAWSCLIWrites takes stacks through their life with the CLI alone.
func TestAWSCLIWrites(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t, sandbox.Options{})
	dir := t.TempDir()
	file := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	values := map[string]string{
		"a.yaml":   file("a.yaml", "Parameters: {Days: {Type: Number, Default: 7}}\nResources: {L: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: l, RetentionInDays: !Ref Days}}}\nOutputs: {Name: {Value: !Ref L}}\n"),
		"b.yaml":   file("b.yaml", "Resources:\n  L: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: l, RetentionInDays: 14}}\n  M: {Type: AWS::Logs::LogGroup}\n"),
		"bad.yaml": file("bad.yaml", "Resources: {L: {Type: AWS::Logs::LogGroup, Properties: {Colour: blue}}}\n"),
	}
	steps := []struct {
		row
		settle string // stack to wait for before the step
	}{
		{row: row{command: "cloudformation validate-template --template-body {a.yaml}", query: "Parameters[].[ParameterKey,DefaultValue]", want: `Days\t7`}},
		{row: row{command: "cloudformation create-stack --stack-name a --template-body {a.yaml} --parameters ParameterKey=Days,ParameterValue=3", query: "StackId", want: `arn:aws:cloudformation:eu-west-1:222222222222:stack/a/.+`}},
		{settle: "a", row: row{command: "logs describe-log-groups", query: "logGroups[].[logGroupName,retentionInDays]", want: `l\t3`}},
		{row: row{command: "cloudformation create-stack --stack-name a --template-body {a.yaml}", fails: "(AlreadyExistsException) when calling the CreateStack operation: Stack [a] already exists"}},
		{row: row{command: "cloudformation update-stack --stack-name a --use-previous-template --parameters ParameterKey=Days,UsePreviousValue=true", fails: "No updates are to be performed."}},
		{row: row{command: "cloudformation update-stack --stack-name a --use-previous-template --parameters ParameterKey=Days,ParameterValue=5", query: "StackId", want: `.+`}},
		{settle: "a", row: row{command: "logs describe-log-groups", query: "logGroups[].retentionInDays", want: `5`}},
		{row: row{command: "cloudformation create-change-set --stack-name a --change-set-name c --template-body {b.yaml}", query: "Id", want: `arn:.+:changeSet/c/.+`}},
		{row: row{command: "cloudformation describe-change-set --stack-name a --change-set-name c", query: "[ExecutionStatus,Changes[].ResourceChange.[Action,LogicalResourceId,Replacement]]", want: `AVAILABLE\nModify\tL\tFalse\nAdd\tM\tNone`}},
		{row: row{command: "cloudformation list-change-sets --stack-name a", query: "Summaries[].[ChangeSetName,Status]", want: `c\tCREATE_COMPLETE`}},
		{row: row{command: "cloudformation execute-change-set --stack-name a --change-set-name c"}},
		{settle: "a", row: row{command: "logs describe-log-groups", query: "sort(logGroups[].to_string(retentionInDays))", want: `14\tnull`}},
		{row: row{command: "cloudformation create-change-set --stack-name a --change-set-name d --template-body {b.yaml}", query: "Id", want: `.+`}},
		{row: row{command: "cloudformation describe-change-set --stack-name a --change-set-name d", query: "[Status,StatusReason]", want: `FAILED\tThe submitted information didn't contain changes..*`}},
		{row: row{command: "cloudformation delete-change-set --stack-name a --change-set-name d"}},
		{row: row{command: "cloudformation create-stack --stack-name bad --template-body {bad.yaml}", query: "StackId", want: `.+`}},
		{settle: "bad", row: row{command: "cloudformation describe-stack-events --stack-name bad", query: "StackEvents[?ResourceStatus=='CREATE_FAILED'].ResourceStatusReason", want: `.*Colour.*`}},
		{row: row{command: "cloudformation delete-stack --stack-name bad"}},
		{row: row{command: "cloudformation delete-stack --stack-name a"}},
	}
	for _, step := range steps {
		if step.settle != "" {
			w.settle("dev-1", step.settle)
		}
		step.account = "dev-1"
		if err := w.check(values, step.row); err != nil {
			t.Fatalf("aws %s: %v", step.command, err)
		}
	}
	eventually(t, "the stacks to be gone", func() bool { return len(must(w.State(w.ctx))(t)) == 0 })
}

// TestAWSCLICancels goes back to blue by cancelling the update in its
// termination wait.
func TestAWSCLICancels(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t, sandbox.Options{})
	w.needsTasks()
	w.share()
	blue, green := w.push(dockerfiles.Blue(), "1"), w.push(dockerfiles.Green(), "2")
	stack := w.deploy("hello", w.service(blue, template.TrafficRouting{Type: "AllAtOnce"}))
	url := "http://" + balancer(t, stack) + "/"

	long := 2880
	body := must(template.Render(templates.BlueGreen(), template.Changes{Image: green, TerminationWaitMinutes: &long}))(t)
	w.startUpdate("dev-1", "hello", aws.String(string(body)))
	eventually(t, "green to answer", func() bool {
		answer, err := get(url)
		return err == nil && answer == "Hello World! (Green)"
	})
	deployment := map[string]string{"id": w.deployment("dev-1", *stack.StackId), "stack": *stack.StackId}
	w.run(deployment, []row{
		{account: "dev-1", command: "deploy get-deployment --deployment-id {id}", query: "deploymentInfo.status", want: `InProgress`},
		{account: "dev-1", command: "deploy batch-get-deployment-targets --deployment-id {id} --target-ids " + w.target("dev-1", deployment["id"]),
			query: "deploymentTargets[].cloudFormationTarget.[targetId,targetVersionWeight]", want: `{stack}\t100(.0)?`},
	})
	w.run(nil, []row{{account: "dev-1", command: "cloudformation cancel-update-stack --stack-name hello"}})
	w.wantStatus("dev-1", "hello", cfn.StackStatusUpdateRollbackComplete)
	if answer := must(get(url))(t); answer != "Hello World! (Blue)" {
		t.Errorf("after cancelling: %q", answer)
	}
	w.run(deployment, []row{{account: "dev-1", command: "deploy get-deployment --deployment-id {id}", query: "deploymentInfo.status", want: `Stopped`}})
}

func (w *world) target(account, deployment string) string {
	w.t.Helper()
	out := must(codedeploy.NewFromConfig(w.config(account)).ListDeploymentTargets(context.Background(), &codedeploy.ListDeploymentTargetsInput{DeploymentId: &deployment}))(w.t)
	return out.TargetIds[0]
}
