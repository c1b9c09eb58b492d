package stackset_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/stackset"
	"orgship/sandbox/iam"
)

// TestCreateRefuses names what is wrong with a stack set.
func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t).open(nil)
	for _, test := range []struct {
		name string
		edit func(*cfn.CreateStackSetInput)
		want string
	}{
		{"name", func(in *cfn.CreateStackSetInput) { in.StackSetName = aws.String("1st") }, "ValidationError: 1 validation error detected: Value '1st' at 'stackSetName'"},
		{"taken", func(in *cfn.CreateStackSetInput) { in.StackSetName = aws.String("roles") }, "NameAlreadyExistsException: "},
		{"self-managed by default", func(in *cfn.CreateStackSetInput) { in.PermissionModel = "" }, "NotModelled: the orgship sandbox does not model stack sets with PermissionModel SELF_MANAGED"},
		{"model", func(in *cfn.CreateStackSetInput) { in.PermissionModel = "MINE" }, "Value 'MINE' at 'permissionModel'"},
		{"URL", func(in *cfn.CreateStackSetInput) { in.TemplateURL = aws.String("https://b/t") }, "the member TemplateURL"},
		{"template", func(in *cfn.CreateStackSetInput) { in.TemplateBody = nil }, "ValidationError: no template"},
		{"no automatic deployment", func(in *cfn.CreateStackSetInput) { in.AutoDeployment = nil }, "AutoDeployment is required"},
		{"automatic or not", func(in *cfn.CreateStackSetInput) { in.AutoDeployment = &types.AutoDeployment{} }, "AutoDeployment.Enabled must be specified"},
		{"keeps without it", func(in *cfn.CreateStackSetInput) {
			in.AutoDeployment = &types.AutoDeployment{Enabled: aws.Bool(false), RetainStacksOnAccountRemoval: aws.Bool(false)}
		}, "only if AutoDeployment.Enabled is true"},
		{"depends", func(in *cfn.CreateStackSetInput) { in.AutoDeployment.DependsOn = []string{"x"} }, "AutoDeployment.DependsOn"},
		{"as", func(in *cfn.CreateStackSetInput) { in.CallAs = "ME" }, "Value 'ME' at 'callAs'"},
	} {
		in := request()
		in.StackSetName = aws.String("other")
		test.edit(in)
		if _, err := w.CreateStackSet(w.ctx, in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

// TestDeployRefuses names what is wrong with targets and preferences.
func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t).open(nil)
	n := aws.Int32
	for _, test := range []struct {
		name string
		edit func(*cfn.CreateStackInstancesInput)
		want string
	}{
		{"set", func(in *cfn.CreateStackInstancesInput) { in.StackSetName = aws.String("none") }, "StackSetNotFoundException: StackSet none not found"},
		{"region", func(in *cfn.CreateStackInstancesInput) { in.Regions = []string{"us-east-1"} }, `the region "us-east-1": there is eu-west-1 alone`},
		{"no region", func(in *cfn.CreateStackInstancesInput) { in.Regions = nil }, "Regions must"},
		{"no unit", func(in *cfn.CreateStackInstancesInput) { in.DeploymentTargets = nil }, "StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target"},
		{"accounts", func(in *cfn.CreateStackInstancesInput) { in.DeploymentTargets.Accounts = []string{"222222222222"} }, "NotModelled"},
		{"filter", func(in *cfn.CreateStackInstancesInput) {
			in.DeploymentTargets.AccountFilterType = types.AccountFilterTypeUnion
		}, "AccountFilterType UNION"},
		{"unit's form", func(in *cfn.CreateStackInstancesInput) {
			in.DeploymentTargets.OrganizationalUnitIds = []string{"o-sandbox001"}
		}, "Value 'o-sandbox001' at 'deploymentTargets.organizationalUnitIds'"},
		{"tolerance", func(in *cfn.CreateStackInstancesInput) { in.OperationPreferences.FailureTolerancePercentage = n(101) }, "Value '101' at 'operationPreferences.failureTolerancePercentage'"},
		{"tolerances", func(in *cfn.CreateStackInstancesInput) {
			in.OperationPreferences.FailureTolerancePercentage, in.OperationPreferences.FailureToleranceCount = n(1), n(1)
		}, "either FailureToleranceCount or"},
		{"concurrency", func(in *cfn.CreateStackInstancesInput) { in.OperationPreferences.MaxConcurrentCount = n(0) }, "Value '0' at 'operationPreferences.maxConcurrentCount'"},
		{"concurrencies", func(in *cfn.CreateStackInstancesInput) {
			in.OperationPreferences.MaxConcurrentCount, in.OperationPreferences.MaxConcurrentPercentage = n(1), n(1)
		}, "either MaxConcurrentCount or"},
		{"operation's id", func(in *cfn.CreateStackInstancesInput) { in.OperationId = aws.String("-") }, "Value '-' at 'operationId'"},
	} {
		in := &cfn.CreateStackInstancesInput{
			StackSetName: aws.String("roles"), Regions: []string{region}, OperationPreferences: &types.StackSetOperationPreferences{},
			DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{devUnit}},
		}
		test.edit(in)
		if _, err := w.CreateStackInstances(w.ctx, in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	if got := w.instances(); len(got) > 0 {
		t.Errorf("refused, and yet there are %v", got)
	}
}

// TestRepeated answers a repeated request as the first time, and knows operations.
func TestRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t).open(func(in *cfn.CreateStackSetInput) { in.ClientRequestToken = aws.String("once") })
	in := request()
	in.ClientRequestToken = aws.String("once")
	again, err := w.CreateStackSet(w.ctx, in)
	if err != nil || !strings.HasPrefix(*again.StackSetId, "roles:") {
		t.Errorf("again: %+v, %v", again, err)
	}
	update := &cfn.UpdateStackSetInput{UsePreviousTemplate: aws.Bool(true), OperationId: aws.String("first")}
	w.done(w.update(update))
	if _, err := w.update(update); code(err) != "OperationIdAlreadyExistsException" {
		t.Errorf("the same operation: %v", err)
	}
	_, err = w.DescribeStackSetOperation(w.ctx, &cfn.DescribeStackSetOperationInput{StackSetName: aws.String("roles"), OperationId: aws.String("second")})
	if code(err) != "OperationNotFoundException" {
		t.Errorf("an operation that there isn't: %v", err)
	}
}

