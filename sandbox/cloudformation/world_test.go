package cloudformation_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/cloudformation"
	"orgship/sandbox/cloudformation/resource"
	"orgship/sandbox/codedeploy"
	"orgship/sandbox/ec2"
	"orgship/sandbox/ecr"
	"orgship/sandbox/elb"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
	"orgship/sandbox/s3"
	"orgship/sandbox/secretsmanager"
	"orgship/sandbox/ssm"
	"orgship/sandbox/wire"
)

const (
	accountID = "222222222222"
	region    = "eu-west-1"
)

// world is CloudFormation on the sandbox's own rooms, but for ECS and
// CodeDeploy, which tests steer.
type world struct {
	*cloudformation.Service
	t          *testing.T
	ctx        context.Context // of the administrator
	iam        *iam.Service
	ec2        *ec2.Service
	elb        *elb.Service
	ecr        *ecr.Service
	logs       *logs.Service
	ssm        *ssm.Service
	secrets    *secretsmanager.Service
	containers *containers
	deployer   *deployer
	network    ec2.DefaultVPC
	rolling    atomic.Value // func() called after the next change of a retention
}

// retentions calls w.rolling once after a change of a retention.
type retentions struct {
	*logs.Service
	w *world
}

func (r retentions) PutRetentionPolicy(ctx context.Context, in *logs.PutRetentionPolicyInput) (*logs.PutRetentionPolicyOutput, error) {
	out, err := r.Service.PutRetentionPolicy(ctx, in)
	if f, ok := r.w.rolling.Swap(func() {}).(func()); ok {
		f()
	}
	return out, err
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c, err := clock.New(2000)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, containers: newContainers(), deployer: &deployer{}}
	w.iam = iam.New(iam.Config{Clock: c})
	if err := w.iam.AddUser(accountID, "admin", "AKIASANDBOXADMIN0001", "secret", iam.AdministratorPolicy); err != nil {
		t.Fatal(err)
	}
	if _, w.ctx, err = w.iam.Secret(context.Background(), "AKIASANDBOXADMIN0001", ""); err != nil {
		t.Fatal(err)
	}
	w.ec2 = ec2.New(ec2.Config{Region: region, Auth: w.iam})
	w.network = w.ec2.AddDefaultVPC(accountID)
	w.logs = logs.New(logs.Config{Clock: c, Region: region, Auth: w.iam})
	w.ssm = ssm.New(ssm.Config{Clock: c, Region: region, Auth: w.iam})
	w.secrets = secretsmanager.New(secretsmanager.Config{Clock: c, Region: region, Auth: w.iam})
	w.ecr = ecr.New(ecr.Config{Clock: c, Region: region, Auth: w.iam, Endpoint: func() string { return "127.0.0.1:4566" }, Dir: t.TempDir()})
	w.elb = elb.New(elb.Config{Clock: c, Region: region, Auth: w.iam, Network: w.ec2, Subnets: w.subnets})
	w.Service = cloudformation.New(cloudformation.Config{
		Clock: c, Region: region, Auth: w.iam, Sessions: w.iam, Network: w.ec2, Deployer: w.deployer, Parameters: w.ssm, Secrets: w.secrets,
		Objects: s3.New(s3.Config{Clock: c, Region: region, Auth: w.iam, Endpoint: func() string { return "http://127.0.0.1:1" }}),
		Types:   slices.Concat(resource.ECR(w.ecr), resource.EC2(w.ec2), resource.ELB(w.elb), resource.IAM(w.iam), resource.Logs(retentions{w.logs, w}), resource.ECS(w.containers), resource.SSM(w.ssm), resource.SecretsManager(w.secrets), resource.Kept(w.iam)),
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
		w.elb.Close(ctx)
		w.ecr.Close()
	})
	return w
}

func (w *world) subnets(ctx context.Context, ids []string) ([]elb.Subnet, error) {
	out, err := w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: ids})
	if err != nil {
		return nil, err
	}
	var all []elb.Subnet
	for _, s := range out.Subnets {
		all = append(all, elb.Subnet{ID: *s.SubnetId, VPC: *s.VpcId, Zone: *s.AvailabilityZone, DefaultGroup: w.network.SecurityGroupID, Gateway: true})
	}
	return all, nil
}

// deployer is CodeDeploy as CloudFormation sees it.
type deployer struct {
	mu    sync.Mutex
	specs []codedeploy.Spec
	// run does the deployment; nil means one that succeeds.
	run func(ctx context.Context, spec codedeploy.Spec, event func(codedeploy.Event)) error
}

func (d *deployer) CheckFunctions(functions map[string]string) error {
	for event, function := range functions {
		if function == "untold" {
			return wire.NotModelled("running the Lambda function untold of the lifecycle event %s", event)
		}
	}
	return nil
}

func (d *deployer) Run(ctx context.Context, spec codedeploy.Spec, event func(codedeploy.Event)) error {
	d.mu.Lock()
	d.specs = append(d.specs, spec)
	run := d.run
	d.mu.Unlock()
	if run == nil {
		event(codedeploy.Event{DeploymentID: "d-TEST00001", Lifecycle: "AllowTraffic", Status: "Succeeded", Percent: 100})
		return nil
	}
	return run(ctx, spec, event)
}

