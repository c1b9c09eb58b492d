package iam_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
	"orgship/sandbox/sts"
	"orgship/sandbox/wire"
)

// serve serves IAM, STS and Organizations of the default organization over
// HTTP: each account has an administrator with key AKIA<account>, and dev-1 the
// role for the management account.
func serve(t *testing.T) (url string) {
	t.Helper()
	tree := organizations.Default()
	users := iam.New(iam.Config{Clock: clock.Clock{}, Organization: tree})
	for _, m := range tree.List() {
		addUser(t, users, m.ID, "admin", iam.AdministratorPolicy)
	}
	addOrgRole(t, users)
	h, err := wire.New(wire.Config{Region: "eu-west-1", Keys: users}, users.Wire(),
		sts.New(sts.Config{Sessions: users}).Wire(),
		organizations.New(organizations.Config{Tree: organizations.NewTree(tree), Auth: users}).Wire())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func config(url, account string) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider(key(account, "admin"), "secret-"+account, ""),
	}
}

func TestSDK(t *testing.T) {
	t.Parallel()
	cfg, ctx := config(serve(t), management), context.Background()
	client := awssts.NewFromConfig(cfg)
	assumed, err := client.AssumeRole(ctx, &awssts.AssumeRoleInput{RoleArn: aws.String(orgRole), RoleSessionName: aws.String("sdk")})
	if err != nil {
		t.Fatal(err)
	}
	c := assumed.Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	who, err := awssts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil || *who.Account != dev || !strings.HasSuffix(*who.Arn, "/OrganizationAccountAccessRole/sdk") {
		t.Errorf("identity %+v, %v", who, err)
	}
	_, err = awsorg.NewFromConfig(cfg).ListAccounts(ctx, nil)
	var denied *orgtypes.AccessDeniedException
	if !errors.As(err, &denied) {
		t.Errorf("a workload account lists accounts: %v", err)
	}
	_, err = client.AssumeRole(ctx, &awssts.AssumeRoleInput{RoleArn: aws.String(orgRole + "x"), RoleSessionName: aws.String("sdk")})
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != "AccessDenied" {
		t.Errorf("assuming a role that does not exist: %v", err)
	}
}

