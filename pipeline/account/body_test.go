package account_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"orgship/pipeline/account"
)

// doer is an HTTP client made of a function.
type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// TestClosedBodyIsNoError reads a request's body as net/http does, once more
// after it was closed: that must end quietly.
func TestClosedBodyIsNoError(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "") // this machine's; the SDK can't put it into our client
	enough := errors.New("enough seen")
	asked := false
	cfg, err := account.Config(t.Context(), account.Options{
		Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""), Region: "eu-west-1",
		HTTPClient: doer(func(r *http.Request) (*http.Response, error) {
			asked = true
			if body, err := io.ReadAll(r.Body); err != nil || len(body) == 0 {
				t.Errorf("read %q, %v", body, err)
			}
			if err := r.Body.Close(); err != nil {
				t.Error(err)
			}
			if n, err := io.Copy(io.Discard, r.Body); n != 0 || err != nil {
				t.Errorf("after closing: %d bytes, %v", n, err)
			}
			return nil, enough
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil, func(o *sts.Options) { o.Retryer = aws.NopRetryer{} })
	if !asked || err == nil {
		t.Errorf("asked: %v, error %v", asked, err)
	}
}
