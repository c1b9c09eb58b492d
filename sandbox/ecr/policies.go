package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/sandbox/iam"
)

// SetRepositoryPolicy replaces a repository's policy: a resource policy of at
// most 10,240 characters. Without Force it refuses one under which the caller
// could not set another.
func (s *Service) SetRepositoryPolicy(ctx context.Context, in *ecr.SetRepositoryPolicyInput) (*ecr.SetRepositoryPolicyOutput, error) {
	const action = "SetRepositoryPolicy"
	key, err := s.enter(ctx, action, in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	text := aws.ToString(in.PolicyText)
	if err := s.checkPolicy(text); err != nil {
		return nil, err
	}
	// Assumption A10: the refusal's text; AWS documents only that Force is needed then.
	if !in.Force && s.cfg.Auth.AuthorizeWithPolicy(ctx, "ecr:"+action, s.arn(key.account, key.name), text) != nil {
		return nil, invalid("PolicyText", "This policy would prevent you from setting another policy in the future; use force to set it anyway")
	}
	var out ecr.SetRepositoryPolicyOutput
	err = s.with(key, func(r *repository) error {
		r.policy = text
		out.PolicyText, out.RegistryId, out.RepositoryName = aws.String(text), aws.String(r.account), aws.String(r.name)
		return nil
	})
	return &out, err
}

// GetRepositoryPolicy returns a repository's policy as it was set.
func (s *Service) GetRepositoryPolicy(ctx context.Context, in *ecr.GetRepositoryPolicyInput) (*ecr.GetRepositoryPolicyOutput, error) {
	var out ecr.GetRepositoryPolicyOutput
	err := s.in(ctx, "GetRepositoryPolicy", in.RegistryId, in.RepositoryName, func(r *repository) error {
		if r.policy == "" {
			return r.noPolicy()
		}
		out.PolicyText, out.RegistryId, out.RepositoryName = aws.String(r.policy), aws.String(r.account), aws.String(r.name)
		return nil
	})
	return &out, err
}

// DeleteRepositoryPolicy removes a repository's policy and returns it.
func (s *Service) DeleteRepositoryPolicy(ctx context.Context, in *ecr.DeleteRepositoryPolicyInput) (*ecr.DeleteRepositoryPolicyOutput, error) {
	var out ecr.DeleteRepositoryPolicyOutput
	err := s.in(ctx, "DeleteRepositoryPolicy", in.RegistryId, in.RepositoryName, func(r *repository) error {
		if r.policy == "" {
			return r.noPolicy()
		}
		out.PolicyText, out.RegistryId, out.RepositoryName = aws.String(r.policy), aws.String(r.account), aws.String(r.name)
		r.policy = ""
		return nil
	})
	return &out, err
}

// PutLifecyclePolicy replaces a repository's lifecycle policy, which is checked
// and kept.
//
// Assumption A11: the sandbox lives for hours at most and ECR acts on a policy
// within 24 hours, so no image ever expires here.
func (s *Service) PutLifecyclePolicy(ctx context.Context, in *ecr.PutLifecyclePolicyInput) (*ecr.PutLifecyclePolicyOutput, error) {
	var out ecr.PutLifecyclePolicyOutput
	err := s.in(ctx, "PutLifecyclePolicy", in.RegistryId, in.RepositoryName, func(r *repository) error {
		text := aws.ToString(in.LifecyclePolicyText)
		if err := checkLifecycle(text); err != nil {
			return err
		}
		r.lifecycle = text
		out.LifecyclePolicyText, out.RegistryId, out.RepositoryName = aws.String(text), aws.String(r.account), aws.String(r.name)
		return nil
	})
	return &out, err
}

// GetLifecyclePolicy returns a repository's lifecycle policy as it was set.
func (s *Service) GetLifecyclePolicy(ctx context.Context, in *ecr.GetLifecyclePolicyInput) (*ecr.GetLifecyclePolicyOutput, error) {
	var out ecr.GetLifecyclePolicyOutput
	err := s.in(ctx, "GetLifecyclePolicy", in.RegistryId, in.RepositoryName, func(r *repository) error {
		if r.lifecycle == "" {
			return r.noLifecyclePolicy()
		}
		out.LifecyclePolicyText, out.RegistryId, out.RepositoryName = aws.String(r.lifecycle), aws.String(r.account), aws.String(r.name)
		return nil
	})
	return &out, err
}

// DeleteLifecyclePolicy removes a repository's lifecycle policy and returns it.
func (s *Service) DeleteLifecyclePolicy(ctx context.Context, in *ecr.DeleteLifecyclePolicyInput) (*ecr.DeleteLifecyclePolicyOutput, error) {
	var out ecr.DeleteLifecyclePolicyOutput
	err := s.in(ctx, "DeleteLifecyclePolicy", in.RegistryId, in.RepositoryName, func(r *repository) error {
		if r.lifecycle == "" {
			return r.noLifecyclePolicy()
		}
		out.LifecyclePolicyText, out.RegistryId, out.RepositoryName = aws.String(r.lifecycle), aws.String(r.account), aws.String(r.name)
		r.lifecycle = ""
		return nil
	})
	return &out, err
}

// checkPolicy refuses what is no resource policy, in ECR's words, and adds what
// is wrong with it.
func (s *Service) checkPolicy(text string) error {
	if len(text) > 10240 {
		return invalid("PolicyText", "must have length less than or equal to 10240")
	}
	if err := iam.CheckResourcePolicy(text); err != nil {
		e := invalid("PolicyText", "Invalid repository policy provided")
		e.Message += " (" + err.Error() + ")"
		return e
	}
	// https://github.com/hashicorp/terraform-provider-aws/issues/39064
	if arn := s.cfg.Auth.MissingPrincipal(text); arn != "" {
		e := invalid("PolicyText", "Principal not found")
		e.Message += " (" + arn + ")"
		return e
	}
	return nil
}