func TestSDKPages(t *testing.T) {
	t.Parallel()
	client := awsorg.NewFromConfig(config(serve(t), management))
	var names []string
	pages := awsorg.NewListAccountsPaginator(client, &awsorg.ListAccountsInput{MaxResults: aws.Int32(4)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Accounts {
			names = append(names, *a.Name)
		}
	}
	if len(names) != 6 {
		t.Errorf("accounts %q", names)
	}
	_, err := client.DescribeAccount(context.Background(), &awsorg.DescribeAccountInput{AccountId: aws.String("666666666666")})
	var missing *orgtypes.AccountNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

// cli runs the aws command with an account's administrator's key.
func cli(t *testing.T, url string, env []string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.Command("aws", args...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+url, "AWS_SESSION_TOKEN=", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	cmd.Env = append(cmd.Env, env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), errs.String()
}

func needCLI(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIP: the aws CLI is not on the PATH")
	}
}

func user(account string) []string {
	return []string{"AWS_ACCESS_KEY_ID=" + key(account, "admin"), "AWS_SECRET_ACCESS_KEY=secret-" + account}
}

func TestCLI(t *testing.T) {
	t.Parallel()
	needCLI(t)
	url := serve(t)
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	const read = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:List*","Resource":"*"}]}`
	for _, test := range []struct{ account, command, want string }{
		{management, "sts get-caller-identity --query Arn --output text", "arn:aws:iam::999999999999:user/admin"},
		{management, "organizations describe-organization --query Organization.Id --output text", "o-sandbox001"},
		{management, "organizations list-roots --query Roots[].Id --output text", "r-sbox"},
		{management, "organizations list-accounts --query Accounts[].Id --page-size 3 --output text",
			"999999999999\t111111111111\t222222222222\n333333333333\t444444444444\t555555555555"},
		{management, "organizations list-parents --child-id 444444444444 --query Parents[0] --output text", "ou-sbox-teama001\tORGANIZATIONAL_UNIT"},
		{management, "organizations list-children --parent-id r-sbox --child-type ORGANIZATIONAL_UNIT --query length(Children) --output text", "3"},
		{management, "organizations list-organizational-units-for-parent --parent-id ou-sbox-dev00001 --query OrganizationalUnits[].Name --output text", "team-a"},
		{management, "organizations list-accounts-for-parent --parent-id ou-sbox-dev00001 --query Accounts[].Id --output text", "222222222222\t333333333333"},
		{shared, "organizations describe-organizational-unit --organizational-unit-id ou-sbox-prod0001 --query OrganizationalUnit.Name --output text", "production"},
		{shared, "organizations describe-account --account-id 222222222222 --query Account.Status --output text", "ACTIVE"},
		{dev, "iam create-role --role-name Execution --tags Key=a,Value=b --query Role.Arn --output text --assume-role-policy-document " + trust,
			"arn:aws:iam::222222222222:role/Execution"},
		{dev, "iam create-open-id-connect-provider --url " + actions + " --client-id-list sts.amazonaws.com --query OpenIDConnectProviderArn --output text", actionsID},
		{dev, "iam add-client-id-to-open-id-connect-provider --client-id other --open-id-connect-provider-arn " + actionsID, ""},
		{dev, "iam get-open-id-connect-provider --query [Url,ClientIDList[1]] --output text --open-id-connect-provider-arn " + actionsID,
			"token.actions.githubusercontent.com\tother"},
		{dev, "iam list-open-id-connect-providers --query OpenIDConnectProviderList[].Arn --output text", actionsID},
		{dev, "iam delete-open-id-connect-provider --open-id-connect-provider-arn " + actionsID, ""},
		{dev, "iam create-policy --policy-name Read --query Policy.Arn --output text --policy-document " + read, "arn:aws:iam::222222222222:policy/Read"},
		{dev, "iam create-policy-version --set-as-default --query PolicyVersion.VersionId --output text --policy-arn arn:aws:iam::222222222222:policy/Read --policy-document " + read, "v2"},
		{dev, "iam list-policies --scope Local --query Policies[].DefaultVersionId --output text", "v2"},
		{dev, "iam get-role --role-name Execution --query Role.AssumeRolePolicyDocument.Statement[0].Principal.Service --output text", "ecs-tasks.amazonaws.com"},
	} {
		out, stderr := cli(t, url, user(test.account), strings.Fields(test.command)...)
		if out != test.want || stderr != "" {
			t.Errorf("aws %s: got %q %s, want %q", test.command, out, stderr, test.want)
		}
	}
}

func TestCLIErrors(t *testing.T) {
	t.Parallel()
	needCLI(t)
	url := serve(t)
	for _, test := range []struct{ account, command, want string }{
		{dev, "organizations list-accounts", "(AccessDeniedException) when calling the ListAccounts operation: You don't have permissions to access this resource."},
		{shared, "sts assume-role --role-session-name cli --role-arn " + orgRole,
			"(AccessDenied) when calling the AssumeRole operation: User: arn:aws:iam::111111111111:user/admin is not authorized to perform: sts:AssumeRole on resource: " + orgRole},
		{dev, "iam get-role --role-name Missing", "(NoSuchEntity) when calling the GetRole operation: The role with name Missing cannot be found."},
		{dev, "iam create-role --role-name R --assume-role-policy-document {}", "(MalformedPolicyDocument)"},
		{management, "sts assume-role --role-session-name cli --policy {} --role-arn " + orgRole, "does not model"},
	} {
		out, stderr := cli(t, url, user(test.account), strings.Fields(test.command)...)
		if out != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("aws %s: got %q %q, want %q", test.command, out, stderr, test.want)
		}
	}
	_, stderr := cli(t, url, []string{"AWS_ACCESS_KEY_ID=AKIAUNKNOWN", "AWS_SECRET_ACCESS_KEY=x"}, "organizations", "describe-organization")
	if !strings.Contains(stderr, "(UnrecognizedClientException)") {
		t.Errorf("an unknown key: %s", stderr)
	}
}

// The credentials of a session work in the CLI as a user would paste them.
func TestCLISession(t *testing.T) {
	t.Parallel()
	needCLI(t)
	url := serve(t)
	out, stderr := cli(t, url, user(management), "sts", "assume-role", "--role-arn", orgRole, "--role-session-name", "cli")
	var assumed struct {
		Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
	}
	if err := json.Unmarshal([]byte(out), &assumed); err != nil {
		t.Fatalf("%v: %s%s", err, out, stderr)
	}
	c := assumed.Credentials
	env := []string{"AWS_ACCESS_KEY_ID=" + c.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken}
	out, stderr = cli(t, url, env, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
	if out != "arn:aws:sts::222222222222:assumed-role/OrganizationAccountAccessRole/cli" {
		t.Errorf("got %s %s", out, stderr)
	}
}
