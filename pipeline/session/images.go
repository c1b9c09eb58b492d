package session

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"

	"orgship/pipeline/registry"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// images pushes to and finds in each repository as the account that owns it,
// or, where that account can't be had, as the workload account.
type images struct {
	session *Session
	own     aws.Config

	mu     sync.Mutex
	owners map[string]owner // by account
}

// owner is how a repository is asked.
type owner struct {
	api    *ecr.Client
	images *registry.Client
	policy bool // its policy can be read: we are in the account itself
}

// Push pushes as the owner.
func (l *images) Push(ctx context.Context, p registry.Push) (registry.Pushed, error) {
	return l.owner(ctx, p.Repository).images.Push(ctx, p)
}

// Find asks the owner.
func (l *images) Find(ctx context.Context, reference string) (registry.Image, error) {
	return l.owner(ctx, reference).images.Find(ctx, reference)
}

// Registry returns a client for a repository's registry, of the account that
// owns it or, where that account can't be had, of the credentials' own.
func (s *Session) Registry(ctx context.Context, repository string) (*registry.Client, error) {
	own, err := s.accounts.For(ctx, "")
	if err != nil {
		return nil, err
	}
	l := &images{session: s, own: own, owners: map[string]owner{}}
	return l.owner(ctx, repository).images, nil
}

// owner returns how to ask for an image. What is no image in ECR is for the
// registry to refuse, and what we may not do there for ECR.
func (l *images) owner(ctx context.Context, image string) owner {
	repository, err := repositoryOf(image, l.own.Region)
	if err != nil {
		return ask(l.own, false)
	}
	l.mu.Lock()
	o, known := l.owners[repository.Account]
	l.mu.Unlock()
	if known {
		return o
	}
	if cfg, err := l.session.accounts.For(ctx, repository.Account); err == nil {
		o = ask(cfg, true)
	} else {
		o = ask(l.own, false)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if first, known := l.owners[repository.Account]; known {
		return first // one login is enough
	}
	l.owners[repository.Account] = o
	return o
}

// denied recognises a missing permission of any service: of Organizations to say
// where the account is, of ECR to read the policy.
func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "AccessDenied")
}

func ask(cfg aws.Config, policy bool) owner {
	api := ecr.NewFromConfig(cfg)
	return owner{api: api, images: registry.New(api), policy: policy}
}

// mayPull asks the repository's policy where it and the Organization can be
// read, and otherwise ECR itself, by reading the image as the account.
func (l *images) mayPull(where report.Account) release.Access {
	return func(ctx context.Context, image string) ([]report.Access, error) {
		if o := l.owner(ctx, image); o.policy {
			answer, err := AskPolicy(o.api, l.session.organization, where)(ctx, image)
			if !denied(err) {
				return answer, err
			}
		}
		answer := report.Access{Account: where.ID, Name: where.Name, Allowed: true, Reason: "the account has read the image: the repository lets it"}
		_, err := ask(l.own, false).images.Find(ctx, image)
		if errors.Is(err, registry.ErrDenied) {
			answer.Allowed, answer.Reason, err = false, err.Error(), nil
		}
		return []report.Access{answer}, err
	}
}
