package wire_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"orgship/sandbox/wire"
)

// An operation that takes no signature is answered without one, and whatever keys
// the client has; the others of its service are not.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	f := &fake{}
	h, err := wire.New(wire.Config{Region: region, Keys: keys{}, Caller: caller}, wire.Service{
		Name: "sts", Protocol: wire.Query, Version: "2011-06-15", Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Operations: []wire.Operation{
			wire.Op("GetCallerIdentity", reply[sts.GetCallerIdentityInput, sts.GetCallerIdentityOutput](f)),
			wire.Op("AssumeRoleWithWebIdentity", reply[sts.AssumeRoleWithWebIdentityInput, sts.AssumeRoleWithWebIdentityOutput](f),
				wire.Unsigned(), wire.Required("RoleArn", "RoleSessionName", "WebIdentityToken")),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	url := server.URL
	ctx := context.Background()
	const token = "CANARY.CANARY.CANARY"
	in := &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::222222222222:role/R"), RoleSessionName: aws.String("s"), WebIdentityToken: aws.String(token),
	}
	anonymous := config(url)
	anonymous.Credentials = aws.AnonymousCredentials{}
	stranger := config(url)
	stranger.Credentials = credentials.NewStaticCredentialsProvider("AKIANOBODY", "x", "old")
	for _, c := range []aws.Config{anonymous, stranger, config(url)} {
		f.will(&sts.AssumeRoleWithWebIdentityOutput{Audience: aws.String("a")}, nil)
		out, err := sts.NewFromConfig(c).AssumeRoleWithWebIdentity(ctx, in)
		if err != nil || *out.Audience != "a" {
			t.Fatalf("got %+v, %v", out, err)
		}
		same(t, "sts", f.got(), in)
	}
	_, err = sts.NewFromConfig(anonymous).GetCallerIdentity(ctx, nil)
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "MissingAuthenticationToken" {
		t.Errorf("a signature is needed for GetCallerIdentity: %v", err)
	}
	f.will(nil, wire.Errorf("InvalidIdentityToken", "Incorrect token audience"))
	if _, err := sts.NewFromConfig(anonymous).AssumeRoleWithWebIdentity(ctx, in); !errors.As(err, &refused) || refused.ErrorCode() != "InvalidIdentityToken" {
		t.Errorf("got %v", err)
	}
	for _, c := range h.Calls() {
		if strings.Contains(c.Message+c.Path, "CANARY") {
			t.Errorf("the log has the token: %+v", c)
		}
		if c.Operation == "AssumeRoleWithWebIdentity" && (c.Service != "sts" || c.Caller != "") {
			t.Errorf("call %+v", c)
		}
	}
}
