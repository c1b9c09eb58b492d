// Package objects puts small objects into S3: templates that are too long for a request.
// It is one call, so that the SDK's client of S3, the largest there is but EC2's, stays
// out of the program.
package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Client puts objects as the credentials of a configuration.
type Client struct{ cfg aws.Config }

// New returns a client of the account and region that cfg is for.
func New(cfg aws.Config) *Client { return &Client{cfg} }

// URL is where an object is: in the bucket's own host, or below the configured endpoint.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
func (c *Client) URL(bucket, key string) string {
	if base := aws.ToString(c.cfg.BaseEndpoint); base != "" {
		return strings.TrimSuffix(base, "/") + "/" + bucket + "/" + key
	}
	suffix := "amazonaws.com"
	if strings.HasPrefix(c.cfg.Region, "cn-") {
		suffix += ".cn"
	}
	if strings.Contains(bucket, ".") { // its host would fit no certificate
		return "https://s3." + c.cfg.Region + "." + suffix + "/" + bucket + "/" + key
	}
	return "https://" + bucket + ".s3." + c.cfg.Region + "." + suffix + "/" + key
}

// Put writes an object and returns its URL. What S3 answers else is a smithy.APIError.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func (c *Client) Put(ctx context.Context, bucket, key string, body []byte) (string, error) {
	target := c.URL(bucket, key)
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, target, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	credentials, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	err = v4.NewSigner().SignHTTP(ctx, credentials, r, hash, "s3", c.cfg.Region, time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		return "", err
	}
	client := c.cfg.HTTPClient
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("putting an object into bucket %q: %w", bucket, withoutURL(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return target, nil
	}
	return "", refusal(answer)
}

// withoutURL takes the URL off an error: it says nothing that the bucket doesn't.
func withoutURL(err error) error {
	if u, ok := err.(*url.Error); ok { //nolint:errorlint // as net/http returns it
		return u.Err
	}
	return err
}

// answerLimit is more than an error's document has.
const answerLimit = 64 << 10

func refusal(answer *http.Response) error {
	var document struct{ Code, Message string }
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil || xml.Unmarshal(body, &document) != nil || document.Code == "" {
		document.Code, document.Message = "Unknown", "S3 answered "+answer.Status
	}
	fault := smithy.FaultClient
	if answer.StatusCode >= http.StatusInternalServerError {
		fault = smithy.FaultServer
	}
	return &smithy.GenericAPIError{Code: document.Code, Message: document.Message, Fault: fault}
}
