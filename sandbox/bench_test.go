package sandbox_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox"
)

// BenchmarkRequest is what a request costs the sandbox alone: the signature,
// the codec, the policy and the operation.
func BenchmarkRequest(b *testing.B) {
	w := newWorld(b, sandbox.Options{})
	must(w.stacks("dev-1").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("s"), TemplateBody: aws.String("Resources: {L: {Type: AWS::Logs::LogGroup}}\n"),
	}))(b)
	w.wantStatus("dev-1", "s", cfn.StackStatusCreateComplete)

	const body = "Action=DescribeStacks&StackName=s&Version=2010-05-15"
	request := httptest.NewRequest(http.MethodPost, w.Endpoint()+"/", nil)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(body))
	key := must(w.config("dev-1").Credentials.Retrieve(w.ctx))(b)
	if err := v4.NewSigner().SignHTTP(w.ctx, key, request, hex.EncodeToString(sum[:]), "cloudformation", w.Info().Region, time.Now()); err != nil {
		b.Fatal(err)
	}
	request.URL.Scheme, request.URL.Host = "", "" // as it comes to a server, not to a proxy
	b.ReportAllocs()
	for b.Loop() {
		answer := httptest.NewRecorder()
		again := request.Clone(w.ctx)
		again.Body = io.NopCloser(strings.NewReader(body))
		w.ServeHTTP(answer, again)
		if answer.Code != http.StatusOK {
			b.Fatalf("%d %s", answer.Code, answer.Body)
		}
	}
}
