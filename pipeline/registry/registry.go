// Package registry puts images into Amazon ECR and finds them there. It talks
// to the registry with go-containerregistry, logs in with tokens of ECR's API,
// and sends nothing that is there already.
package registry

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// API is what the room asks of Amazon ECR; *ecr.Client has it.
type API interface {
	GetAuthorizationToken(context.Context, *ecr.GetAuthorizationTokenInput, ...func(*ecr.Options)) (*ecr.GetAuthorizationTokenOutput, error)
	DescribeRepositories(context.Context, *ecr.DescribeRepositoriesInput, ...func(*ecr.Options)) (*ecr.DescribeRepositoriesOutput, error)
	DescribeImages(context.Context, *ecr.DescribeImagesInput, ...func(*ecr.Options)) (*ecr.DescribeImagesOutput, error)
	DescribeImageScanFindings(context.Context, *ecr.DescribeImageScanFindingsInput, ...func(*ecr.Options)) (*ecr.DescribeImageScanFindingsOutput, error)
}

// Client pushes and finds images with one caller's rights. It is safe for
// concurrent use; all its calls share one login.
type Client struct {
	api   API
	login *login
}

// New returns a client that logs in through api when it first has to.
func New(api API) *Client {
	return &Client{api: api, login: &login{api: api}}
}

// Login returns what a registry of ECR asks of a client that isn't this one, as
// docker login has it. Both are secrets. They are good for every repository that
// the caller may use, for 12 hours at most and 10 minutes at least. An error has
// a Hint where there is one.
func (c *Client) Login(ctx context.Context) (username, password string, err error) {
	auth, err := c.login.AuthorizationContext(ctx)
	if err != nil {
		return "", "", err
	}
	return auth.Username, auth.Password, nil
}

// talk calls f with the options of a request to the registry. When the registry
// refuses the login it logs in anew and calls f once more: f has to be able to
// start over.
func (c *Client) talk(ctx context.Context, t *traffic, f func(...remote.Option) error) error {
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuth(c.login), remote.WithTransport(t), remote.WithUserAgent("orgship")}
	err := f(options...)
	if ctx.Err() == nil && needsLogin(err) {
		c.login.forget()
		err = f(options...)
	}
	return err
}
