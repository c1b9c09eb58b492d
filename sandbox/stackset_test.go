package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox"
)

const (
	setName    = "orgship-deploy-role" // the template's default
	setStack   = "orgship-accounts"
	prodUnit   = "ou-sbox-prod0001"
	builder    = "orgship-build"
	deployer   = "orgship-deploy"
	trustOwner = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]}`
	mayAssume  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/orgship-deploy"}]}`
	principal  = "member.org.stacksets.cloudformation.amazonaws.com"
)

// newSets is a world with trusted access for stack sets, and a build role.
func newSets(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, sandbox.Options{Speed: 600})
	must(w.stacks("management").ActivateOrganizationsAccess(w.ctx, &cloudformation.ActivateOrganizationsAccessInput{}))(t)
	w.addBuilder()
	return w
}

// addBuilder makes the build role, which the deploy roles trust.
func (w *world) addBuilder() {
	w.t.Helper()
	roles := iam.NewFromConfig(w.config("shared-services"))
	must(roles.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(builder), AssumeRolePolicyDocument: aws.String(trustOwner)}))(w.t)
	must(roles.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String(builder), PolicyName: aws.String("p"), PolicyDocument: aws.String(mayAssume)}))(w.t)
}

// accounts is deploy-role-stackset.yaml, as it is or with old, new … replaced.
func (w *world) accounts(replacements ...string) *string {
	w.t.Helper()
	text := string(must(os.ReadFile("../cfn/deploy-role-stackset.yaml"))(w.t))
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			w.t.Fatalf("the template has no %q", replacements[i])
		}
		text = strings.Replace(text, replacements[i], replacements[i+1], 1)
	}
	return &text
}

// roleParameters are the template's parameters without a default, and pairs more.
func roleParameters(units string, pairs ...string) []cfn.Parameter {
	return parameters(append([]string{
		"OrganizationalUnitIds", units, "BuildRoleArns", "arn:aws:iam::111111111111:role/" + builder,
		"RepositoryArn", "arn:aws:ecr:eu-west-1:111111111111:repository/" + repository,
	}, pairs...)...)
}

// createSet makes the stack with the stack set in an account and wants it to end so.
func (w *world) createSet(account string, want cfn.StackStatus, body *string, given []cfn.Parameter) cfn.Stack {
	w.t.Helper()
	must(w.stacks(account).CreateStack(w.ctx, &cloudformation.CreateStackInput{StackName: aws.String(setStack), TemplateBody: body, Parameters: given}))(w.t)
	return w.wantStatus(account, setStack, want)
}

func (w *world) updateSet(body *string, given []cfn.Parameter) {
	w.t.Helper()
	must(w.stacks("management").UpdateStack(w.ctx, &cloudformation.UpdateStackInput{StackName: aws.String(setStack), TemplateBody: body, Parameters: given}))(w.t)
	w.wantStatus("management", setStack, cfn.StackStatusUpdateComplete)
}

// instances shows the stack set's instances: account, state, unit.
func (w *world) instances() []string {
	w.t.Helper()
	out := must(w.stacks("management").ListStackInstances(w.ctx, &cloudformation.ListStackInstancesInput{StackSetName: aws.String(setName)}))(w.t)
	rows := []string{}
	for _, i := range out.Summaries {
		rows = append(rows, fmt.Sprintf("%s %s %s %s", *i.Account, i.Status, i.StackInstanceStatus.DetailedStatus, *i.OrganizationalUnitId))
	}
	return rows
}

// idle waits until no operation works on the stack set.
func (w *world) idle() {
	w.t.Helper()
	eventually(w.t, "the stack set's operations", func() bool {
		out := must(w.stacks("management").ListStackSetOperations(w.ctx, &cloudformation.ListStackSetOperationsInput{StackSetName: aws.String(setName)}))(w.t)
		return !slices.ContainsFunc(out.Summaries, func(o cfn.StackSetOperationSummary) bool { return o.EndTimestamp == nil })
	})
}

