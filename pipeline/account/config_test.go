package account_test

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	"orgship/pipeline/account"
	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
	"orgship/sandbox/sts"
	"orgship/sandbox/wire"
)

const (
	management = "999999999999"
	shared     = "111111111111"
	dev        = "222222222222"
)

// world is a small AWS over HTTP: IAM, STS and Organizations.
type world struct {
	url   string
	users *iam.Service
	wire  *wire.Handler
}

func newWorld(t *testing.T) world {
	t.Helper()
	tree := organizations.Default()
	users := iam.New(iam.Config{Clock: clock.Clock{}, Organization: tree})
	for _, m := range tree.List() {
		if err := users.AddUser(m.ID, "admin", "AKIA"+m.ID, canary+m.ID, iam.AdministratorPolicy); err != nil {
			t.Fatal(err)
		}
	}
	if err := users.AddRole(dev, account.OrganizationRole, iam.TrustAccount(management), iam.AdministratorAccess); err != nil {
		t.Fatal(err)
	}
	h, err := wire.New(wire.Config{Region: "eu-west-1", Keys: users}, sts.New(sts.Config{Sessions: users}).Wire(),
		organizations.New(organizations.Config{Tree: organizations.NewTree(tree), Auth: users}).Wire())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return world{url: server.URL, users: users, wire: h}
}

// key is the provider of an account's administrator's key.
func key(id string) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider("AKIA"+id, canary+id, "")
}

// config is a configuration of the package under test.
func (w world) config(t *testing.T, provider aws.CredentialsProvider) aws.Config {
	t.Helper()
	cfg, err := account.Config(context.Background(), account.Options{Credentials: provider, Region: "eu-west-1", Endpoint: w.url})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestWho(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.config(t, key(shared))
	got, err := account.Expect(context.Background(), cfg, shared)
	if err != nil || got != (account.Identity{Account: shared, ARN: "arn:aws:iam::111111111111:user/admin"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = account.Expect(context.Background(), cfg, dev)
	var wrong *account.WrongAccountError
	if !errors.As(err, &wrong) || wrong.Want != dev || wrong.Got.Account != shared {
		t.Fatalf("got %v", err)
	}
	if want := "the credentials are of account 111111111111 (arn:aws:iam::111111111111:user/admin), not of account 222222222222"; err.Error() != want {
		t.Errorf("got %s", err)
	}
	if !strings.Contains(hint(err), "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole") {
		t.Errorf("hint %s", hint(err))
	}
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg, err := account.AssumeRole(w.config(t, key(management)), account.RoleARN(dev, account.OrganizationRole), "orgship")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		got, err := account.Expect(context.Background(), cfg, dev)
		if err != nil || got.ARN != "arn:aws:sts::222222222222:assumed-role/OrganizationAccountAccessRole/orgship" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if n := w.count("AssumeRole"); n != 1 {
		t.Errorf("the role was assumed %d times: credentials are not kept", n)
	}
}

func (w world) count(operation string) (n int) {
	for _, c := range w.wire.Calls() {
		if c.Operation == operation {
			n++
		}
	}
	return n
}

func TestAssumeRoleRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct{ role, session, want string }{
		{"OrganizationAccountAccessRole", "s1", `"OrganizationAccountAccessRole" is not the ARN of a role`},
		{account.RoleARN(dev, "R"), "a b", `session name "a b" has not 2 to 64`},
	} {
		_, err := account.AssumeRole(aws.Config{}, test.role, test.session)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
	cfg, err := account.AssumeRole(w.config(t, key(shared)), account.RoleARN(dev, account.OrganizationRole), "orgship")
	if err != nil {
		t.Fatal(err)
	}
	_, err = account.Who(context.Background(), cfg)
	want := "asking who the credentials belong to: assuming a role: User: arn:aws:iam::111111111111:user/admin is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"
	if err == nil || err.Error() != want || !strings.Contains(hint(err), "trust policy") {
		t.Errorf("got %v\nhint %s", err, hint(err))
	}
}

// sessionOf returns credentials of a session that lasts a while, or has ended.
func (w world) sessionOf(t *testing.T, lasts time.Duration) aws.CredentialsProvider {
	t.Helper()
	_, ctx, err := w.users.Secret(context.Background(), "AKIA"+management, "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.users.NewSession(ctx, iam.SessionRequest{RoleARN: account.RoleARN(dev, account.OrganizationRole), Name: "x", Duration: lasts})
	if err != nil {
		t.Fatal(err)
	}
	return credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, s.SessionToken)
}

// What goes wrong with credentials is said in one line, with a hint, whichever
// service is asked, and can still be matched as the SDK's error.
func TestExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name     string
		provider aws.CredentialsProvider
		line     string
		hint     string
	}{
		{"expired", w.sessionOf(t, -time.Minute), "the credentials have expired", "aws configure export-credentials"},
		{"unknown key", credentials.NewStaticCredentialsProvider("AKIANOBODY", canary, ""), "AWS does not know these credentials", "another endpoint"},
		{"wrong secret", credentials.NewStaticCredentialsProvider("AKIA"+dev, canary, ""), "AWS does not accept the signature", "clock"},
		{"no credentials", credentials.NewStaticCredentialsProvider("", "", ""), "no AWS credentials were found", "aws configure export-credentials"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := w.config(t, test.provider)
			_, who := account.Who(context.Background(), cfg)
			_, query := account.Expect(context.Background(), cfg, dev)
			_, json := awsorg.NewFromConfig(cfg).DescribeOrganization(context.Background(), nil)
			for i, err := range []error{who, query, json} {
				if err == nil || !strings.Contains(err.Error(), test.line) || !strings.Contains(hint(err), test.hint) {
					t.Errorf("%d: got %v\nhint %q", i, err, hint(err))
					continue
				}
				if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%d: %q", i, err)
				}
			}
			var api smithy.APIError
			if test.name != "no credentials" && !errors.As(json, &api) {
				t.Errorf("can't be matched any more: %v", json)
			}
		})
	}
}

