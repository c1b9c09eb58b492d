package ecs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"orgship/sandbox/secretsmanager"
	"orgship/sandbox/ssm"
	"orgship/sandbox/wire"
)

// The services that secrets come from, as endpoints of a VPC name them.
const (
	fromSecrets    = "secretsmanager"
	fromParameters = "ssm"
)

// store is the service that has what a secret of a container definition comes from.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
func store(valueFrom string) string {
	if parts := strings.Split(valueFrom, ":"); len(parts) > 2 && parts[0] == "arn" && parts[2] == fromSecrets {
		return fromSecrets
	}
	return fromParameters
}

// secrets reads what a container's secrets stand for, as the execution role.
func (s *Service) secrets(session context.Context, c *container) *failure {
	for _, secret := range c.def.Secrets {
		from := *secret.ValueFrom
		read, kind := s.parameter, "ssm"
		if store(from) == fromSecrets {
			read, kind = s.secret, "asm"
		}
		text, err := read(session, from)
		if err != nil {
			return unstartable("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "+
				"unable to retrieve secret from %s: service call has been retried 1 time(s): %s", kind, said(err))
		}
		c.secrets = append(c.secrets, *secret.Name+"="+text)
	}
	return nil
}

// parameter reads one of the Parameter Store, by name or ARN.
//
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
func (s *Service) parameter(session context.Context, from string) (string, error) {
	name := from
	if strings.HasPrefix(from, "arn:") {
		_, path, _ := strings.Cut(from, ":parameter/")
		if name = path; strings.Contains(path, "/") {
			name = "/" + path
		}
	}
	out, err := s.cfg.Parameters.GetParameters(session, &ssm.GetParametersInput{Names: []string{name}, WithDecryption: new(true)})
	switch {
	case err != nil:
		return "", err
	case len(out.Parameters) == 0:
		return "", fmt.Errorf("invalid ssm parameters: %s", name)
	}
	return value(out.Parameters[0].Value), nil
}

// secret reads one of Secrets Manager: an ARN, and behind it, each after a colon and
// each possibly empty, a key of its JSON, a version's stage and its id.
//
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
func (s *Service) secret(session context.Context, from string) (string, error) {
	const ofARN = 7 // parts
	parts := strings.Split(from, ":")
	in := &secretsmanager.GetSecretValueInput{SecretId: new(strings.Join(parts[:min(ofARN, len(parts))], ":"))}
	further := slices.Concat(parts[min(ofARN, len(parts)):], make([]string, 3))
	if further[1] != "" {
		in.VersionStage = &further[1]
	}
	if further[2] != "" {
		in.VersionId = &further[2]
	}
	out, err := s.cfg.Secrets.GetSecretValue(session, in)
	switch {
	case err != nil:
		return "", fmt.Errorf("failed to fetch secret %s from secrets manager: %s", *in.SecretId, said(err))
	case out.SecretString == nil:
		return string(out.SecretBinary), nil
	case further[0] == "":
		return *out.SecretString, nil
	}
	text, ok := secretsmanager.Member(*out.SecretString, further[0])
	if !ok {
		return "", wire.Errorf("ResourceNotFoundException", "retrieved secret from Secrets Manager did not contain json key %s", further[0])
	}
	return text, nil
}