// wantInstances wants the instances in these accounts, current, by unit.
func (w *world) wantInstances(want ...string) {
	w.t.Helper()
	for i, pair := range want {
		account, unit, _ := strings.Cut(pair, " ")
		want[i] = fmt.Sprintf("%s CURRENT SUCCEEDED %s", w.account(account).ID, unit)
	}
	if diff := cmp.Diff(want, w.instances()); diff != "" {
		w.t.Fatalf("instances (-want +got):\n%s", diff)
	}
}

// becomes has the build role assume the deploy role of an account.
func (w *world) becomes(account string) error {
	w.t.Helper()
	shared := w.config("shared-services")
	shared.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(shared), "arn:aws:iam::111111111111:role/"+builder))
	_, err := sts.NewFromConfig(shared).AssumeRole(w.ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + w.account(account).ID + ":role/" + deployer), RoleSessionName: aws.String("release"),
	})
	return err
}

// wantRoles wants the build role to get into these accounts and into no others.
func (w *world) wantRoles(accounts ...string) {
	w.t.Helper()
	for _, a := range w.Accounts() {
		if err := w.becomes(a.Name); (err == nil) != slices.Contains(accounts, a.Name) {
			w.t.Errorf("the build role in %s: %v", a.Name, err)
		}
	}
}

func (w *world) move(account, from, to string) {
	w.t.Helper()
	must(organizations.NewFromConfig(w.config("management")).MoveAccount(w.ctx, &organizations.MoveAccountInput{
		AccountId: aws.String(w.account(account).ID), SourceParentId: &from, DestinationParentId: &to,
	}))(w.t)
}

// TestStackSet brings the deploy role of cfn/ into the accounts of a unit, lets
// accounts join and leave, changes it, and removes it.
func TestStackSet(t *testing.T) {
	t.Parallel()
	w := newSets(t)
	before := must(w.State(w.ctx))(t)
	st := w.createSet("management", cfn.StackStatusCreateComplete, w.accounts(), roleParameters(devUnit))
	inUnit := []string{"dev-1 " + devUnit, "dev-2 " + devUnit, "team-a " + devUnit}
	w.wantInstances(slices.Clone(inUnit)...)
	w.wantRoles("dev-1", "dev-2", "team-a")
	id := w.resources("management", setStack)["DeployRoles"]
	if !strings.HasPrefix(id, setName+":") || len(id) != len(setName)+37 {
		t.Errorf("Ref of the stack set is %q", id)
	}

	w.move("prod-1", prodUnit, devUnit)
	w.idle()
	w.wantInstances(append(slices.Clone(inUnit), "prod-1 "+devUnit)...)
	w.wantRoles("dev-1", "dev-2", "team-a", "prod-1")
	w.move("prod-1", devUnit, prodUnit)
	w.idle()
	w.wantInstances(slices.Clone(inUnit)...)
	w.wantRoles("dev-1", "dev-2", "team-a")
	if left := must(w.State(w.ctx))(t)[w.account("prod-1").ID]; len(left) > 0 {
		t.Errorf("left in the account that went: %v", left)
	}
	w.move("dev-2", devUnit, "ou-sbox-teama001") // still below the unit
	w.idle()
	w.wantInstances(slices.Clone(inUnit)...)

	w.updateSet(w.accounts(), roleParameters(devUnit, "StackNames", "team-*"))
	w.wantInstances(slices.Clone(inUnit)...)
	for _, account := range []string{"dev-1", "dev-2", "team-a"} {
		stacks := must(w.stacks(account).DescribeStacks(w.ctx, &cloudformation.DescribeStacksInput{}))(t).Stacks
		if len(stacks) != 1 || !strings.HasPrefix(*stacks[0].StackName, "StackSet-"+setName+"-") || parameter(stacks[0], "StackNames") != "team-*" {
			t.Errorf("stacks of %s: %+v", account, stacks)
		}
	}
	w.updateSet(w.accounts(), roleParameters(devUnit+","+prodUnit, "StackNames", "team-*"))
	w.wantInstances(append(slices.Clone(inUnit), "prod-1 "+prodUnit)...)
	w.updateSet(w.accounts(), roleParameters(prodUnit, "StackNames", "team-*"))
	w.wantInstances("prod-1 " + prodUnit)
	w.wantRoles("prod-1")

	w.remove("management", *st.StackId)
	w.wantRoles()
	if diff := cmp.Diff(before, must(w.State(w.ctx))(t)); diff != "" {
		t.Errorf("left after deleting (-before +after):\n%s", diff)
	}
	gone := must(w.stacks("management").DescribeStackSet(w.ctx, &cloudformation.DescribeStackSetInput{StackSetName: &id}))(t)
	if gone.StackSet.Status != cfn.StackSetStatusDeleted {
		t.Errorf("the deleted stack set is %s", gone.StackSet.Status)
	}
}

