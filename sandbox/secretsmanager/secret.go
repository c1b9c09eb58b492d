package secretsmanager

import (
	"context"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

const (
	managedKey    = "alias/aws/secretsmanager"
	usualWindow   = 30 // days from its deletion until a secret goes
	shortest      = 7
	longestWindow = 30
)

var nameShape = regexp.MustCompile(`^[a-zA-Z0-9/_+=.@!\-]{1,512}$`)

// CreateSecret makes a secret, with a first version if it has a value.
func (s *Service) CreateSecret(ctx context.Context, in *CreateSecretInput) (*CreateSecretOutput, error) {
	name := aws.ToString(in.Name)
	x := &secret{account: iam.Caller(ctx).Account, name: name, arn: s.arn(ctx, name), description: in.Description, created: s.now(), tags: tagMap(in.Tags)}
	x.changed = x.created
	if err := s.cfg.Auth.Authorize(ctx, "secretsmanager:CreateSecret", x.arn); err != nil {
		return nil, err
	}
	if !nameShape.MatchString(name) {
		return nil, wire.Errorf("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if err := checkKey(in.KmsKeyId); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := taken(s.find(ctx, name)); err != nil {
		return nil, err
	}
	out := &CreateSecretOutput{ARN: &x.arn, Name: &x.name}
	if in.SecretString != nil || in.SecretBinary != nil {
		v, err := s.add(x, value{in.ClientRequestToken, in.SecretString, in.SecretBinary, []string{current}})
		if err != nil {
			return nil, err
		}
		out.VersionId = &v.id
	}
	s.secrets = append(s.secrets, x)
	return out, nil
}

func taken(x *secret) error {
	switch {
	case x == nil:
		return nil
	case !x.deleted.IsZero():
		return wire.Errorf("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	return wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", x.name)
}

func checkKey(key *string) error {
	if k := aws.ToString(key); k != "" && k != managedKey {
		return wire.NotModelled("keys of your own for secrets (%s)", k)
	}
	return nil
}

// DeleteSecret marks a secret for deletion, or removes it at once.
func (s *Service) DeleteSecret(ctx context.Context, in *DeleteSecretInput) (*DeleteSecretOutput, error) {
	x, err := s.open(ctx, "DeleteSecret", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	force, days := aws.ToBool(in.ForceDeleteWithoutRecovery), int64(usualWindow)
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
	}
	switch {
	case force && in.RecoveryWindowInDays != nil:
		return nil, invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	case days < shortest || days > longestWindow:
		return nil, invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case force:
		s.drop(x)
		return &DeleteSecretOutput{ARN: &x.arn, Name: &x.name, DeletionDate: aws.Time(s.now())}, nil
	case !x.deleted.IsZero():
		return nil, wire.Errorf("InvalidRequestException", "You can't perform this operation on the secret because it was already scheduled for deletion.")
	}
	x.deleted = s.now()
	return &DeleteSecretOutput{ARN: &x.arn, Name: &x.name, DeletionDate: aws.Time(x.deleted.Add(time.Duration(days) * 24 * time.Hour))}, nil
}

func (s *Service) drop(gone *secret) {
	var rest []*secret
	for _, x := range s.secrets {
		if x != gone {
			rest = append(rest, x)
		}
	}
	s.secrets = rest
}

// RestoreSecret takes the mark for deletion away.
func (s *Service) RestoreSecret(ctx context.Context, in *RestoreSecretInput) (*RestoreSecretOutput, error) {
	x, err := s.open(ctx, "RestoreSecret", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.deleted = time.Time{}
	return &RestoreSecretOutput{ARN: &x.arn, Name: &x.name}, nil
}