// TestNoOrganization has no stack sets, and lists none.
func TestNoOrganization(t *testing.T) {
	t.Parallel()
	s := stackset.New(stackset.Config{Auth: everybody{}, Region: region, Stacks: &stacks{}})
	ctx := iam.WithPrincipal(context.Background(), iam.Principal{Account: management})
	if _, err := s.CreateStackSet(ctx, request()); code(err) != "ValidationError" {
		t.Errorf("making one: %v", err)
	}
	if _, err := s.DescribeStackSet(ctx, &cfn.DescribeStackSetInput{StackSetName: aws.String("roles")}); code(err) != "StackSetNotFoundException" {
		t.Errorf("looking at one: %v", err)
	}
	if out, err := s.ListStackSets(ctx, &cfn.ListStackSetsInput{}); err != nil || len(out.Summaries) > 0 {
		t.Errorf("listing: %+v, %v", out, err)
	}
}

// TestPages reads lists a row at a time.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t).open(nil)
	w.done(w.deploy(allAtOnce(), devUnit))
	in, rows := &cfn.ListStackInstancesInput{StackSetName: aws.String("roles"), MaxResults: aws.Int32(1)}, 0
	for {
		out, err := w.ListStackInstances(w.ctx, in)
		if err != nil || len(out.Summaries) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		rows++
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if rows != 3 {
		t.Errorf("%d rows", rows)
	}
	for _, bad := range []*cfn.ListStackInstancesInput{
		{MaxResults: aws.Int32(0)}, {NextToken: aws.String("x")}, {Filters: []types.StackInstanceFilter{{Name: types.StackInstanceFilterNameDriftStatus}}},
	} {
		bad.StackSetName = aws.String("roles")
		if _, err := w.ListStackInstances(w.ctx, bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