func parameter(s cfn.Stack, key string) string {
	for _, p := range s.Parameters {
		if *p.ParameterKey == key {
			return *p.ParameterValue
		}
	}
	return ""
}

// TestStackSetOfTheRoot reaches every account but the management account.
func TestStackSetOfTheRoot(t *testing.T) {
	t.Parallel()
	w := newSets(t)
	_, err := w.stacks("management").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String(setStack), TemplateBody: w.accounts(), Parameters: roleParameters("r-sbox"),
	})
	if err == nil || !strings.Contains(err.Error(), "not a root id") {
		t.Errorf("the template takes a root id: %v", err)
	}
	body := w.accounts("    AllowedPattern: ^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$\n", "")
	w.createSet("management", cfn.StackStatusCreateComplete, body, roleParameters("r-sbox"))
	w.wantRoles("shared-services", "dev-1", "dev-2", "team-a", "prod-1")
	w.move("management", "r-sbox", devUnit) // not even now
	w.idle()
	if got := w.instances(); len(got) != 5 {
		t.Errorf("instances %v", got)
	}
}

// TestJoiningAccountMayPull asks the shared repository as an account before and
// after it joins the unit.
func TestJoiningAccountMayPull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.share()
	images := ecr.NewFromConfig(w.config("prod-1"))
	pull := func() error {
		_, err := images.BatchGetImage(w.ctx, &ecr.BatchGetImageInput{
			RegistryId: aws.String(w.account("shared-services").ID), RepositoryName: aws.String(repository),
			ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: aws.String("none")}},
		})
		return err
	}
	if err := pull(); err == nil || !strings.Contains(err.Error(), "is not authorized to perform: ecr:BatchGetImage") {
		t.Errorf("outside of the unit: %v", err)
	}
	w.move("prod-1", prodUnit, "ou-sbox-teama001")
	if err := pull(); err != nil {
		t.Errorf("in the unit: %v", err)
	}
	if path := w.account("prod-1").OrgPath; path != "o-sandbox001/r-sbox/ou-sbox-dev00001/ou-sbox-teama001/" {
		t.Errorf("org path %s", path)
	}
	w.move("prod-1", "ou-sbox-teama001", "r-sbox")
	if pull() == nil {
		t.Error("it still may after it left")
	}
}

// TestNewAccountIsReady makes an account and moves it into the unit; nobody has to
// get into it for that.
func TestNewAccountIsReady(t *testing.T) {
	t.Parallel()
	w := newSets(t)
	w.createSet("management", cfn.StackStatusCreateComplete, w.accounts(), roleParameters(devUnit))
	client := organizations.NewFromConfig(w.config("management"))
	asked := must(client.CreateAccount(w.ctx, &organizations.CreateAccountInput{AccountName: aws.String("dev-3"), Email: aws.String("dev-3@example.com")}))(t)
	status := must(client.DescribeCreateAccountStatus(w.ctx, &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: asked.CreateAccountStatus.Id}))(t)
	made := w.account("dev-3")
	if made.ID != aws.ToString(status.CreateAccountStatus.AccountId) || made.OrgPath != "o-sandbox001/r-sbox/" || made.VPCID == "" || made.AccessKeyID != "" {
		t.Fatalf("status %+v, account %+v", status.CreateAccountStatus, made)
	}
	w.wantRoles("dev-1", "dev-2", "team-a")
	w.move("dev-3", "r-sbox", devUnit)
	w.idle()
	w.wantRoles("dev-1", "dev-2", "team-a", "dev-3")
	management := w.config("management")
	if _, err := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(management), "arn:aws:iam::"+made.ID+":role/OrganizationAccountAccessRole").Retrieve(w.ctx); err != nil {
		t.Errorf("the management account's role: %v", err)
	}
	state := must(w.State(w.ctx))(t)[made.ID]
	if len(state["cloudformation:stack"]) != 1 || !slices.Equal(state["organizations:account"], []string{"dev-3"}) {
		t.Errorf("state of the new account: %v", state)
	}
}