func (d *deployer) last() codedeploy.Spec {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.specs) == 0 {
		return codedeploy.Spec{}
	}
	return d.specs[len(d.specs)-1]
}

// web returns testdata/web.yaml with old, new … replaced, each of which
// has to be there.
func web(t *testing.T, replacements ...string) string {
	t.Helper()
	body, err := os.ReadFile("testdata/web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			t.Fatalf("web.yaml has no %q", replacements[i])
		}
		text = strings.ReplaceAll(text, replacements[i], replacements[i+1])
	}
	return text
}

// networkParameters are the parameters of testdata/web.yaml, with an image.
func (w *world) parameters(image string) []types.Parameter {
	return params("Vpc", w.network.VPCID, "Subnet1", w.network.SubnetIDs[0], "Subnet2", w.network.SubnetIDs[1], "ImageUri", image)
}

func params(pairs ...string) []types.Parameter {
	var all []types.Parameter
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, types.Parameter{ParameterKey: &pairs[i], ParameterValue: &pairs[i+1]})
	}
	return all
}

var capabilities = []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityAutoExpand}

func (w *world) create(name, body string, parameters ...types.Parameter) types.Stack {
	w.t.Helper()
	_, err := w.CreateStack(w.ctx, &cfn.CreateStackInput{StackName: &name, TemplateBody: &body, Parameters: parameters, Capabilities: capabilities})
	if err != nil {
		w.t.Fatalf("creating %s: %v", name, err)
	}
	return w.settled(name)
}

func (w *world) update(name, body string, parameters ...types.Parameter) types.Stack {
	w.t.Helper()
	_, err := w.UpdateStack(w.ctx, &cfn.UpdateStackInput{StackName: &name, TemplateBody: &body, Parameters: parameters, Capabilities: capabilities})
	if err != nil {
		w.t.Fatalf("updating %s: %v", name, err)
	}
	return w.settled(name)
}

// settled waits until nothing works on a stack.
func (w *world) settled(name string) types.Stack {
	w.t.Helper()
	var st types.Stack
	w.until(func() bool {
		st = w.stack(name)
		return !strings.HasSuffix(string(st.StackStatus), "_IN_PROGRESS") || st.StackStatus == types.StackStatusReviewInProgress
	})
	return st
}

func (w *world) stack(name string) types.Stack {
	w.t.Helper()
	out, err := w.DescribeStacks(w.ctx, &cfn.DescribeStacksInput{StackName: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Stacks[0]
}

// until polls a condition, with a deadline.
func (w *world) until(holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			w.t.Fatal("waited too long")
		}
		time.Sleep(time.Millisecond)
	}
}

// delete deletes a stack and returns it.
func (w *world) delete(name string) types.Stack {
	w.t.Helper()
	id := *w.stack(name).StackId
	if _, err := w.DeleteStack(w.ctx, &cfn.DeleteStackInput{StackName: &name}); err != nil {
		w.t.Fatal(err)
	}
	return w.settled(id)
}

// want checks a stack's status.
func (w *world) want(st types.Stack, status types.StackStatus) {
	w.t.Helper()
	if st.StackStatus != status {
		w.t.Fatalf("stack is %s (%s), want %s\n%s", st.StackStatus, aws.ToString(st.StackStatusReason), status, strings.Join(w.rows(*st.StackId), "\n"))
	}
}

// events returns a stack's events, oldest first, over all pages.
func (w *world) events(name string) []types.StackEvent {
	w.t.Helper()
	var all []types.StackEvent
	var next *string
	for {
		out, err := w.DescribeStackEvents(w.ctx, &cfn.DescribeStackEventsInput{StackName: &name, NextToken: next})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range out.StackEvents {
			all = append([]types.StackEvent{e}, all...)
		}
		if next = out.NextToken; next == nil {
			return all
		}
	}
}

// rows returns events as "LogicalId STATUS reason".
func (w *world) rows(name string) []string {
	w.t.Helper()
	var rows []string
	for _, e := range w.events(name) {
		rows = append(rows, strings.TrimSpace(*e.LogicalResourceId+" "+string(e.ResourceStatus)+" "+aws.ToString(e.ResourceStatusReason)))
	}
	return rows
}

// ids returns the physical ids of a stack's resources by logical id.
func (w *world) ids(name string) map[string]string {
	w.t.Helper()
	out, err := w.DescribeStackResources(w.ctx, &cfn.DescribeStackResourcesInput{StackName: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	ids := map[string]string{}
	for _, r := range out.StackResources {
		ids[*r.LogicalResourceId] = aws.ToString(r.PhysicalResourceId)
	}
	return ids
}

// inOrder checks that rows stand in an order, each beginning as wanted.
func inOrder(t *testing.T, rows []string, want ...string) {
	t.Helper()
	i := 0
	for _, row := range rows {
		if i < len(want) && strings.HasPrefix(row, want[i]) {
			i++
		}
	}
	if i < len(want) {
		t.Errorf("no event %q after the %d before it in:\n%s", want[i], i, strings.Join(rows, "\n"))
	}
}
