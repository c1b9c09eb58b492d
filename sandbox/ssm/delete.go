package ssm

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
)

// DeleteParameter removes a parameter with all its versions.
func (s *Service) DeleteParameter(ctx context.Context, in *DeleteParameterInput) (*DeleteParameterOutput, error) {
	name := aws.ToString(in.Name)
	if err := s.authorize(ctx, "DeleteParameter", name); err != nil {
		return nil, err
	}
	if !s.remove(ctx, name) {
		return nil, notFound()
	}
	return &DeleteParameterOutput{}, nil
}

// DeleteParameters removes those of some parameters that there are.
func (s *Service) DeleteParameters(ctx context.Context, in *DeleteParametersInput) (*DeleteParametersOutput, error) {
	if n := len(in.Names); n > namesPerRequest {
		return nil, tooMany(n)
	}
	for _, name := range in.Names {
		if err := s.authorize(ctx, "DeleteParameters", name); err != nil {
			return nil, err
		}
	}
	out := &DeleteParametersOutput{}
	for _, name := range in.Names {
		if s.remove(ctx, name) {
			out.DeletedParameters = append(out.DeletedParameters, name)
		} else {
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	return out, nil
}

// remove removes a parameter and reports whether there was one.
func (s *Service) remove(ctx context.Context, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := s.find(ctx, name) != nil
	delete(s.parameters, key{iam.Caller(ctx).Account, name})
	return there
}

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.all(ctx) {
		add("ssm:parameter", p.name)
	}
	return nil
}