// TestStackSetFailsInOneAccount has a role in the way in one account: the others
// get theirs, and the instance says why it is outdated.
func TestStackSetFailsInOneAccount(t *testing.T) {
	t.Parallel()
	w := newSets(t)
	theirs := iam.NewFromConfig(w.config("dev-2"))
	must(theirs.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(deployer), AssumeRolePolicyDocument: aws.String(trustOwner)}))(t)
	w.createSet("management", cfn.StackStatusCreateComplete, w.accounts(), roleParameters(devUnit))
	want := []string{
		"222222222222 CURRENT SUCCEEDED " + devUnit, "333333333333 OUTDATED FAILED " + devUnit, "444444444444 CURRENT SUCCEEDED " + devUnit,
	}
	if diff := cmp.Diff(want, w.instances()); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	out := must(w.stacks("management").DescribeStackInstance(w.ctx, &cloudformation.DescribeStackInstanceInput{
		StackSetName: aws.String(setName), StackInstanceAccount: aws.String("333333333333"), StackInstanceRegion: aws.String("eu-west-1"),
	}))(t)
	reason := aws.ToString(out.StackInstance.StatusReason)
	if !strings.HasPrefix(reason, "ResourceLogicalId:DeployRole, ResourceType:AWS::IAM::Role, ResourceStatusReason:") || !strings.Contains(reason, "already exists") {
		t.Errorf("the reason is %q", reason)
	}
	w.wantOperation(cfn.StackSetOperationStatusSucceeded, 1)

	// Out of the way, the next operation makes up for it.
	must(theirs.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: aws.String(deployer)}))(t)
	w.updateSet(w.accounts(), roleParameters(devUnit, "StackNames", "other"))
	w.wantInstances("dev-1 "+devUnit, "dev-2 "+devUnit, "team-a "+devUnit)
	w.wantRoles("dev-1", "dev-2", "team-a")
}

// wantOperation looks at the last operation of the stack set.
func (w *world) wantOperation(status cfn.StackSetOperationStatus, failed int32) {
	w.t.Helper()
	all := must(w.stacks("management").ListStackSetOperations(w.ctx, &cloudformation.ListStackSetOperationsInput{StackSetName: aws.String(setName)}))(w.t)
	if o := all.Summaries[0]; o.Status != status || *o.StatusDetails.FailedStackInstancesCount != failed {
		w.t.Errorf("operation %s with %d failed, want %s with %d", o.Status, *o.StatusDetails.FailedStackInstancesCount, status, failed)
	}
}

// TestStackSetToleratesNothing fails the stack, with the reason of the account
// that failed, and leaves nothing behind.
func TestStackSetToleratesNothing(t *testing.T) {
	t.Parallel()
	w := newSets(t)
	must(iam.NewFromConfig(w.config("dev-1")).CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(deployer), AssumeRolePolicyDocument: aws.String(trustOwner)}))(t)
	before := must(w.State(w.ctx))(t)
	body := w.accounts("FailureTolerancePercentage: 100", "FailureTolerancePercentage: 0")
	st := w.createSet("management", cfn.StackStatusRollbackComplete, body, roleParameters(devUnit))
	events := w.events("management", setStack)
	for _, part := range []string{"Stack set operation [", "was unexpectedly stopped or failed. status reason(s): [ResourceLogicalId:DeployRole,", "HandlerErrorCode: NotStabilized"} {
		if !strings.Contains(events, part) {
			t.Errorf("no %q in\n%s", part, events)
		}
	}
	w.remove("management", *st.StackId)
	if diff := cmp.Diff(before, must(w.State(w.ctx))(t)); diff != "" {
		t.Errorf("left (-before +after):\n%s", diff)
	}
}

