package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	org "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/sandbox/wire"
)

const (
	region    = "eu-west-1"
	keyID     = "AKIAEXAMPLE"
	secretKey = "not/a+secret"
	userARN   = "arn:aws:iam::222222222222:user/admin"
)

// keys knows one user's key and one session.
type keys struct{}

type callerKey struct{}

func (keys) Secret(ctx context.Context, id, token string) (string, context.Context, error) {
	switch {
	case id == keyID && token == "":
		return secretKey, context.WithValue(ctx, callerKey{}, userARN), nil
	case id == "ASIAEXAMPLE" && token == "the token":
		return secretKey, context.WithValue(ctx, callerKey{}, "arn:aws:sts::222222222222:assumed-role/r/s"), nil
	case token == "old":
		return "", nil, &wire.Error{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403}
	}
	return "", nil, &wire.Error{Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid.", Status: 403}
}

func caller(ctx context.Context) (account, arn string) {
	arn, _ = ctx.Value(callerKey{}).(string)
	return "222222222222", arn
}

// fake is a service of each protocol that remembers what it was asked last and
// answers what a test wants.
type fake struct {
	mu     sync.Mutex
	asked  any
	answer any
	err    error
}

// will has the fake answer from now on.
func (f *fake) will(answer any, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer, f.err = answer, err
}

// got returns the last input.
func (f *fake) got() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// reply makes an operation of a fake.
func reply[I, O any](f *fake) func(context.Context, *I) (*O, error) {
	return func(_ context.Context, in *I) (*O, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = in
		if f.err != nil {
			return nil, f.err
		}
		if f.answer == nil {
			return new(O), nil
		}
		if panics, ok := f.answer.(string); ok {
			panic(panics)
		}
		return f.answer.(*O), nil
	}
}

// Vpcs are EC2's shapes, which the SDK has in a package that nobody here wants.
type describeVpcsInput struct {
	VpcIds  []string `wire:"VpcId"`
	Filters []struct {
		Name   *string
		Values []string `wire:"Value"`
	} `wire:"Filter"`
	DryRun *bool
}

type describeVpcsOutput struct {
	Vpcs []vpc `wire:"vpcSet"`
}

type vpc struct {
	VpcId     *string
	CidrBlock *string
	IsDefault *bool
}

func (f *fake) services() []wire.Service {
	return []wire.Service{
		{
			Name: "cloudformation", Protocol: wire.Query, Version: "2010-05-15",
			Namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
			Operations: []wire.Operation{
				wire.Op("CreateStack", reply[cloudformation.CreateStackInput, cloudformation.CreateStackOutput](f),
					wire.Required("StackName"), wire.Optional("TemplateBody", "Parameters", "Capabilities", "Tags", "RollbackConfiguration", "DisableRollback", "TimeoutInMinutes"),
					wire.Length("StackName", 1, 128), wire.Pattern("StackName", "[a-z]+"), wire.Range("TimeoutInMinutes", 1, 60)),
				wire.Op("DescribeStacks", reply[cloudformation.DescribeStacksInput, cloudformation.DescribeStacksOutput](f), wire.Optional("StackName", "NextToken"), wire.OneOf("NextToken", "a", "b")),
			},
		},
		{
			Name: "ec2", Protocol: wire.EC2Query, Version: "2016-11-15", Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
			Operations: []wire.Operation{
				wire.Op("DescribeVpcs", reply[describeVpcsInput, describeVpcsOutput](f), wire.Optional("VpcIds", "Filters")),
			},
		},
		{
			Name: "ecs", Protocol: wire.JSON11, TargetPrefix: "AmazonEC2ContainerServiceV20141113", Words: wire.Words{Outside: "InvalidParameterException"},
			Operations: []wire.Operation{
				wire.Op("DescribeServices", reply[ecs.DescribeServicesInput, ecs.DescribeServicesOutput](f), wire.Required("Services"), wire.Optional("Cluster", "Include")),
				wire.Op("CreateTaskSet", reply[ecs.CreateTaskSetInput, ecs.CreateTaskSetOutput](f),
					wire.Required("Cluster", "Service", "TaskDefinition"), wire.Optional("NetworkConfiguration", "Scale")),
			},
		},
		{
			Name: "ecr", Protocol: wire.JSON11, TargetPrefix: "AmazonEC2ContainerRegistry_V20150921",
			Operations: []wire.Operation{
				wire.Op("UploadLayerPart", reply[ecr.UploadLayerPartInput, ecr.UploadLayerPartOutput](f),
					wire.Required("LayerPartBlob", "PartFirstByte", "PartLastByte", "RepositoryName", "UploadId")),
			},
		},
		{
			Name: "organizations", Protocol: wire.JSON11, TargetPrefix: "AWSOrganizationsV20161128", Pascal: true, Global: true,
			Words: wire.Words{Throttled: wire.Errorf("TooManyRequestsException", "You have sent too many requests in too short a period of time.")},
			Operations: []wire.Operation{
				wire.Op("DescribeAccount", reply[organizations.DescribeAccountInput, organizations.DescribeAccountOutput](f), wire.Required("AccountId")),
			},
		},
	}
}

// serve serves the fake and returns its URL.
func serve(t *testing.T, f *fake) (*wire.Handler, string) {
	t.Helper()
	registry := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "the registry") })
	h, err := wire.New(wire.Config{Region: region, Keys: keys{}, Caller: caller, Registry: registry}, f.services()...)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return h, server.URL
}

// config is what the SDK's clients are made of; they don't retry.
func config(url string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secretKey, ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// created has a fraction that XML and JSON both carry.
func created() *time.Time { return aws.Time(time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)) }

func someStacks() *cloudformation.DescribeStacksOutput {
	return &cloudformation.DescribeStacksOutput{Stacks: []cfn.Stack{{
		StackName:        aws.String("a<b>&\"c'\n"),
		CreationTime:     created(),
		StackStatus:      cfn.StackStatusCreateComplete,
		Outputs:          []cfn.Output{{OutputKey: aws.String("K"), OutputValue: aws.String("ü")}, {OutputKey: aws.String("empty"), OutputValue: aws.String("")}},
		Parameters:       []cfn.Parameter{{ParameterKey: aws.String("P"), UsePreviousValue: aws.Bool(true)}},
		TimeoutInMinutes: aws.Int32(-3),
		DriftInformation: &cfn.StackDriftInformation{StackDriftStatus: cfn.StackDriftStatusNotChecked},
		NotificationARNs: []string{"one", "two"},
	}}}
}

func someServices() *ecs.DescribeServicesOutput {
	return &ecs.DescribeServicesOutput{
		Failures: []ecstypes.Failure{},
		Services: []ecstypes.Service{{
			ServiceName: aws.String(`web"\`), DesiredCount: 3, CreatedAt: created(),
			TaskSets: []ecstypes.TaskSet{{
				Id: aws.String("ecs-svc/1"), Scale: &ecstypes.Scale{Unit: ecstypes.ScaleUnitPercent, Value: 12.5},
				StabilityStatus: ecstypes.StabilityStatusSteadyState,
			}},
		}},
	}
}

func someAccount() *organizations.DescribeAccountOutput {
	return &organizations.DescribeAccountOutput{Account: &org.Account{
		Id: aws.String("222222222222"), Name: aws.String("dev-1"), JoinedTimestamp: created(), Status: org.AccountStatusActive,
	}}
}
