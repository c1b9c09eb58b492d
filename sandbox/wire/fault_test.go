package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/wire"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{}
	h, url := serve(t, f)
	stacks := cloudformation.NewFromConfig(config(url))
	services := ecs.NewFromConfig(config(url))
	describe := func() error {
		_, err := stacks.DescribeStacks(ctx, nil)
		return err
	}
	list := func() error {
		_, err := services.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{"web"}})
		return err
	}

	throttle := h.Fail(wire.Fault{Service: "cloudformation", Operation: "DescribeStacks", After: 1, Times: 2, Kind: wire.Throttle})
	if err := describe(); err != nil {
		t.Errorf("first call: %v", err)
	}
	if err := list(); err != nil {
		t.Errorf("other service: %v", err)
	}
	wantCode(t, describe(), "Throttling", "Rate exceeded")
	wantCode(t, describe(), "Throttling", "Rate exceeded")
	if err := describe(); err != nil {
		t.Errorf("after the fault: %v", err)
	}
	if throttle.Hits() != 2 {
		t.Errorf("%d hits, want 2", throttle.Hits())
	}

	h.Fail(wire.Fault{Service: "ecs", Times: 1, Kind: wire.Throttle})
	wantCode(t, list(), "ThrottlingException", "Rate exceeded")
	h.Fail(wire.Fault{Service: "organizations", Times: 1, Kind: wire.Throttle})
	_, err := organizations.NewFromConfig(config(url)).DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String("1")})
	wantCode(t, err, "TooManyRequestsException", "too many requests")
	h.Fail(wire.Fault{Service: "ecs", Times: 1, Kind: wire.ServerError})
	wantCode(t, list(), "InternalFailure", "unknown error")
	h.Fail(wire.Fault{Service: "ecs", Times: 1, Kind: wire.ServerError, Status: 503})
	wantCode(t, list(), "ServiceUnavailable", "temporary")
	h.Fail(wire.Fault{Service: "ecs", Times: 1, Kind: wire.ExpiredCredentials})
	wantCode(t, list(), "ExpiredTokenException", "expired")
	h.Fail(wire.Fault{Service: "ecs", Times: 1, Kind: wire.Denied})
	wantCode(t, list(), "AccessDeniedException", "not authorized to perform: ecs:DescribeServices")
	h.Fail(wire.Fault{Service: "cloudformation", Times: 1, Kind: wire.Denied})
	wantCode(t, describe(), "AccessDenied", "not authorized to perform: cloudformation:DescribeStacks")
	h.Fail(wire.Fault{Service: "ecs", Times: 1, Kind: wire.LoginPage})
	var unreadable *smithy.DeserializationError
	if err := list(); !errors.As(err, &unreadable) {
		t.Errorf("a login page was read: %v", err)
	}

	forOthers := h.Fail(wire.Fault{Account: "333333333333", Kind: wire.ServerError})
	always := h.Fail(wire.Fault{Account: "222222222222", Kind: wire.ServerError})
	wantCode(t, describe(), "InternalFailure", "")
	always.Clear()
	if err := describe(); err != nil || forOthers.Hits() != 0 {
		t.Errorf("after clearing: %v, %d hits for another account", err, forOthers.Hits())
	}
}

func TestConnectionFaults(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{}
	h, url := serve(t, f)
	stacks := cloudformation.NewFromConfig(config(url))
	in := &cloudformation.CreateStackInput{StackName: aws.String("s")}

	h.Fail(wire.Fault{Kind: wire.Reset, Times: 1})
	if _, err := stacks.CreateStack(ctx, in); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("reset: got %v", err)
	}
	if f.got() != nil {
		t.Error("a reset request reached the service")
	}
	h.Fail(wire.Fault{Kind: wire.LoseAnswer, Times: 1})
	if _, err := stacks.CreateStack(ctx, in); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("lost answer: got %v", err)
	}
	if f.got() == nil {
		t.Error("the operation whose answer is lost was not performed")
	}
	h.Fail(wire.Fault{Kind: wire.Delay, Times: 1, Delay: time.Hour})
	impatient, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := stacks.CreateStack(impatient, in); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("delay: got %v", err)
	}
	h.Fail(wire.Fault{Kind: wire.Delay, Times: 1, Delay: time.Millisecond})
	if _, err := stacks.CreateStack(ctx, in); err != nil {
		t.Errorf("short delay: %v", err)
	}
}

func TestRegistryFaultsAndCalls(t *testing.T) {
	t.Parallel()
	h, url := serve(t, &fake{})
	for _, f := range []wire.Fault{
		{Service: wire.Registry, Operation: "GET", Times: 1, Kind: wire.Throttle},
		{Service: wire.Registry, Operation: "GET", Times: 1, Kind: wire.ServerError, Status: 502},
		{Service: wire.Registry, Operation: "GET", Times: 1, Kind: wire.ExpiredCredentials},
	} {
		h.Fail(f)
	}
	for range 4 {
		resp, err := http.Get(url + "/v2/222222222222/app/manifests/v1")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	var got []int
	for _, c := range h.Calls() {
		if c.Service != wire.Registry || c.Operation != "GET" || c.Path != "/v2/222222222222/app/manifests/v1" {
			t.Errorf("odd call: %+v", c)
		}
		got = append(got, c.Status)
	}
	if diff := cmp.Diff([]int{429, 502, 403, 200}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestCallsSayWhoAskedWhat(t *testing.T) {
	t.Parallel()
	h, url := serve(t, &fake{})
	if _, err := cloudformation.NewFromConfig(config(url)).DescribeStacks(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	calls := h.Calls()
	if len(calls) != 1 {
		t.Fatalf("%d calls, want 1", len(calls))
	}
	c := calls[0]
	if c.Service != "cloudformation" || c.Operation != "DescribeStacks" || c.Account != "222222222222" || c.Caller != userARN || c.Status != 200 || c.Code != "" {
		t.Errorf("got %+v", c)
	}
}

func TestOtherPathsAreRefused(t *testing.T) {
	t.Parallel()
	_, url := serve(t, &fake{})
	resp, err := http.Get(url + "/bucket/key")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"__type":"NotModelled","message":"the orgship sandbox does not model the path /bucket/key"}`; resp.StatusCode != http.StatusBadRequest || string(body) != want {
		t.Errorf("got %s %s", resp.Status, body)
	}
}