// TestStackSetRefuses is what is wrong before any account is touched.
func TestStackSetRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, account string
		edit          []string
		given         []cfn.Parameter
		want          string // in the stack's events, or in the answer
	}{
		{"unknown unit", "management", nil, roleParameters("ou-sbox-00000000"), "status reason(s): [Target organizational unit could not be found]"},
		{"member account", "dev-1", nil, roleParameters(devUnit), "You must be the management account or delegated admin account of an organization"},
		{"not delegated", "shared-services", nil, roleParameters(devUnit, "CallAs", "DELEGATED_ADMIN"), "Account used is not a delegated administrator"},
		{"management as delegated", "management", nil, roleParameters(devUnit, "CallAs", "DELEGATED_ADMIN"), "Account used is not a delegated administrator"},
		{"region", "management", []string{"- !Ref AWS::Region", "- us-east-1"}, roleParameters(devUnit), `does not model the region \"us-east-1\"`},
		{"self-managed", "management", []string{"PermissionModel: SERVICE_MANAGED", "PermissionModel: SELF_MANAGED"}, roleParameters(devUnit), "does not model the value SELF_MANAGED"},
		{"no capability", "management", []string{"        - CAPABILITY_NAMED_IAM\n", "        - CAPABILITY_IAM\n"}, roleParameters(devUnit), "Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		{"parameter not the template's", "management", []string{"- ParameterKey: RoleName", "- ParameterKey: Name"}, roleParameters(devUnit), "Parameters: [Name] do not exist in the template"},
		{"accounts", "management", []string{"          Regions:\n", "            Accounts: [\"222222222222\"]\n          Regions:\n"}, roleParameters(devUnit), "property StackInstancesGroup.DeploymentTargets.Accounts of AWS::CloudFormation::StackSet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newSets(t)
			said := ""
			_, err := w.stacks(test.account).CreateStack(w.ctx, &cloudformation.CreateStackInput{
				StackName: aws.String(setStack), TemplateBody: w.accounts(test.edit...), Parameters: test.given,
			})
			if err != nil {
				said = err.Error()
			} else {
				w.wantStatus(test.account, setStack, cfn.StackStatusRollbackComplete)
				said = w.events(test.account, setStack)
			}
			if !strings.Contains(strings.ReplaceAll(said, `"us-east-1"`, `\"us-east-1\"`), test.want) {
				t.Errorf("no %q in\n%s", test.want, said)
			}
			if sets := must(w.State(w.ctx))(t)[w.account("management").ID]["cloudformation:stack-set"]; len(sets) > 0 {
				t.Errorf("left %v", sets)
			}
		})
	}
}

// TestStackSetWithoutTrustedAccess can't be made; once deactivated, who joins gets
// nothing.
func TestStackSetWithoutTrustedAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{Speed: 600})
	w.addBuilder()
	client := w.stacks("management")
	status := func() cfn.OrganizationStatus {
		return must(client.DescribeOrganizationsAccess(w.ctx, &cloudformation.DescribeOrganizationsAccessInput{}))(t).Status
	}
	st := w.createSet("management", cfn.StackStatusRollbackComplete, w.accounts(), roleParameters(devUnit))
	if events := w.events("management", setStack); status() != cfn.OrganizationStatusDisabled || !strings.Contains(events, "You must enable organizations access to operate a service managed stack set") {
		t.Errorf("access is %s, events\n%s", status(), events)
	}
	w.remove("management", *st.StackId)
	// Organizations' own switch isn't enough.
	org := organizations.NewFromConfig(w.config("management"))
	must(org.EnableAWSServiceAccess(w.ctx, &organizations.EnableAWSServiceAccessInput{ServicePrincipal: aws.String(principal)}))(t)
	if status() != cfn.OrganizationStatusDisabled {
		t.Errorf("access is %s", status())
	}
	must(client.ActivateOrganizationsAccess(w.ctx, &cloudformation.ActivateOrganizationsAccessInput{}))(t)
	w.createSet("management", cfn.StackStatusCreateComplete, w.accounts(), roleParameters(devUnit))
	must(client.DeactivateOrganizationsAccess(w.ctx, &cloudformation.DeactivateOrganizationsAccessInput{}))(t)
	w.move("prod-1", prodUnit, devUnit)
	w.wantInstances("dev-1 "+devUnit, "dev-2 "+devUnit, "team-a "+devUnit)
	if _, err := w.stacks("dev-1").ActivateOrganizationsAccess(w.ctx, &cloudformation.ActivateOrganizationsAccessInput{}); err == nil {
		t.Error("a member account activates access")
	}
}

