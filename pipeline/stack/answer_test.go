package stack_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"orgship/pipeline/stack"
)

// answering returns a client of an endpoint that gives the bad answer a few
// times to each operation, and then the good one. The SDK's own client reads them:
// where an operation gives nothing back it looks at no answer.
func answering(t *testing.T, status int, bad string, times int, good map[string]string) (*stack.Client, func(operation string) int) {
	t.Helper()
	calls := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation := r.FormValue("Action")
		calls[operation]++
		if calls[operation] > times {
			fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", operation, good[operation])
			return
		}
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(bad, "OPERATION", operation))
	}))
	t.Cleanup(server.Close)
	api := cloudformation.New(cloudformation.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	return stack.New(api, stack.WithPace(stack.Pace{Every: time.Millisecond})), func(operation string) int { return calls[operation] }
}

// What isn't CloudFormation's answer is none, whatever an operation gives back.
func TestAnswersOfOthers(t *testing.T) {
	t.Parallel()
	described := "<Stacks><member><StackId>" + stackID + "</StackId><StackName>demo</StackName><StackStatus>UPDATE_COMPLETE</StackStatus></member></Stacks>"
	for name, bad := range map[string]string{
		"a login page":         "<html><body>log in</body></html>",
		"half a page":          "<!doctype html><html><head><meta charset=utf-8><body>log in",
		"nothing":              "",
		"a text":               "please log in",
		"half an answer":       "<OPERATIONResponse><OPERATIONResult>",
		"another's answer":     "<PublishResponse></PublishResponse>",
		"JSON":                 "{}",
		"a document's heading": `<?xml version="1.0"?>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, calls := answering(t, 200, bad, 2, map[string]string{"DescribeStacks": described, "GetTemplate": "<TemplateBody>{}</TemplateBody>"})
			if err := client.RequestCancel(t.Context(), "demo"); err != nil || calls("CancelUpdateStack") != 3 {
				t.Errorf("cancelling: %d calls, error %v", calls("CancelUpdateStack"), err)
			}
			if s, err := client.Describe(t.Context(), "demo"); err != nil || s.ID != stackID {
				t.Errorf("describing: %+v, error %v", s, err)
			}
			if body, err := client.Template(t.Context(), "demo"); err != nil || string(body) != "{}" {
				t.Errorf("template %q, error %v", body, err)
			}
		})
	}
}

// An answer of AWS's that says no stays one.
func TestAnswersOfAWS(t *testing.T) {
	t.Parallel()
	const denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
	client, calls := answering(t, 403, denied, 9, nil)
	if _, err := client.Describe(t.Context(), "demo"); err == nil || !strings.Contains(err.Error(), "AccessDenied: not you") || calls("DescribeStacks") != 1 {
		t.Errorf("%d calls, error %v", calls("DescribeStacks"), err)
	}
}

// A proxy's page is no answer of AWS's, whatever its status.
func TestPagesOfProxies(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 400, 401, 403, 407, 502, 503} {
		client, calls := answering(t, status, "<html>log in</html>", 2, nil)
		if err := client.RequestCancel(t.Context(), "demo"); err != nil || calls("CancelUpdateStack") != 3 {
			t.Errorf("status %d: %d calls, error %v", status, calls("CancelUpdateStack"), err)
		}
	}
}
