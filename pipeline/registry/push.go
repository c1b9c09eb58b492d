package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Push says what to put where: an image or an index of images.
type Push struct {
	Repository string // URI without tag: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/app, 127.0.0.1:4566/111111111111/app
	Tag        string // "": pushed by digest alone
	Image      v1.Image
	Index      v1.ImageIndex
	DryRun     bool // only find out what is there
}

// Pushed is what a push came to.
type Pushed struct {
	Reference     string `json:"reference"` // repository@sha256:…
	Digest        string `json:"digest"`    // sha256:…
	Tag           string `json:"tag,omitempty"`
	BlobBytesSent int64  `json:"blobBytesSent"`
	BlobsSent     int    `json:"blobsSent"`
	BlobsSkipped  int    `json:"blobsSkipped"` // they were there
	AlreadyThere  bool   `json:"alreadyThere"` // nothing was sent: tag and digest were there
}

// artifact is an image or an index.
type artifact interface {
	remote.Taggable
	Digest() (v1.Hash, error)
}

// Push puts an image into its repository and returns its reference by digest.
// Nothing is sent that is there. A tag that names another image is moved in a
// repository with mutable tags; otherwise the error is a *TagTakenError and,
// unless only some tags are immutable, nothing was sent. Other errors match
// ErrRepositoryNotFound or ErrDenied; a dry run may miss these two.
func (c *Client) Push(ctx context.Context, p Push) (Pushed, error) {
	pl, what, err := p.read()
	if err != nil {
		return Pushed{}, fmt.Errorf("pushing: %w", err)
	}
	digest, err := what.Digest()
	if err != nil {
		return Pushed{}, fmt.Errorf("pushing to %s: reading the image: %w", pl, err)
	}
	pushed, err := c.push(ctx, pl, what, digest.String(), p.DryRun)
	if err != nil {
		return Pushed{}, fmt.Errorf("pushing to %s: %w", pl, err)
	}
	return pushed, nil
}

// Target says whether a repository and a tag, "" being none, can be pushed to by
// what they look like; nothing is asked. An error has a Hint where there is one.
func Target(repository, tag string) error {
	_, err := target(repository, tag)
	if err != nil {
		return fmt.Errorf("pushing: %w", err)
	}
	return nil
}

// CheckImage says whether a text can name an image in ECR: a repository with a tag or
// a digest. Nothing is asked. An error has a Hint.
func CheckImage(text string) error {
	pl, err := Parse(text)
	if err == nil && pl.Tag == "" && pl.Digest == "" {
		return noTag(text)
	}
	return err
}

func target(repository, tag string) (Reference, error) {
	pl, err := Parse(repository)
	switch {
	case err != nil:
		return Reference{}, err
	case pl.Tag != "" || pl.Digest != "":
		return Reference{}, fmt.Errorf("repository %q must have neither tag nor digest", repository)
	case tag != "" && !validTag.MatchString(tag):
		return Reference{}, fmt.Errorf("tag %q is not a tag: letters, digits, '_', '.' and '-', at most 128", tag)
	}
	pl.Tag = tag
	return pl, nil
}

func (p Push) read() (Reference, artifact, error) {
	pl, err := target(p.Repository, p.Tag)
	switch {
	case err != nil:
		return Reference{}, nil, err
	case (p.Image == nil) == (p.Index == nil):
		return Reference{}, nil, errors.New("one of image and index is needed")
	case p.Image != nil:
		return pl, p.Image, nil
	}
	return pl, p.Index, nil
}

func (c *Client) push(ctx context.Context, pl Reference, what artifact, digest string, dry bool) (Pushed, error) {
	t := &traffic{login: c.login}
	pushed := Pushed{Reference: pl.repository.Name() + "@" + digest, Digest: digest, Tag: pl.Tag}
	target := pl
	if target.Tag == "" {
		target.Digest = digest
	}
	have, err := c.head(ctx, t, target)
	switch {
	case err != nil:
		return Pushed{}, err
	case have == digest:
		pushed.AlreadyThere = true
		return pushed, nil
	case have != "" && c.immutable(ctx, pl):
		return Pushed{}, &TagTakenError{pl.repository.Name(), pl.Tag, have, digest}
	case dry:
		return pushed, nil
	}
	err = c.talk(ctx, t, func(options ...remote.Option) error { return remote.Push(target.reference(), what, options...) })
	if err != nil {
		if err := c.refusal(ctx, t, target, digest, err); err != nil {
			return Pushed{}, err
		}
	}
	if err := c.readBack(ctx, t, target, digest); err != nil {
		return Pushed{}, err
	}
	pushed.BlobBytesSent, pushed.BlobsSent, pushed.BlobsSkipped = t.bytes.Load(), int(t.sent.Load()), int(t.skipped.Load())
	return pushed, nil
}

// descriptor is what is at a place, and the registry's status if it says no.
func (c *Client) descriptor(ctx context.Context, t *traffic, p Reference) (found *v1.Descriptor, status int, err error) {
	err = c.talk(ctx, t, func(options ...remote.Option) (err error) {
		found, err = remote.Head(p.reference(), options...)
		return err
	})
	_, status = registryCode(err)
	return found, status, err
}

// readBack asks the registry for what was pushed: a proxy that answers "200" to
// everything is no registry. Who may push and not look has to believe it.
func (c *Client) readBack(ctx context.Context, t *traffic, p Reference, digest string) error {
	found, status, err := c.descriptor(ctx, t, p)
	switch {
	case status == http.StatusForbidden:
		return nil
	case err != nil:
		return &hinted{fmt.Errorf("%s was pushed, and isn't there: %w", p, p.explain(err)), "does a proxy answer in place of the registry?"}
	case found.Digest.String() != digest:
		return &hinted{fmt.Errorf("%s was pushed, and %s is there", digest, found.Digest), "somebody else pushed to the same tag, or a proxy answers in place of the registry"}
	}
	return nil
}

// head returns the digest that is at a place: "" when nothing is, or when the
// caller may push and not look.
func (c *Client) head(ctx context.Context, t *traffic, p Reference) (string, error) {
	found, status, err := c.descriptor(ctx, t, p)
	switch {
	case status == http.StatusNotFound, status == http.StatusForbidden:
		return "", nil
	case err != nil:
		return "", p.explain(err)
	}
	return found.Digest.String(), nil
}

// immutable tells whether no tag of a repository can be moved. When ECR doesn't
// say, or only some tags can't, the push finds out.
func (c *Client) immutable(ctx context.Context, p Reference) bool {
	out, err := c.api.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RegistryId: aws.String(p.Account), RepositoryNames: []string{p.Name}})
	return err == nil && len(out.Repositories) == 1 && out.Repositories[0].ImageTagMutability == types.ImageTagMutabilityImmutable
}

// refusal says why a push was refused: by the tag, or by anything else. It is
// nil when somebody else pushed the same image under the same tag meanwhile.
func (c *Client) refusal(ctx context.Context, t *traffic, p Reference, digest string, err error) error {
	var e *transport.Error
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "immutable") {
		return p.explain(err)
	}
	have, headErr := c.head(ctx, t, p)
	switch {
	case headErr != nil || have == "":
		return p.explain(err)
	case have == digest:
		return nil
	}
	return &TagTakenError{p.repository.Name(), p.Tag, have, digest}
}