// TestStackSetByDelegatedAdministrator deploys from the shared services account.
func TestStackSetByDelegatedAdministrator(t *testing.T) {
	t.Parallel()
	w := newSets(t)
	org := organizations.NewFromConfig(w.config("management"))
	shared := w.account("shared-services").ID
	must(org.RegisterDelegatedAdministrator(w.ctx, &organizations.RegisterDelegatedAdministratorInput{AccountId: &shared, ServicePrincipal: aws.String(principal)}))(t)
	st := w.createSet("shared-services", cfn.StackStatusCreateComplete, w.accounts(), roleParameters(devUnit, "CallAs", "DELEGATED_ADMIN"))
	w.wantInstances("dev-1 "+devUnit, "dev-2 "+devUnit, "team-a "+devUnit) // as the management account sees it
	theirs := w.stacks("shared-services")
	look := func(as cfn.CallAs) error {
		_, err := theirs.DescribeStackSet(w.ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String(setName), CallAs: as})
		return err
	}
	var missing *cfn.StackSetNotFoundException
	if err := look(cfn.CallAsSelf); !errors.As(err, &missing) {
		t.Errorf("without saying for whom: %v", err)
	}
	if err := look(cfn.CallAsDelegatedAdmin); err != nil {
		t.Error(err)
	}
	w.move("prod-1", prodUnit, devUnit)
	w.idle()
	w.wantRoles("dev-1", "dev-2", "team-a", "prod-1")
	w.remove("shared-services", *st.StackId)
	w.wantRoles()
	must(org.DeregisterDelegatedAdministrator(w.ctx, &organizations.DeregisterDelegatedAdministratorInput{AccountId: &shared, ServicePrincipal: aws.String(principal)}))(t)
	if look(cfn.CallAsDelegatedAdmin) == nil {
		t.Error("it still administers")
	}
}

// TestStackSetKeepsStacks leaves the role with an account that leaves the unit.
func TestStackSetKeepsStacks(t *testing.T) {
	t.Parallel()
	w := newSets(t)
	body := w.accounts("RetainStacksOnAccountRemoval: false", "RetainStacksOnAccountRemoval: true")
	w.createSet("management", cfn.StackStatusCreateComplete, body, roleParameters(devUnit))
	w.move("dev-1", devUnit, prodUnit)
	w.idle()
	w.wantInstances("dev-2 "+devUnit, "team-a "+devUnit)
	w.wantRoles("dev-1", "dev-2", "team-a")
	// Without automatic deployment nobody follows.
	body = w.accounts("Enabled: true\n        RetainStacksOnAccountRemoval: false", "Enabled: false")
	w.updateSet(body, roleParameters(devUnit))
	w.move("prod-1", prodUnit, devUnit)
	w.move("dev-2", devUnit, prodUnit)
	w.wantInstances("dev-2 "+devUnit, "team-a "+devUnit)
}

