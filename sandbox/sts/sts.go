// Package sts tells callers who they are and lets them assume roles.
package sts

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Sessions makes sessions of roles: the room iam.
type Sessions interface {
	NewSession(ctx context.Context, request iam.SessionRequest) (iam.Session, error)
}

// Config is what the room stands on.
type Config struct {
	Sessions Sessions
}

// Service answers as AWS STS does, under its global and its regional name.
type Service struct {
	sessions Sessions
}

// New returns the service.
func New(config Config) *Service { return &Service{sessions: config.Sessions} }

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
	if err := check(in); err != nil {
		return nil, err
	}
	session, err := s.sessions.NewSession(ctx, iam.SessionRequest{
		RoleARN:    aws.ToString(in.RoleArn),
		Name:       aws.ToString(in.RoleSessionName),
		Duration:   time.Duration(seconds(in)) * time.Second,
		ExternalID: aws.ToString(in.ExternalId),
	})
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &types.AssumedRoleUser{
			Arn:           aws.String(session.Principal.ARN),
			AssumedRoleId: aws.String(session.Principal.UserID),
		},
		Credentials: &types.Credentials{
			AccessKeyId:     aws.String(session.AccessKeyID),
			SecretAccessKey: aws.String(session.SecretAccessKey),
			SessionToken:    aws.String(session.SessionToken),
			Expiration:      aws.Time(session.Expires),
		},
	}, nil
}

// The limits of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	defaultSeconds = 3600
	minSeconds     = 900
	maxSeconds     = 43200
)

func seconds(in *sts.AssumeRoleInput) int32 {
	if in.DurationSeconds == nil {
		return defaultSeconds
	}
	return *in.DurationSeconds
}

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
	roleARN     = regexp.MustCompile(`^arn:aws:iam::\d{12}:role/[!-~]+$`)
)

// check looks at the form of the members and reports all that is wrong, as the
// Query services do.
func check(in *sts.AssumeRoleInput) error {
	var faults []string
	add := func(member, value, constraint string) {
		faults = append(faults, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint))
	}
	arn, name := aws.ToString(in.RoleArn), aws.ToString(in.RoleSessionName)
	length(add, "roleArn", arn, 20, 2048)
	length(add, "roleSessionName", name, 2, 64)
	if !sessionName.MatchString(name) {
		add("roleSessionName", name, `Member must satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	if in.ExternalId != nil {
		length(add, "externalId", *in.ExternalId, 2, 1224)
		if !externalID.MatchString(*in.ExternalId) {
			add("externalId", *in.ExternalId, `Member must satisfy regular expression pattern: [\w+=,.@:\/-]*`)
		}
	}
	if d := seconds(in); d < minSeconds {
		add("durationSeconds", fmt.Sprint(d), fmt.Sprint("Member must have value greater than or equal to ", minSeconds))
	} else if d > maxSeconds {
		add("durationSeconds", fmt.Sprint(d), fmt.Sprint("Member must have value less than or equal to ", maxSeconds))
	}
	switch {
	case len(faults) == 1:
		return wire.Errorf("ValidationError", "1 validation error detected: %s", faults[0])
	case len(faults) > 1:
		return wire.Errorf("ValidationError", "%d validation errors detected: %s", len(faults), strings.Join(faults, "; "))
	case !roleARN.MatchString(arn):
		return wire.Errorf("ValidationError", "%s is invalid", arn)
	}
	return nil
}

func length(add func(member, value, constraint string), member, value string, least, most int) {
	if len(value) < least {
		add(member, value, fmt.Sprint("Member must have length greater than or equal to ", least))
	}
	if len(value) > most {
		add(member, value, fmt.Sprint("Member must have length less than or equal to ", most))
	}
}