// Errors that are not about credentials or the network stay as they are.
func TestOtherErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := awsorg.NewFromConfig(w.config(t, key(dev))).ListAccounts(context.Background(), nil)
	var denied *orgtypes.AccessDeniedException
	if !errors.As(err, &denied) || hint(err) != "" {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := account.Who(cancelled, w.config(t, key(dev))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if account.Explain(nil) != nil {
		t.Error("nil explained")
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := nobody.Addr().String()
	nobody.Close()
	w := world{url: "http://" + address}
	_, err = account.Who(context.Background(), w.config(t, key(dev)))
	want := "asking who the credentials belong to: can't reach http://" + address + ": connection refused"
	if err == nil || err.Error() != want || !strings.Contains(hint(err), "AWS_ENDPOINT_URL") {
		t.Errorf("got %v\nhint %s", err, hint(err))
	}
	w.url = "http://nowhere.invalid:4566"
	_, err = account.Who(context.Background(), w.config(t, key(dev)))
	if err == nil || !strings.Contains(err.Error(), `can't reach http://nowhere.invalid:4566: host "nowhere.invalid"`) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v\nhint %s", err, hint(err))
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"127.0.0.1:4566", "localhost", "ftp://x", "http://"} {
		_, err := account.Config(context.Background(), account.Options{Region: "eu-west-1", Endpoint: endpoint})
		if err == nil || !strings.Contains(err.Error(), "is not a URL") || hint(err) == "" {
			t.Errorf("%s: got %v", endpoint, err)
		}
	}
}

// emptyEnvironment leaves the SDK's default chain with nothing.
func emptyEnvironment(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // restored when the test ends
			os.Unsetenv(name)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestDefaultChain(t *testing.T) {
	emptyEnvironment(t)
	w := newWorld(t)
	_, err := account.Config(context.Background(), account.Options{})
	if err == nil || err.Error() != "no AWS region is set" || !strings.Contains(hint(err), "AWS_REGION") {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
	_, err = account.Who(context.Background(), w.config(t, nil))
	if err == nil || err.Error() != "asking who the credentials belong to: no AWS credentials were found" || hint(err) == "" {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
	t.Setenv("AWS_PROFILE", "missing")
	if _, err := account.Config(context.Background(), account.Options{Region: "eu-west-1"}); err == nil || !strings.Contains(err.Error(), "missing") || hint(err) == "" {
		t.Errorf("a profile that is not there: %v", err)
	}
}

// The SDK's own variables turn a run into a sandbox run, and an endpoint that
// is asked for wins over them.
func TestEndpointVariable(t *testing.T) {
	emptyEnvironment(t)
	w := newWorld(t)
	t.Setenv("AWS_ENDPOINT_URL", w.url)
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIA"+dev)
	t.Setenv("AWS_SECRET_ACCESS_KEY", canary+dev)
	cfg, err := account.Config(context.Background(), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.Expect(context.Background(), cfg, dev); err != nil {
		t.Error(err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2")
	if _, err := account.Expect(context.Background(), w.config(t, nil), dev); err != nil {
		t.Error(err)
	}
}

// Throttling is waited out; a limit that is reached is not tried again.
func TestRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := awsorg.NewFromConfig(w.config(t, key(management)))
	for _, test := range []struct {
		code  string
		calls int64
	}{{"TooManyRequestsException", 3}, {"LimitExceededException", 1}} {
		var calls atomic.Int64
		count := func(o *awsorg.Options) {
			o.APIOptions = append(o.APIOptions, failTwice(&calls, test.code))
		}
		_, err := client.DescribeOrganization(context.Background(), nil, count)
		if (err == nil) != (test.code == "TooManyRequestsException") || calls.Load() != test.calls {
			t.Errorf("%s: %d calls, %v", test.code, calls.Load(), err)
		}
	}
}