// TestAWSCLIStackSet types what the template's comments and the READMEs say.
func TestAWSCLIStackSet(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t, sandbox.Options{Speed: 600})
	w.addBuilder()
	step := func(r row) {
		t.Helper()
		w.run(map[string]string{}, []row{r})
	}
	register := "organizations register-delegated-administrator --account-id 111111111111 --service-principal " + principal
	step(row{account: "management", command: register, fails: "(ConstraintViolationException)"})
	step(row{account: "management", command: "cloudformation activate-organizations-access"})
	step(row{account: "management", command: register})
	w.createSet("shared-services", cfn.StackStatusCreateComplete, w.accounts(), roleParameters(prodUnit, "CallAs", "DELEGATED_ADMIN"))
	step(row{account: "management", command: "organizations move-account --account-id 222222222222 --source-parent-id ou-sbox-dev00001 --destination-parent-id ou-sbox-prod0001"})
	w.idle()
	const set = " --stack-set-name orgship-deploy-role"
	operation := must(w.aws("management", strings.Fields("cloudformation list-stack-set-operations"+set+" --query Summaries[0].OperationId --output text")...))(t)
	const as = " --call-as DELEGATED_ADMIN"
	w.run(map[string]string{"operation": operation}, []row{
		{account: "management", command: "cloudformation describe-organizations-access", query: "Status", want: "ENABLED"},
		{account: "management", command: "cloudformation list-stack-sets", query: "Summaries[].[StackSetName,Status,PermissionModel]", want: "orgship-deploy-role\tACTIVE\tSERVICE_MANAGED"},
		{account: "shared-services", command: "cloudformation describe-stack-set" + set + as, query: "StackSet.OrganizationalUnitIds", want: "ou-sbox-prod0001"},
		{account: "shared-services", command: "cloudformation describe-stack-set" + set, fails: "(StackSetNotFoundException)"},
		{account: "management", command: "cloudformation list-stack-instances" + set, query: "Summaries[].[Account,Status]", want: "222222222222\tCURRENT\n555555555555\tCURRENT"},
		{account: "management", command: "cloudformation list-stack-instances" + set + " --filters Name=DETAILED_STATUS,Values=FAILED", query: "Summaries", want: ""},
		{account: "management", command: "cloudformation describe-stack-instance --stack-instance-account 555555555555 --stack-instance-region eu-west-1" + set, query: "StackInstance.StackInstanceStatus.DetailedStatus", want: "SUCCEEDED"},
		{account: "management", command: "cloudformation describe-stack-instance --stack-instance-account 999999999999 --stack-instance-region eu-west-1" + set, fails: "(StackInstanceNotFoundException)"},
		{account: "management", command: "cloudformation describe-stack-set-operation --operation-id {operation}" + set, query: "StackSetOperation.[Action,Status]", want: "CREATE\tSUCCEEDED"},
		{account: "management", command: "cloudformation list-stack-set-operation-results --operation-id {operation}" + set, query: "Summaries[].[Account,Status]", want: "222222222222\tSUCCEEDED"},
		{account: "management", command: "cloudformation delete-stack-set" + set, fails: "(StackSetNotEmptyException)"},
		{account: "management", command: "cloudformation stop-stack-set-operation --operation-id {operation}" + set, fails: "does not model cloudformation:StopStackSetOperation"},
		{account: "management", command: "organizations list-delegated-administrators --service-principal " + principal, query: "DelegatedAdministrators[].Id", want: "111111111111"},
		{account: "management", command: "organizations list-delegated-services-for-account --account-id 111111111111", query: "DelegatedServices[].ServicePrincipal", want: "account.amazonaws.com\t" + principal},
		{account: "shared-services", command: "organizations list-aws-service-access-for-organization", query: "EnabledServicePrincipals[].ServicePrincipal", want: "account.amazonaws.com\t" + principal},
		{account: "management", command: "organizations create-account --account-name dev-3 --email dev-3@example.com", query: "CreateAccountStatus.State", want: "IN_PROGRESS"},
		{account: "management", command: "organizations describe-create-account-status --create-account-request-id car-00000000", fails: "(CreateAccountStatusNotFoundException)"},
		{account: "shared-services", command: "organizations enable-aws-service-access --service-principal " + principal, fails: "(AccessDeniedException)"},
	})
}
