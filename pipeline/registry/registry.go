// Package registry puts images into Amazon ECR and finds them there.
package registry

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// API is what the room asks of Amazon ECR; *ecr.Client has it.
type API interface {
	GetAuthorizationToken(context.Context, *ecr.GetAuthorizationTokenInput, ...func(*ecr.Options)) (*ecr.GetAuthorizationTokenOutput, error)
	DescribeImages(context.Context, *ecr.DescribeImagesInput, ...func(*ecr.Options)) (*ecr.DescribeImagesOutput, error)
	DescribeImageScanFindings(context.Context, *ecr.DescribeImageScanFindingsInput, ...func(*ecr.Options)) (*ecr.DescribeImageScanFindingsOutput, error)
}

// Client pushes and finds images with one caller's rights.
type Client struct{ api API }

// New returns a client that logs in through api when it first has to.
func New(api API) *Client { return &Client{api: api} }

// Push says what to put where: an image or an index of images.
type Push struct {
	Repository string // URI without tag: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/app, 127.0.0.1:4566/111111111111/app
	Tag        string // "": pushed by digest alone
	Image      v1.Image
	Index      v1.ImageIndex
}

// Pushed is what a push came to.
type Pushed struct {
	Reference     string `json:"reference"` // repository@sha256:…
	Digest        string `json:"digest"`    // sha256:…
	Tag           string `json:"tag,omitempty"`
	BlobBytesSent int64  `json:"blobBytesSent"`
	BlobsSent     int    `json:"blobsSent"`
	AlreadyThere  bool   `json:"alreadyThere"` // nothing was sent: tag and digest were there
}

// Push puts an image into its repository and returns its reference by digest.
func (c *Client) Push(ctx context.Context, p Push) (Pushed, error) {
	return Pushed{}, errors.New("pushing: not built yet")
}

// Image is an image in a repository.
type Image struct {
	Reference string            `json:"reference"` // repository@sha256:…
	Digest    string            `json:"digest"`
	Tags      []string          `json:"tags"`
	PushedAt  time.Time         `json:"pushedAt"`
	Size      int64             `json:"sizeBytes"`
	Revision  string            `json:"revision,omitempty"` // label org.opencontainers.image.revision
	Version   string            `json:"version,omitempty"`  // label org.opencontainers.image.version
	Labels    map[string]string `json:"labels,omitempty"`
}

// Find looks an image up by repository:tag or repository@digest.
func (c *Client) Find(ctx context.Context, reference string) (Image, error) {
	return Image{}, errors.New("finding: not built yet")
}
