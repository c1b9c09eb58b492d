package secretsmanager

import (
	"bytes"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// maxValue is how many bytes a secret has at most.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxValue = 65_536

// value is what a request makes a version of.
type value struct {
	token  *string
	text   *string
	binary []byte
	stages []string
}

// add makes a version of a secret. A version that is there already with the same
// value is not made again. Call it with s.mu held.
func (s *Service) add(x *secret, in value) (*version, error) {
	if (in.text == nil) == (in.binary == nil) {
		return nil, wire.Errorf("InvalidRequestException", "You must provide either SecretString or SecretBinary, but not both.")
	}
	if n := len(aws.ToString(in.text)) + len(in.binary); n == 0 || n > maxValue {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: a secret's value has 1 to 65536 bytes, not %d", n)
	}
	token := aws.ToString(in.token)
	if in.token == nil {
		token = id.UUID()
	}
	if len(token) < 32 || len(token) > 64 {
		return nil, invalid("ClientRequestToken must be 32-64 characters long.")
	}
	if i := slices.IndexFunc(x.versions, func(v *version) bool { return v.id == token }); i >= 0 {
		return same(x.versions[i], in)
	}
	v := &version{id: token, text: in.text, binary: in.binary, created: s.now()}
	x.versions, x.changed = append(x.versions, v), v.created
	for _, stage := range in.stages {
		x.stage(v, stage)
	}
	return v, nil
}

// same returns a version if a request would make the same one again.
func same(v *version, in value) (*version, error) {
	if aws.ToString(v.text) == aws.ToString(in.text) && bytes.Equal(v.binary, in.binary) {
		return v, nil
	}
	return nil, wire.Errorf("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret.", v.id)
}

// stage moves a stage to a version; where AWSCURRENT was, AWSPREVIOUS is then.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
func (x *secret) stage(to *version, stage string) {
	for _, v := range x.versions {
		if v == to || !slices.Contains(v.stages, stage) {
			continue
		}
		v.stages = slices.DeleteFunc(v.stages, func(s string) bool { return s == stage })
		if stage == current {
			x.stage(v, previous)
		}
	}
	if !slices.Contains(to.stages, stage) {
		to.stages = append(to.stages, stage)
	}
}

// GetSecretValue returns a version with its value: the current one, unless another is asked for.
func (s *Service) GetSecretValue(ctx context.Context, in *GetSecretValueInput) (*GetSecretValueOutput, error) {
	x, err := s.usable(ctx, "GetSecretValue", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := x.version(in.VersionId, in.VersionStage)
	if err != nil {
		return nil, err
	}
	x.accessed = s.now()
	return &GetSecretValueOutput{
		ARN: &x.arn, Name: &x.name, CreatedDate: &v.created, SecretBinary: v.binary, SecretString: v.text, VersionId: &v.id,
		VersionStages: slices.Clone(v.stages),
	}, nil
}

func (x *secret) version(byID, byStage *string) (*version, error) {
	if byID != nil {
		for _, v := range x.versions {
			if v.id != *byID {
				continue
			}
			if byStage != nil && !slices.Contains(v.stages, *byStage) {
				return nil, wire.Errorf("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.")
			}
			return v, nil
		}
		return nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: %s", *byID)
	}
	stage := current
	if byStage != nil {
		stage = *byStage
	}
	for _, v := range x.versions {
		if slices.Contains(v.stages, stage) {
			return v, nil
		}
	}
	return nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: %s", stage)
}

// PutSecretValue makes a new version, the current one unless it gets other stages.
func (s *Service) PutSecretValue(ctx context.Context, in *PutSecretValueInput) (*PutSecretValueOutput, error) {
	x, err := s.usable(ctx, "PutSecretValue", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	stages := in.VersionStages
	if len(stages) == 0 {
		stages = []string{current}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(x.versions) == 0 {
		stages = append(slices.Clone(stages), current) // a first version is always current
	}
	v, err := s.add(x, value{in.ClientRequestToken, in.SecretString, in.SecretBinary, stages})
	if err != nil {
		return nil, err
	}
	return &PutSecretValueOutput{ARN: &x.arn, Name: &x.name, VersionId: &v.id, VersionStages: slices.Clone(v.stages)}, nil
}

// UpdateSecret changes a secret's description and makes a new current version if there is a value.
func (s *Service) UpdateSecret(ctx context.Context, in *UpdateSecretInput) (*UpdateSecretOutput, error) {
	x, err := s.usable(ctx, "UpdateSecret", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	if err := checkKey(in.KmsKeyId); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &UpdateSecretOutput{ARN: &x.arn, Name: &x.name}
	if in.SecretString != nil || in.SecretBinary != nil {
		v, err := s.add(x, value{in.ClientRequestToken, in.SecretString, in.SecretBinary, []string{current}})
		if err != nil {
			return nil, err
		}
		out.VersionId = &v.id
	}
	if in.Description != nil {
		x.description = in.Description
	}
	x.changed = s.now()
	return out, nil
}
