package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Limits of a template: in a request, and in S3.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const (
	maxTemplate = 51_200
	maxStored   = 1_000_000
)

// bucket is where templates go that are too long for a request.
type bucket interface {
	// Put writes an object and returns its URL.
	Put(ctx context.Context, bucket, key string, body []byte) (url string, err error)
}

// WithBuckets lets requests name a bucket for templates.
func WithBuckets(b bucket) Option { return func(c *Client) { c.buckets = b } }

// upload puts a template that is too long for a request into the request's bucket, and
// returns its URL; "" for one that isn't. Its key is made of its content: the same
// template is the same object.
func (c *Client) upload(ctx context.Context, req Request) (string, error) {
	if len(req.Template) <= maxTemplate {
		return "", nil
	}
	sum := sha256.Sum256(req.Template)
	key := "orgship/" + hex.EncodeToString(sum[:]) + ".template"
	url, err := Ask(ctx, newImpatient(c.pace), func(ctx context.Context) (string, error) {
		return c.buckets.Put(ctx, req.Bucket, key, req.Template)
	})
	if err != nil {
		return "", &UploadError{Bucket: req.Bucket, Err: err}
	}
	return url, nil
}

// UploadError says that a template couldn't be put into its bucket.
type UploadError struct {
	Bucket string
	Err    error
}

func (e *UploadError) Error() string {
	return fmt.Sprintf("putting the template into bucket %q: %v", e.Bucket, e.Err)
}

func (e *UploadError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *UploadError) Hint() string {
	switch ErrorCode(e.Err) {
	case "NoSuchBucket":
		return "make it in the stack's account and region: aws s3 mb s3://" + e.Bucket
	case "AccessDenied":
		return "who deploys needs s3:PutObject and s3:GetObject on arn:aws:s3:::" + e.Bucket + "/orgship/*"
	}
	return "name a bucket of the stack's account and region: --template-bucket NAME"
}
