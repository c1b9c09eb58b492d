package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

func (s *Story) share(ctx context.Context) error {
	var uri string
	document, err := s.work(ctx, storyShared, func(r *release.Releaser) (document report.Report, err error) {
		uri, document, err = r.Share(ctx, s.connection.Organization(), release.Shared{Stack: storyLibrary, Unit: storyUnit})
		return document, err
	})
	if err != nil {
		return err
	}
	s.repository = uri
	s.fact(strings.Contains(uri, "/"+s.owner()+"/"), "%s is the repository, in %s (stack %s: %s)", uri, storyShared, storyLibrary, document.Stack.Status)
	if s.unit, err = s.connection.Organization().OU(ctx, storyUnit); err != nil {
		return err
	}
	paths := s.box.Info().OrganizationID + "/*/" + s.unit.ID + "/*"
	policy, err := s.policy(ctx)
	s.fact(strings.Contains(policy, paths), "its policy lets in whose aws:PrincipalOrgPaths is like %s: OU %q and all below it", paths, storyUnit)
	return err
}

// policy returns the repository's policy as ECR has it.
func (s *Story) policy(ctx context.Context) (string, error) {
	api, err := s.ecr(ctx, storyShared)
	if err != nil {
		return "", err
	}
	out, err := api.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: aws.String(s.repositoryName())})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.PolicyText), nil
}

// ecr returns a client of an account's ECR.
func (s *Story) ecr(ctx context.Context, name string) (*ecr.Client, error) {
	a, _ := s.box.Account(name)
	cfg, err := s.accounts.For(ctx, a.ID)
	return ecr.NewFromConfig(cfg), err
}

func (s *Story) repositoryName() string {
	return s.repository[strings.LastIndex(s.repository, "/")+1:]
}

// cleanUp deletes the stacks, and proves that nothing is left.
func (s *Story) cleanUp(ctx context.Context) error {
	if err := s.destroy(ctx, storyDev, storyStack); err != nil {
		return err
	}
	images, err := s.deleteImages(ctx)
	if err != nil {
		return err
	}
	s.fact(images == 3, "%d images deleted: only an empty repository can be", images)
	if err := s.destroy(ctx, storyShared, storyLibrary); err != nil {
		return err
	}
	state, err := s.box.State(ctx)
	if err != nil {
		return err
	}
	s.fact(len(state) == 0, "nothing is left in any account: no stack, task, role, log group, load balancer, repository")
	for line := range strings.Lines(state.String()) {
		s.note("left: %s", strings.TrimSpace(line))
	}
	return nil
}

func (s *Story) destroy(ctx context.Context, account, stack string) error {
	document, err := s.work(ctx, account, func(r *release.Releaser) (report.Report, error) {
		return r.Destroy(ctx, release.Destruction{Stack: stack})
	})
	if err != nil {
		return err
	}
	s.fact(document.Outcome == report.Removed, "stack %s in %s: %s, in %s", stack, account, document.Stack.Status, seconds(document.Seconds))
	return nil
}

// seconds renders how long something took.
func seconds(s float64) string { return fmt.Sprintf("%.1fs", s) }
