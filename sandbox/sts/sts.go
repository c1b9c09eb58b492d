// Package sts tells callers who they are and lets them assume roles.
package sts

import (
	"context"
	"crypto/rsa"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Sessions makes sessions of roles: the room iam.
type Sessions interface {
	NewSession(ctx context.Context, request iam.SessionRequest) (iam.Session, error)
	NewWebSession(ctx context.Context, request iam.SessionRequest, who iam.WebIdentity) (iam.Session, error)
	// Audiences returns the client ids of an account's OpenID Connect provider;
	// false when the account has none with that URL.
	Audiences(account, url string) ([]string, bool)
}

// Issuer is the one OpenID Connect provider whose keys the sandbox has.
type Issuer interface {
	URL() string
	// Key returns the key of an id that verifies signatures; nil when it has none.
	Key(id string) *rsa.PublicKey
}

// Config is what the room stands on.
type Config struct {
	Clock    clock.Clock
	Sessions Sessions
	Issuer   Issuer // nil: no token can be verified
}

// Service answers as AWS STS does, under its global and its regional name.
type Service struct {
	clock    clock.Clock
	sessions Sessions
	issuer   Issuer
}

// New returns the service.
func New(config Config) *Service {
	return &Service{clock: config.Clock, sessions: config.Sessions, issuer: config.Issuer}
}

// Wire returns the room as clients see it:
// https://docs.aws.amazon.com/STS/latest/APIReference/
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:      "sts",
		Protocol:  wire.Query,
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Version:   "2011-06-15",
		Global:    true,
		Operations: []wire.Operation{
			wire.Op("GetCallerIdentity", s.GetCallerIdentity),
			wire.Op("AssumeRole", s.AssumeRole, wire.Required("RoleArn", "RoleSessionName"),
				wire.Optional("DurationSeconds", "ExternalId")),
			wire.Op("AssumeRoleWithWebIdentity", s.AssumeRoleWithWebIdentity, wire.Unsigned(),
				wire.Required("RoleArn", "RoleSessionName", "WebIdentityToken"), wire.Optional("DurationSeconds")),
		},
	}
}

// GetCallerIdentity says who signed the request. It needs no permission, and
// no policy can deny it.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	p := iam.Caller(ctx)
	return &sts.GetCallerIdentityOutput{
		Account: aws.String(p.Account), Arn: aws.String(p.ARN), UserId: aws.String(p.UserID),
	}, nil
}

// AssumeRole answers with temporary credentials of a role that trusts the
// caller, for an hour unless DurationSeconds says otherwise.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	var f form
	f.role(in.RoleArn, in.RoleSessionName, in.DurationSeconds)
	if in.ExternalId != nil {
		f.length("externalId", *in.ExternalId, 2, 1224)
		f.pattern("externalId", *in.ExternalId, externalID, `[\w+=,.@:\/-]*`)
	}
	if err := f.err(in.RoleArn); err != nil {
		return nil, err
	}
	request := sessionRequest(in.RoleArn, in.RoleSessionName, in.DurationSeconds)
	request.ExternalID = aws.ToString(in.ExternalId)
	session, err := s.sessions.NewSession(ctx, request)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleOutput{AssumedRoleUser: assumed(session), Credentials: credentials(session)}, nil
}

func sessionRequest(arn, name *string, duration *int32) iam.SessionRequest {
	return iam.SessionRequest{
		RoleARN: aws.ToString(arn), Name: aws.ToString(name), Duration: time.Duration(seconds(duration)) * time.Second,
	}
}

func assumed(session iam.Session) *types.AssumedRoleUser {
	return &types.AssumedRoleUser{Arn: aws.String(session.Principal.ARN), AssumedRoleId: aws.String(session.Principal.UserID)}
}

func credentials(session iam.Session) *types.Credentials {
	return &types.Credentials{
		AccessKeyId:     aws.String(session.AccessKeyID),
		SecretAccessKey: aws.String(session.SecretAccessKey),
		SessionToken:    aws.String(session.SessionToken),
		Expiration:      aws.Time(session.Expires),
	}
}
