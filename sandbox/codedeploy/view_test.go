package codedeploy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"orgship/sandbox/codedeploy"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// code returns the AWS error code of err.
func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

type keys struct{}

func (keys) Secret(ctx context.Context, _, _ string) (string, context.Context, error) {
	return "secret", iam.WithPrincipal(ctx, iam.Principal{Account: accountID, ARN: "arn:aws:iam::222222222222:user/admin"}), nil
}

// client returns the SDK's client, talking to the service over HTTP.
func (w *world) client() *sdk.Client {
	w.t.Helper()
	h := must[*wire.Handler](w.t)(wire.New(wire.Config{Region: "eu-west-1", Keys: keys{}}, w.Wire()))
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	return sdk.New(sdk.Options{Region: "eu-west-1", BaseEndpoint: new(s.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "")})
}

// A deployment as the SDK's client follows it, from the stack's id on.
func TestClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	c, ctx := w.client(), t.Context()
	w.spec.Routing = codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: 15, BakeTime: time.Minute}
	var weights []float64
	look := func(e codedeploy.Event) {
		list := must[*sdk.ListDeploymentsOutput](t)(c.ListDeployments(ctx, &sdk.ListDeploymentsInput{
			ExternalId: new(stackID), IncludeOnlyStatuses: []types.DeploymentStatus{types.DeploymentStatusInProgress}}))
		if !slices.Equal(list.Deployments, []string{e.DeploymentID}) {
			t.Errorf("listed %q, want %q", list.Deployments, e.DeploymentID)
		}
		targets := must[*sdk.ListDeploymentTargetsOutput](t)(c.ListDeploymentTargets(ctx, &sdk.ListDeploymentTargetsInput{DeploymentId: &e.DeploymentID}))
		out := must[*sdk.BatchGetDeploymentTargetsOutput](t)(c.BatchGetDeploymentTargets(ctx, &sdk.BatchGetDeploymentTargetsInput{DeploymentId: &e.DeploymentID, TargetIds: targets.TargetIds}))
		got := out.DeploymentTargets[0]
		if got.DeploymentTargetType != types.DeploymentTargetTypeCloudformationTarget || *got.CloudFormationTarget.TargetId != stackID {
			t.Errorf("target %+v", got)
		}
		if weight := got.CloudFormationTarget.TargetVersionWeight; len(weights) == 0 || weights[len(weights)-1] != weight {
			weights = append(weights, weight)
		}
	}
	if err := w.Run(w.ctx, w.spec, look); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(weights, []float64{0, 15, 100}) {
		t.Errorf("weights %v", weights)
	}
	d, _ := w.info()
	got := must[*sdk.GetDeploymentOutput](t)(c.GetDeployment(ctx, &sdk.GetDeploymentInput{DeploymentId: d.DeploymentId}))
	if got.DeploymentInfo.Status != types.DeploymentStatusSucceeded || *got.DeploymentInfo.ExternalId != stackID {
		t.Errorf("deployment %+v", got.DeploymentInfo)
	}
	_, err := c.GetDeployment(ctx, &sdk.GetDeploymentInput{DeploymentId: new("d-NOSUCHONE")})
	var missing *types.DeploymentDoesNotExistException
	if !errors.As(err, &missing) {
		t.Errorf("a deployment that does not exist: %v", err)
	}
}

func TestViewErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	var running string
	if err := w.Run(w.ctx, w.spec, func(e codedeploy.Event) {
		if _, err := w.StopDeployment(w.ctx, &sdk.StopDeploymentInput{DeploymentId: &e.DeploymentID}); running == "" {
			running = code(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	d, _ := w.info()
	id := d.DeploymentId
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	stop, stopErr := w.StopDeployment(w.ctx, &sdk.StopDeploymentInput{DeploymentId: id})
	_, continueErr := w.ContinueDeployment(w.ctx, &sdk.ContinueDeploymentInput{DeploymentId: new("d-NOSUCHONE")})
	list := func(in sdk.ListDeploymentsInput) string {
		_, err := w.ListDeployments(w.ctx, &in)
		return code(err)
	}
	target := func(ids ...string) string {
		_, err := w.BatchGetDeploymentTargets(w.ctx, &sdk.BatchGetDeploymentTargetsInput{DeploymentId: id, TargetIds: ids})
		return code(err)
	}
	get := func(id *string) string {
		_, err := w.GetDeployment(w.ctx, &sdk.GetDeploymentInput{DeploymentId: id})
		return code(err)
	}
	for name, test := range map[string][2]string{
		"stop a running one":    {running, "UnsupportedActionForDeploymentTypeException"},
		"stop a finished one":   {code(stopErr), "DeploymentAlreadyCompletedException"},
		"continue none":         {code(continueErr), "DeploymentDoesNotExistException"},
		"get without id":        {get(nil), "DeploymentIdRequiredException"},
		"get with a bad id":     {get(new("deployment")), "InvalidDeploymentIdException"},
		"targets: none":         {target(), "DeploymentTargetIdRequiredException"},
		"targets: other":        {target("x"), "DeploymentTargetDoesNotExistException"},
		"targets: too many":     {target(make([]string, 26)...), "DeploymentTargetListSizeExceededException"},
		"list an application's": {list(sdk.ListDeploymentsInput{ApplicationName: new("a"), DeploymentGroupName: new("g")}), "ApplicationDoesNotExistException"},
		"list a group's":        {list(sdk.ListDeploymentsInput{DeploymentGroupName: new("g")}), "ApplicationNameRequiredException"},
		"list a bad status":     {list(sdk.ListDeploymentsInput{IncludeOnlyStatuses: []types.DeploymentStatus{"Done"}}), "InvalidDeploymentStatusException"},
		"list backwards":        {list(sdk.ListDeploymentsInput{CreateTimeRange: &types.TimeRange{Start: &future, End: &past}}), "InvalidTimeRangeException"},
		"list a bad token":      {list(sdk.ListDeploymentsInput{NextToken: new("x")}), "InvalidNextTokenException"},
	} {
		if test[0] != test[1] {
			t.Errorf("%s: %s, want %s", name, test[0], test[1])
		}
	}
	if stop != nil {
		t.Errorf("stopped: %+v", stop)
	}
}

func TestListDeployments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	ids := []string{}
	for i := range 102 {
		if i < 101 {
			w.FailAt(codedeploy.BeforeInstall)
		}
		err := w.Run(w.ctx, w.spec, nil)
		if (err == nil) != (i == 101) {
			t.Fatal(err)
		}
		d, _ := w.info()
		ids = append([]string{*d.DeploymentId}, ids...)
	}
	future := time.Now().Add(time.Hour)
	list := func(in sdk.ListDeploymentsInput) *sdk.ListDeploymentsOutput {
		return must[*sdk.ListDeploymentsOutput](t)(w.ListDeployments(w.ctx, &in))
	}
	first := list(sdk.ListDeploymentsInput{})
	second := list(sdk.ListDeploymentsInput{NextToken: first.NextToken})
	if got := slices.Concat(first.Deployments, second.Deployments); !slices.Equal(got, ids) || second.NextToken != nil {
		t.Errorf("%d deployments in two pages, want %d, newest first", len(got), len(ids))
	}
	for name, test := range map[string]struct {
		in   sdk.ListDeploymentsInput
		want []string
	}{
		"succeeded":     {sdk.ListDeploymentsInput{IncludeOnlyStatuses: []types.DeploymentStatus{types.DeploymentStatusSucceeded}}, ids[:1]},
		"other stack":   {sdk.ListDeploymentsInput{ExternalId: new("other")}, []string{}},
		"in the future": {sdk.ListDeploymentsInput{CreateTimeRange: &types.TimeRange{Start: &future}}, []string{}},
	} {
		if got := list(test.in).Deployments; !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	other := iam.WithPrincipal(context.Background(), iam.Principal{Account: "333333333333"})
	if got := must[*sdk.ListDeploymentsOutput](t)(w.ListDeployments(other, &sdk.ListDeploymentsInput{})); len(got.Deployments) != 0 {
		t.Errorf("another account sees %q", got.Deployments)
	}
}
